// SPDX-License-Identifier: LGPL-2.1-or-later
// A compiled policy as a drop-in. Comments go with it, so that who finds it knows which grant opened what.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace harden {

// Lines of a unit file for one directive: words joined where they can stand on one line.
[[nodiscard]] std::vector<std::string> assignment_lines(const Written& written);

// `section`: that of the unit's type, "Service".
[[nodiscard]] std::string print_drop_in(const Compiled& compiled, unsigned systemd,
                                        std::string_view section);

}  // namespace harden
