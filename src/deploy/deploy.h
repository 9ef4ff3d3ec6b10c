// SPDX-License-Identifier: LGPL-2.1-or-later
// Changes to a unit that can be taken back at any moment.
//
// A change is tried from /run first, in a folder that wins over /etc by the same file names: whatever
// happens to this process or the machine, a reboot finds the unit as it was, and /etc changes only once the
// unit is known to run. Every step is written down before it is made, so that a killed step is finished or
// undone by whoever comes next (recover).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "deploy/store.h"
#include "deploy/trouble.h"
#include "deploy/unit_control.h"

namespace harden {

struct PlannedFile {
  std::string name;  // in the folder of the unit's drop-ins
  std::string text;
};

struct Plan {
  std::string unit;  // its own name, not an alias
  std::string profile, grants;  // for the record
  bool is_static = false;
  unsigned systemd = 0;
  std::vector<PlannedFile> files;
};

struct ApplyOptions {
  bool restart = true;
  std::optional<std::chrono::seconds> trial;
  std::string check;  // for sh; empty: none
  std::chrono::seconds check_limit{60};
  std::chrono::milliseconds settle{5000};  // for how long the unit has to stay up
};

struct Outcome {
  enum class Kind : std::uint8_t {
    applied,  // in /etc, and the unit runs with it or was not running
    on_trial,  // in /run until it is confirmed or the time is over
    put_back,  // as it was before
    unchanged,
  };
  Kind kind = Kind::unchanged;
  unsigned generation = 0;  // in force now
  std::uint64_t deadline_us = 0;  // on_trial: until when; CLOCK_REALTIME
  std::vector<Trouble> troubles;  // put_back: why; applied: what may be refused although the unit runs
  std::vector<std::string> notes;
};

// Where files lie; tests have folders of their own.
struct DeployPaths {
  std::string etc = "/etc/systemd/system";
  std::string run = "/run/systemd/system.control";
  std::string program = "/usr/bin/harden";  // what the trial's timer runs
};

class Deployer {
 public:
  // `say`: what is being done, for a person who waits.
  Deployer(Store& store, UnitControl& control, DeployPaths paths, std::string boot_id,
           std::function<void(std::string)> say);

  // Fails with the machine as it was, or with Errc::io and a pending step that recover() finishes.
  [[nodiscard]] Result<Outcome> apply(const Plan& plan, const ApplyOptions& options);
  // Keeps what is on trial. Errc::not_found if nothing is.
  [[nodiscard]] Result<Outcome> confirm(const std::string& unit);
  // A trial ends; else back to the generation before, or to number `to` (0: before harden). `expired`: for
  // the timer, which ends only a trial of that generation.
  [[nodiscard]] Result<Outcome> rollback(const std::string& unit, std::optional<unsigned> to);
  [[nodiscard]] Result<Outcome> end_trial(const std::string& unit, unsigned generation);
  // Finishes or undoes what a process left that is no more; what was done, or nothing.
  [[nodiscard]] Result<std::optional<std::string>> recover(const std::string& unit);

 private:
  [[nodiscard]] std::string etc_dir(const std::string& unit) const {
    return paths_.etc + "/" + unit + ".d";
  }
  [[nodiscard]] std::string run_dir(const std::string& unit) const {
    return paths_.run + "/" + unit + ".d";
  }
  [[nodiscard]] static std::string timer_of(const std::string& unit) { return "harden-trial-" + unit; }

  [[nodiscard]] Result<Generation> next_generation(const Plan& plan);
  [[nodiscard]] Result<void> stage(const Pending& pending, const std::string& unit);
  [[nodiscard]] Result<void> unstage(const Generation& generation, const std::string& unit);
  [[nodiscard]] Result<void> commit(const std::string& unit, const Pending& pending);
  [[nodiscard]] Result<void> uncommit(const std::string& unit, const Pending& pending);
  [[nodiscard]] Result<void> write_back(const std::string& unit, unsigned to,
                                        std::vector<std::string>& notes);
  // Reads all units anew and, if it is to run, restarts the unit.
  [[nodiscard]] Result<void> take_up(const std::string& unit, bool restart);
  [[nodiscard]] Result<void> put_back(const std::string& unit, const Pending& pending);
  [[nodiscard]] std::vector<Trouble> try_out(const std::string& unit, const ApplyOptions& options);

  Store& store_;
  UnitControl& control_;
  DeployPaths paths_;
  std::string boot_id_;
  std::function<void(std::string)> say_;
};

}  // namespace harden
