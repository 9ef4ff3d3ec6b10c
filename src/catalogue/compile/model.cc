// SPDX-License-Identifier: LGPL-2.1-or-later
#include "catalogue/compile/model.h"

#include <algorithm>
#include <set>

namespace harden::catalogue::compile {

std::optional<std::size_t> DirectiveRow::choice(std::string_view value) const {
  const auto found = std::ranges::find(values, value, &ChoiceRow::name);
  if (found == values.end()) return std::nullopt;
  return static_cast<std::size_t>(found - values.begin());
}

bool SystemdTable::knows(std::string_view call) const {
  return std::ranges::find(native, call) != native.end() || std::ranges::find(pseudo, call) != pseudo.end();
}

const DirectiveRow* Catalogue::find(std::string_view directive) const {
  const auto found = std::ranges::find(directives, directive, &DirectiveRow::name);
  return found == directives.end() ? nullptr : &*found;
}

std::vector<std::string> all_syscalls(const Catalogue& catalogue) {
  std::set<std::string> names;
  for (const SystemdTable& systemd : catalogue.systemds) {
    names.insert(systemd.native.begin(), systemd.native.end());
    names.insert(systemd.pseudo.begin(), systemd.pseudo.end());
  }
  return {names.begin(), names.end()};
}

}  // namespace harden::catalogue::compile
