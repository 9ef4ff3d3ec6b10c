// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "cli/commands.h"

namespace harden {

// `harden record`, in the program that can.
[[nodiscard]] int record_service(Arguments arguments, Console& console);

}  // namespace harden
