// SPDX-License-Identifier: LGPL-2.1-or-later
// Programs that stand beside `harden`, for commands that need a shared library: `harden` itself is one
// static file, which works wherever it is copied to.
#pragma once

#include <string_view>

#include "cli/commands.h"

namespace harden {

// Becomes the program, with the arguments. Comes back only if it is not there: kExitTrouble, which has been
// said.
[[nodiscard]] int run_companion(std::string_view program, Arguments arguments, const Console& console);

// Runs the program beside this one, up to its end, and gives its exit code: kExitTrouble, which has been
// said, if it is not there or ends by a signal. What it prints goes to stderr: the result is ours to print.
// SIGINT is meanwhile the companion's to answer.
[[nodiscard]] int call_companion(std::string_view program, Arguments arguments, const Console& console);

// The path of this program; empty if /proc does not say.
[[nodiscard]] std::string own_path();

}  // namespace harden
