// SPDX-License-Identifier: LGPL-2.1-or-later
// The commands that change the running machine, or ask it.
#pragma once

#include "cli/commands.h"

namespace harden {

[[nodiscard]] int apply_units(Arguments arguments, Console& console);
[[nodiscard]] int confirm_units(Arguments arguments, Console& console);
[[nodiscard]] int rollback_units(Arguments arguments, Console& console);
[[nodiscard]] int show_status(Arguments arguments, Console& console);

}  // namespace harden
