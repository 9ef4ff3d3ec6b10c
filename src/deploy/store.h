// SPDX-License-Identifier: LGPL-2.1-or-later
// What harden has changed on a machine, below /var/lib/harden: for each unit generations, each with the
// files that it wrote and, byte for byte, what was there before; and the step that is under way, so that
// whoever comes after a crash knows what to do. A record is written whole before what it tells of happens.
//
//   units/NAME/current          the number of the generation in force; 0: as before harden
//   units/NAME/pending.json     a step under way
//   units/NAME/N/record.json    generation N;  N/0.before N/0.after, …: its files
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"
#include "util/unique_fd.h"

namespace harden {

// A file of a generation.
struct ChangedFile {
  std::string path;  // absolute, below /etc/systemd/system
  std::optional<std::string> before;  // its bytes; nothing if it was not there
  std::optional<std::string> after;
  std::uint32_t mode_before = 0644;
  bool folder_made = false;  // the folder that it lies in was not there

  friend bool operator==(const ChangedFile&, const ChangedFile&) = default;
};

struct Generation {
  unsigned number = 0;
  unsigned previous = 0;  // the one in force before
  std::uint64_t made_us = 0;  // CLOCK_REALTIME
  std::string profile;
  std::string grants;  // words of Allow=
  bool is_static = false;  // settings for one systemd, not a policy
  unsigned systemd = 0;
  std::vector<ChangedFile> files;

  friend bool operator==(const Generation&, const Generation&) = default;
};

enum class DeployPhase : std::uint8_t {
  trying,  // files lie in /run, and the unit is restarted and watched
  trial,  // it runs well; confirm in time
  committing,  // files go to /etc
  rolling_back,  // the files of a generation before are put back
};
[[nodiscard]] std::string_view phase_name(DeployPhase phase);

struct Pending {
  DeployPhase phase = DeployPhase::trying;
  Generation generation;  // what is to be; of rolling_back only the number counts
  std::uint64_t deadline_us = 0;  // of a trial
  std::string boot_id;  // in which the step began
  bool restart = true;  // the unit is to run with it

  friend bool operator==(const Pending&, const Pending&) = default;
};

class Store {
 public:
  // Makes the folder if need be, and takes its lock: Errc::refused if another process has it.
  [[nodiscard]] static Result<Store> open(const std::string& dir);
  // For reading alone; without a lock. Errc::not_found if nothing was ever changed.
  [[nodiscard]] static Result<Store> open_to_read(const std::string& dir);

  [[nodiscard]] std::vector<std::string> units() const;  // by name
  [[nodiscard]] Result<unsigned> current(const std::string& unit) const;
  [[nodiscard]] Result<Generation> generation(const std::string& unit, unsigned number) const;
  [[nodiscard]] std::vector<unsigned> generations(const std::string& unit) const;  // ascending
  [[nodiscard]] Result<std::optional<Pending>> pending(const std::string& unit) const;

  [[nodiscard]] Result<void> set_pending(const std::string& unit, const Pending& pending);
  [[nodiscard]] Result<void> clear_pending(const std::string& unit);
  [[nodiscard]] Result<void> add_generation(const std::string& unit, const Generation& generation);
  [[nodiscard]] Result<void> set_current(const std::string& unit, unsigned number);
  // Keeps bytes that nobody else has a copy of; its path.
  [[nodiscard]] Result<std::string> keep_copy(const std::string& unit, std::string_view name,
                                              std::string_view bytes);

 private:
  explicit Store(std::string dir) : dir_(std::move(dir)) {}
  [[nodiscard]] std::string unit_dir(const std::string& unit) const { return dir_ + "/units/" + unit; }
  [[nodiscard]] Result<std::string> make_unit_dir(const std::string& unit) const;

  std::string dir_;
  UniqueFd lock_;
};

}  // namespace harden
