// SPDX-License-Identifier: LGPL-2.1-or-later
// The kernel's tables of system calls on x86-64: its own and that of 32-bit programs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace harden {

enum class SyscallAbi : std::uint8_t { x86_64, x86 };

// Of the newest kernel that Debian 12 or 13 ships; empty for a number that it does not have.
[[nodiscard]] std::string_view syscall_name(unsigned number, SyscallAbi abi = SyscallAbi::x86_64);
[[nodiscard]] std::optional<unsigned> syscall_number(std::string_view name,
                                                     SyscallAbi abi = SyscallAbi::x86_64);

}  // namespace harden
