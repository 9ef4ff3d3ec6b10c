// SPDX-License-Identifier: LGPL-2.1-or-later
// Functions of a Go program, from the table that its runtime keeps of them, which survives stripping.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reach/elf_image.h"

namespace harden::reach {

struct GoFunction {
  std::uint64_t begin = 0;
  std::string_view name;
};

// Empty: no Go, or a table of a version that is not known (before 1.16).
[[nodiscard]] std::vector<GoFunction> read_go_functions(const ElfImage& image);

}  // namespace harden::reach
