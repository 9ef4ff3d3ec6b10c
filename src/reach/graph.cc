// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/graph.h"

#include <algorithm>
#include <bit>

namespace harden::reach {
namespace {
constexpr std::uint32_t kNotAsked = ~std::uint32_t{0} - 1;
}

Graph::Graph(std::span<const std::unique_ptr<Module>> modules) : modules_(modules) {
  first_.push_back(0);
  for (const auto& module : modules) {
    const Summary& s = module->summary;
    const std::uint32_t count = s.vertices.empty() ? 0 : s.vertex_count();
    first_.push_back(first_.back() + count);
    Names& names = names_.emplace_back();
    names.slots.resize(std::bit_ceil(s.exports.size() * 2 + 2));
    const std::uint32_t mask = static_cast<std::uint32_t>(names.slots.size()) - 1;
    for (std::uint32_t i = 0; i < s.exports.size(); ++i) {
      std::uint32_t at = s.exports[i].hash & mask;
      while (names.slots[at].symbol != npos) at = (at + 1) & mask;
      names.slots[at] = {s.exports[i].hash, i};
    }
    resolved_.emplace_back(s.imports.size(), kNotAsked);
    used_.emplace_back(s.imports.size(), false);
  }
  parents_.assign(first_.back(), kUnreached);
  taken_.assign(first_.back(), false);
  shut_.assign(first_.back(), false);
}

Place Graph::place(std::uint32_t index) const {
  const auto after = std::ranges::upper_bound(first_, index);
  const auto module = static_cast<std::uint32_t>(after - first_.begin()) - 1;
  return {module, index - first_[module]};
}

// Source: glibc, elf/dl-lookup.c, check_match(): a reference with a version takes that version, or a symbol
// without one; a reference without a version takes the default one.
Place Graph::find_export(std::uint32_t module, std::string_view name, std::string_view version,
                         std::uint32_t hash) const {
  const Summary& s = modules_[module]->summary;
  const Names& names = names_[module];
  const std::uint32_t mask = static_cast<std::uint32_t>(names.slots.size()) - 1;
  Place other{npos, npos};
  for (std::uint32_t at = hash & mask; names.slots[at].symbol != npos; at = (at + 1) & mask) {
    const Export& one = s.exports[names.slots[at].symbol];
    if (names.slots[at].hash != hash || s.text_of(one.name) != name) continue;
    const std::string_view own = s.text_of(one.version);
    if (version.empty() ? one.is_hidden == 0 : own == version || own.empty()) return {module, one.vertex};
    if (version.empty() && other.module == npos) other = {module, one.vertex};
  }
  return other;
}

Place Graph::find(std::uint32_t from, std::string_view name, std::string_view version,
                  std::uint32_t hash) const {
  const std::uint32_t group = modules_[from]->group;
  for (std::uint32_t i = 0; i < modules_.size(); ++i) {
    if (modules_[i]->group != 0 && modules_[i]->group != group) continue;
    const Place found = find_export(i, name, version, hash);
    if (found.module != npos) return found;
  }
  return {npos, npos};
}

Place Graph::find_in(std::uint32_t module, std::string_view name) const {
  return find_export(module, name, {}, hash_name(name));
}

std::uint32_t Graph::resolve(std::uint32_t module, std::uint32_t import) {
  std::uint32_t& known = resolved_[module][import];
  if (known != kNotAsked) return known;
  const Summary& s = modules_[module]->summary;
  const Import& one = s.imports[import];
  if (s.binds_to_itself && one.own_vertex != Import::kNone) return known = first_[module] + one.own_vertex;
  const Place found = find(module, s.text_of(one.name), s.text_of(one.version), one.hash);
  if (found.module == npos)
    known = one.own_vertex == Import::kNone ? npos : first_[module] + one.own_vertex;
  else
    known = found.vertex == Import::kNone ? npos : first_[found.module] + found.vertex;
  return known;
}

void Graph::cut(Place from, Place to) {
  cuts_.push_back(std::uint64_t{index(from)} << 32U | index(to));
  std::ranges::sort(cuts_);
}
void Graph::shut(Place at) { shut_[index(at)] = true; }

void Graph::reach(std::uint32_t to, std::uint32_t from, bool is_call) {
  if (to == npos || shut_[to]) return;
  if (!cuts_.empty() && std::ranges::binary_search(cuts_, std::uint64_t{from} << 32U | to)) return;
  if (!is_call) taken_[to] = true;
  if (parents_[to] != kUnreached) return;
  parents_[to] = from;
  queue_.push_back(to);
}

void Graph::add_root(Place root) {
  if (root.module == npos || root.vertex == Import::kNone) return;
  reach(index(root), index(root), true);
}

void Graph::run() {
  for (; next_ < queue_.size(); ++next_) {
    const std::uint32_t from = queue_[next_];
    const Place at = place(from);
    const Summary& s = modules_[at.module]->summary;
    for (const Edge& edge : s.edges_of(at.vertex)) {
      if (edge.is_import != 0) used_[at.module][edge.target] = true;
      reach(edge.is_import != 0 ? resolve(at.module, edge.target) : first_[at.module] + edge.target, from,
            edge.is_call != 0);
    }
  }
}

bool Graph::uses_symbol(std::string_view name) const {
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    const Summary& s = modules_[i]->summary;
    for (std::size_t k = 0; k < s.imports.size(); ++k)
      if (used_[i][k] && s.text_of(s.imports[k].name) == name) return true;
  }
  return false;
}

}  // namespace harden::reach
