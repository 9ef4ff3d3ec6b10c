// SPDX-License-Identifier: LGPL-2.1-or-later
// Command lines of Exec…= assignments. Source: systemd.service(5), "COMMAND LINES".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "unit/specifiers.h"

namespace harden {

struct ExecCommand {
  bool ignore_failure = false;      // -
  bool no_expansion = false;        // :
  bool full_privileges = false;     // +  runs outside the sandbox
  bool keep_user = false;           // !  runs without the change of user
  bool ambient_magic = false;       // !!
  std::string program;              // absolute, or a name looked up in the manager's path
  std::vector<std::string> arguments;   // argv, the zeroth included
  std::string text;                 // the command as it is written
};

struct ParsedCommands {
  std::vector<ExecCommand> commands;          // those before a fault
  std::optional<std::string> problem;     // what is wrong with the rest of the line
  bool fatal = false;                     // and systemd does not load the unit because of it
};

// One assignment may hold several commands, separated by a lone `;`.
[[nodiscard]] ParsedCommands parse_command_line(std::string_view text, const SpecifierContext& context);

}  // namespace harden
