// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's table of system calls on x86-64.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace harden::reach {

// Of the newest kernel that Debian 12 or 13 ships; empty for a number that it does not have.
[[nodiscard]] std::string_view syscall_name(unsigned number);
[[nodiscard]] std::optional<unsigned> syscall_number(std::string_view name);

}  // namespace harden::reach
