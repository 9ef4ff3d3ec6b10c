// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/syscall_names.h"

#include <algorithm>

namespace harden::reach {
namespace {

struct Name {
  unsigned number;
  std::string_view name;
};
constexpr Name kNames[] = {
#include "reach/syscall_names.inc"
};
static_assert(std::ranges::is_sorted(kNames, {}, &Name::number));

}  // namespace

std::string_view syscall_name(unsigned number) {
  const auto at = std::ranges::lower_bound(kNames, number, {}, &Name::number);
  return at != std::end(kNames) && at->number == number ? at->name : std::string_view();
}

std::optional<unsigned> syscall_number(std::string_view name) {
  const auto at = std::ranges::find(kNames, name, &Name::name);
  return at == std::end(kNames) ? std::nullopt : std::optional(at->number);
}

}  // namespace harden::reach
