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

// The path of this program; empty if /proc does not say.
[[nodiscard]] std::string own_path();

}  // namespace harden
