// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of what is let through, as the filters, masks and lists of a unit describe them: each ordered by
// inclusion, with a union. `add` makes the union.
#pragma once

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "catalogue/catalogue.h"
#include "settings/value.h"

namespace harden {

using WordNames = std::set<std::string, std::less<>>;

// System calls by name and, of a deny list or no list at all, those that nobody can name too.
struct CallSet {
  catalogue::SyscallSet named;
  bool others = false;

  // Of SystemCallFilter=; nullptr: no filter.
  [[nodiscard]] static CallSet of(const SyscallFilter* filter, const catalogue::Systemd& systemd);
  [[nodiscard]] bool is_subset_of(const CallSet& other) const {
    return named.is_subset_of(other.named) && (!others || other.others);
  }
  void add(const CallSet& other) {
    named |= other.named;
    others = others || other.others;
  }
  friend bool operator==(const CallSet&, const CallSet&) = default;
};

// The names listed, or all others. Nobody can list them all.
struct NameSet {
  bool listed = false;
  WordNames names;

  // nullptr: no filter.
  [[nodiscard]] static NameSet of(const NameFilter* filter) {
    return filter == nullptr ? NameSet{} : NameSet{filter->allow_list, filter->names};
  }
  [[nodiscard]] bool contains(std::string_view name) const { return names.contains(name) == listed; }
  [[nodiscard]] bool is_subset_of(const NameSet& other) const;
  void add(const NameSet& other);
  friend bool operator==(const NameSet&, const NameSet&) = default;
};

// Words, or everything.
struct WordGroup {
  bool everything = false;
  WordNames words;   // none if `everything`

  [[nodiscard]] static WordGroup all() { return {true, {}}; }
  [[nodiscard]] bool is_subset_of(const WordGroup& other) const {
    return other.everything || (!everything && std::ranges::includes(other.words, words));
  }
  void add(const WordGroup& other);
  friend bool operator==(const WordGroup&, const WordGroup&) = default;
};

// Rights to device nodes, "/dev/sda r", by DeviceAllow= and DevicePolicy= together: under the policy `auto`
// an empty list lets everything through, and the first entry closes.
[[nodiscard]] WordGroup devices_of(const Words* list, bool is_open_if_empty);

}  // namespace harden
