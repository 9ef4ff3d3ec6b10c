// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/sets.h"

#include <cstddef>
#include <iterator>
#include <utility>

namespace harden {

CallSet CallSet::of(const SyscallFilter* filter, const catalogue::Systemd& systemd) {
  if (filter == nullptr) return {systemd.known_syscalls, true};
  CallSet set{filter->allow_list ? filter->listed : ~filter->listed, !filter->allow_list};
  if (filter->allow_list)
    for (const auto& [call, error] : filter->errnos) set.named.reset(call);
  set.named &= systemd.known_syscalls;
  return set;
}

bool NameSet::is_subset_of(const NameSet& other) const {
  if (listed && other.listed) return std::ranges::includes(other.names, names);
  if (!listed && !other.listed) return std::ranges::includes(names, other.names);
  if (!listed) return false;
  return std::ranges::none_of(names, [&](const std::string& name) { return other.names.contains(name); });
}

void NameSet::add(const NameSet& other) {
  if (listed && other.listed) {
    names.insert(other.names.begin(), other.names.end());
    return;
  }
  // What neither lets through stays out.
  const NameSet& open = listed ? other : *this;
  const NameSet& more = listed ? *this : other;
  WordNames left;
  for (const std::string& name : open.names)
    if (!more.contains(name)) left.insert(name);
  *this = {false, std::move(left)};
}

void WordGroup::add(const WordGroup& other) {
  if (everything || other.everything)
    *this = all();
  else
    words.insert(other.words.begin(), other.words.end());
}

WordGroup devices_of(const Words* list, bool is_open_if_empty) {
  if (list == nullptr || list->words.empty()) return is_open_if_empty ? WordGroup::all() : WordGroup{};
  WordGroup devices;
  for (const std::string& line : list->words) {
    const std::size_t space = line.find(' ');
    const std::string_view rights =
        space == std::string::npos ? "rwm" : std::string_view(line).substr(space + 1);
    for (const char right : rights) devices.words.insert(line.substr(0, space) + ' ' + right);
  }
  return devices;
}

}  // namespace harden
