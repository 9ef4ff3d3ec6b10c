// SPDX-License-Identifier: LGPL-2.1-or-later
// The recording of one service while it grows: who its processes are and in which phase it is, around a
// Collector. Both backends feed it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "record/collector.h"
#include "record/interpret.h"

namespace harden::record {

// A command of a unit: "ExecStartPre", and the program as the unit names it.
struct ExecLine {
  std::string directive, program;
  friend bool operator==(const ExecLine&, const ExecLine&) = default;
};

class ServiceRecording {
 public:
  ServiceRecording(Collector collector, std::vector<ExecLine> lines);
  ServiceRecording(ServiceRecording&&) noexcept = default;

  void enter(Phase phase) { phase_ = phase; }
  [[nodiscard]] Collector& collector() { return collector_; }
  [[nodiscard]] const Lookup& lookup() const { return lookup_; }

  // A process as whoever sees it tells them apart (`id`; pid 0: not known here).
  struct Process {
    std::uint32_t id = 0;
    std::uint32_t command = 0;   // id of the one that systemd started and that it comes from
    std::int32_t pid = 0;
    std::string comm;
    std::int64_t at_ms = 0;
  };

  // An exec that succeeded: `name` as given, `path` of the file. `is_command`: systemd's own, not a
  // child's. `gains_privileges`: the kernel calls it secure.
  struct Exec {
    std::string name, path;
    std::uint32_t mode = 0;
    bool gains_privileges = false, is_command = false;
  };
  void add_exec(const Process& process, const Exec& exec, CountKey key = {});
  void add_call(const Process& process, const Seen& seen, CountKey key = {});
  void add(const Process& process, const Finding& finding, CountKey key = {});
  // Who was there before the recording: what it has open, and where it is.
  void add_running(std::int32_t pid);
  // The calls that its processes wait in: they have been made, though they may never return.
  void add_waiting();

  [[nodiscard]] bool has_run() const { return !processes_.empty(); }
  [[nodiscard]] std::int64_t last_new_ms() const { return last_new_ms_; }

 private:
  struct Known {
    std::string exe, exec_line;
  };
  Known& known(const Process& process);
  [[nodiscard]] std::string line_of(const Exec& exec);

  Collector collector_;
  std::vector<ExecLine> lines_;
  std::size_t next_line_ = 0;
  Phase phase_ = Phase::steady;
  std::map<std::uint32_t, Known> processes_;
  std::set<std::int32_t> own_;   // pids, those that are gone too
  Lookup lookup_;
  std::int64_t last_new_ms_;
};

}  // namespace harden::record
