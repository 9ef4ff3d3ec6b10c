// SPDX-License-Identifier: LGPL-2.1-or-later
#include "catalogue/syscall_names.h"

#include <algorithm>
#include <span>

namespace harden {
namespace {

struct Name {
  unsigned number;
  std::string_view name;
};
constexpr Name kNames[] = {
#include "catalogue/syscall_names_x86_64.inc"
};
constexpr Name kNames32[] = {
#include "catalogue/syscall_names_x86.inc"
};
static_assert(std::ranges::is_sorted(kNames, {}, &Name::number));
static_assert(std::ranges::is_sorted(kNames32, {}, &Name::number));

std::span<const Name> names_of(SyscallAbi abi) {
  return abi == SyscallAbi::x86_64 ? std::span<const Name>(kNames) : std::span<const Name>(kNames32);
}

}  // namespace

std::string_view syscall_name(unsigned number, SyscallAbi abi) {
  const std::span<const Name> names = names_of(abi);
  const auto at = std::ranges::lower_bound(names, number, {}, &Name::number);
  return at != names.end() && at->number == number ? at->name : std::string_view();
}

std::optional<unsigned> syscall_number(std::string_view name, SyscallAbi abi) {
  const std::span<const Name> names = names_of(abi);
  const auto at = std::ranges::find(names, name, &Name::name);
  return at == names.end() ? std::nullopt : std::optional(at->number);
}

}  // namespace harden
