// SPDX-License-Identifier: LGPL-2.1-or-later
// A program that has no unit yet: recorded, and as the unit that would start it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/policy_options.h"

namespace harden {

// Runs the command under the recorder. Its recording, a file in the working directory that is named after
// the program and the time. Nothing: it was not recorded, which has been said.
[[nodiscard]] std::optional<std::string> record_command(const std::vector<std::string>& words,
                                                        const Console& console);

// As execvp(3) finds it, absolute; the word itself where nothing is found.
[[nodiscard]] std::string find_program(const std::string& word);

// PROGRAM.service with the command as its ExecStart=, and the number of the user who asks, where that is not root.
// Nothing: there is no tree, which has been said.
[[nodiscard]] std::optional<OpenedUnit> unit_of_command(const TreeOptions& tree,
                                                        const std::vector<std::string>& words,
                                                        const Console& console);

}  // namespace harden
