// SPDX-License-Identifier: LGPL-2.1-or-later
// What deploying asks of the running manager. BusControl is the real thing; tests have one that plays a
// part.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace harden {

struct UnitStatus {
  std::string id;  // the unit's own name
  std::string load_state, active_state, sub_state;  // "loaded", "active", "running"
  std::string result;  // "success", "exit-code", "signal", …
  std::string invocation;  // 32 hexadecimal digits; empty if it never ran
  std::uint64_t restarts = 0;  // by Restart=, since it was started
  int exit_code = 0;  // CLD_EXITED, CLD_KILLED, …: of the main process that ended last
  int exit_status = 0;  // exit status or signal
  std::uint64_t active_since_us = 0;  // CLOCK_REALTIME; 0: never
  bool needs_reload = false;

  [[nodiscard]] bool is_running() const {
    return active_state == "active" || active_state == "reloading" || active_state == "activating";
  }
};

class UnitControl {
 public:
  virtual ~UnitControl() = default;

  // Reads all units anew. Bounded: Errc::io once the time is over.
  [[nodiscard]] virtual Result<void> reload() = 0;
  // Waits for the job. Errc::refused if it fails; the message says how it ended.
  [[nodiscard]] virtual Result<void> restart(const std::string& unit) = 0;
  // Errc::not_found if there is no such unit.
  [[nodiscard]] virtual Result<UnitStatus> status(const std::string& unit) = 0;
  // Active services, by name.
  [[nodiscard]] virtual Result<std::vector<std::string>> active_services() = 0;
  // Has the manager run `command` after that time, whatever becomes of this process. `name`: of the timer,
  // without suffix; one that is there is replaced.
  [[nodiscard]] virtual Result<void> arm(const std::string& name, std::chrono::seconds after,
                                         const std::vector<std::string>& command) = 0;
  virtual void disarm(const std::string& name) = 0;  // no fault if it has gone
  // What an invocation of the unit wrote to the journal, oldest first, and what the manager said of it.
  // Empty if there is no journal.
  [[nodiscard]] virtual std::vector<std::string> log_lines(const std::string& unit,
                                                           std::uint64_t since_us) = 0;
  // The exit status of `sh -c command`; 124 once the time is over.
  [[nodiscard]] virtual int run_check(const std::string& command, std::chrono::seconds limit) = 0;

  [[nodiscard]] virtual std::uint64_t now_us() = 0;  // CLOCK_REALTIME
  virtual void wait(std::chrono::milliseconds time) = 0;
  // Has the user asked to stop? Once asked it is forgotten, so that the way back is not stopped too.
  [[nodiscard]] virtual bool take_interrupt() = 0;
};

}  // namespace harden
