// SPDX-License-Identifier: LGPL-2.1-or-later
// errno names as SystemCallFilter= and SystemCallErrorNumber= take them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace harden {

inline constexpr int kErrnoMax = 4095;

// "EPERM", "1", or "kill" (kErrnoKill); nothing if it is none.
[[nodiscard]] std::optional<int> parse_errno_or_action(std::string_view word);

// "EPERM", "kill", or the number.
[[nodiscard]] std::string errno_or_action_name(int error);

}  // namespace harden
