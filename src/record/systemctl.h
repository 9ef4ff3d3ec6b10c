// SPDX-License-Identifier: LGPL-2.1-or-later
// What is asked of a running systemd, through its own program: it speaks to whichever manager there is, and
// needs no library.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/service_recording.h"
#include "util/result.h"

namespace harden::record {

class Systemctl {
 public:
  explicit Systemctl(bool user) : user_(user) {}

  struct Unit {
    std::string name;  // its Id: what an alias stands for
    std::string control_group;  // below the unified hierarchy; empty while it does not run
    std::string active_state;  // "active", "inactive" …
    std::vector<ExecLine> lines;
    std::vector<std::string> sandbox;  // directives that are in force, with their `=`
  };
  // Errc::not_found if there is no such unit; Errc::io if no systemd answers.
  [[nodiscard]] Result<Unit> show(const std::string& unit) const;
  // Of the manager itself, below which it has those of its units; empty for the root of all.
  [[nodiscard]] std::string control_group() const;
  [[nodiscard]] std::string version() const;  // "252"; empty if it is not to be had

  // Starts `systemctl VERB UNIT` and goes on; its process, to be waited for.
  [[nodiscard]] Result<int> begin(const std::string& verb, const std::string& unit) const;

 private:
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> words) const;
  bool user_;
};

// "ExecStart={ path=/bin/a ; argv[]=…; }" and so on, as `systemctl show` prints properties; for tests.
[[nodiscard]] std::vector<ExecLine> parse_exec_lines(
    const std::multimap<std::string, std::string>& properties);
[[nodiscard]] std::multimap<std::string, std::string> parse_properties(std::string_view text);

// Starts a program with stdin from /dev/null. `output`: where stdout goes, -1: nowhere. The pid.
[[nodiscard]] Result<int> start_program(const std::vector<std::string>& words, int output);

}  // namespace harden::record
