// SPDX-License-Identifier: LGPL-2.1-or-later
// A module's code as functions and what they refer to. Functions are found from unwind tables, symbols,
// entry points and relocations; code that none of them covers is followed from the places that lead there
// (calls, jumps, taken addresses), so that data in a text segment is not read as code unless something
// points at it. Prologues are never guessed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reach/elf_image.h"
#include "reach/isa.h"
#include "reach/unwind.h"

namespace harden::reach {

struct Extent {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

enum class RefKind : std::uint8_t {
  call,     // to `target`; of a jump out of the function too
  pointer,  // the address `target` as a value
  word,     // the words at `target` are read
};

struct Ref {
  std::uint32_t function = 0;
  std::uint8_t size = 0;   // RefKind::word: bytes
  RefKind kind = RefKind::call;
  std::uint64_t target = 0;
};

struct Function {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;               // of its first extent
  std::vector<Extent> further = {};    // pieces of it elsewhere
  std::uint64_t exception_table = 0;
  bool has_system_call = false;
  bool has_compat_call = false;        // int 0x80 or sysenter
  bool is_guess = false;               // not from a table: something points at it
};

struct Code {
  std::vector<Function> functions;   // ascending by begin
  std::vector<Ref> refs;             // in no order; of functions that nothing covers too
  bool is_complete = true;           // the work had a limit, and it was reached

  // Index of the function that holds the address, or npos.
  static constexpr std::uint32_t npos = ~std::uint32_t{0};
  [[nodiscard]] std::uint32_t find(std::uint64_t address) const;
  // Starts of functions and of their further pieces, ascending; what find() asks.
  struct Piece {
    Extent extent;
    std::uint32_t function = 0;
  };
  std::vector<Piece> pieces;
};

// `starts`: addresses of functions that the module's tables name beside the unwind ranges.
[[nodiscard]] Code read_code(const ElfImage& image, const Isa& isa, std::span<const UnwindRange> ranges,
                             std::span<const std::uint64_t> starts);

}  // namespace harden::reach
