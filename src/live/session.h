// SPDX-License-Identifier: LGPL-2.1-or-later
// What every command that changes the machine begins with: it is root, it holds the lock, the manager
// answers, and what an earlier one left unfinished is finished or undone.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/console.h"
#include "deploy/deploy.h"

namespace harden {

inline constexpr std::string_view kStateDir = "/var/lib/harden";

class Session {
 public:
  // `wait_for_lock`: for a timer, which has nobody who would try again. Nothing: it cannot be, which was
  // said.
  [[nodiscard]] static std::unique_ptr<Session> open(const Console& console,
                                                     std::chrono::seconds wait_for_lock = {});
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] Store& store() { return store_; }
  [[nodiscard]] UnitControl& control() { return *control_; }
  [[nodiscard]] Deployer& deployer() { return deployer_; }

  // Says how it went, and gives the exit code.
  [[nodiscard]] int tell(const std::string& unit, const Result<Outcome>& outcome) const;
  // Finishes or undoes what is unfinished with this unit, and says so. Nothing: that failed, which was
  // said.
  enum class Found : std::uint8_t { sound, mended };
  [[nodiscard]] std::optional<Found> recover(const std::string& unit);

 private:
  Session(const Console& console, Store store, std::unique_ptr<UnitControl> control);

  const Console& console_;
  Store store_;
  std::unique_ptr<UnitControl> control_;
  Deployer deployer_;
};

[[nodiscard]] std::string read_boot_id();

}  // namespace harden
