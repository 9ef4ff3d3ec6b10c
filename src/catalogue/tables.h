// SPDX-License-Identifier: LGPL-2.1-or-later
// What the generated tables.cc gives to the look-up beside what catalogue.h declares.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "catalogue/catalogue.h"

namespace harden::catalogue::tables {

struct NamedDirective {
  std::string_view name;   // or alias
  DirectiveId id;
};

// Hash tables (hash.h): a slot holds an index into directive_names() or syscalls(), or kEmptySlot.
[[nodiscard]] std::span<const NamedDirective> directive_names();
[[nodiscard]] std::span<const std::uint16_t> directive_slots();
[[nodiscard]] std::span<const std::uint16_t> syscall_slots();

}  // namespace harden::catalogue::tables

namespace harden::catalogue {
using tables::NamedDirective;
}
