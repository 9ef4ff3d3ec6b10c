// SPDX-License-Identifier: LGPL-2.1-or-later
// What to take along of each system call that tells more than that it was made; by name, for both ABIs. The
// kernel half and the ptrace backend follow the same recipes.
#pragma once

#include <array>
#include <string_view>

#include "catalogue/syscall_names.h"
#include "record/bpf/event.h"

namespace harden::record {

inline constexpr unsigned kCallsOfAbi = 512;

// Nullptr for a call without one.
[[nodiscard]] const recipe* find_recipe(std::string_view call);
// Names that differ by the width of their arguments alone are one call: "chown32" is chown, "_llseek"
// itself.
[[nodiscard]] std::string_view plain_name(std::string_view call);
// By number; those of the 32-bit ABI begin at kCallsOfAbi.
[[nodiscard]] std::array<recipe, 2 * std::size_t{kCallsOfAbi}> recipes_by_number();

}  // namespace harden::record
