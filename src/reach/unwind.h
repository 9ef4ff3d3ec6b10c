// SPDX-License-Identifier: LGPL-2.1-or-later
// Function boundaries from the unwind tables, which survive stripping: one entry (FDE) for each range of
// code that a compiler or an assembler with CFI wrote, and the landing pads where an exception resumes.
#pragma once

#include <cstdint>
#include <vector>

#include "reach/elf_image.h"

namespace harden::reach {

struct UnwindRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t exception_table = 0;   // address of its LSDA; 0: none
};

// Ranges of code of the image, ascending by begin. A signal trampoline's entry, which begins a byte before
// the code so that unwinding a signal frame finds it, is given its true begin.
[[nodiscard]] std::vector<UnwindRange> read_unwind_ranges(const ElfImage& image);

// Where exceptions land in that range: code without a static predecessor.
[[nodiscard]] std::vector<std::uint64_t> read_landing_pads(const ElfImage& image, const UnwindRange& range);

}  // namespace harden::reach
