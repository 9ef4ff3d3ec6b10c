// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/path_access.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace harden {
namespace {

std::string_view parent_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

bool is_at_or_below(std::string_view path, std::string_view dir) {
  if (dir == "/") return true;
  return path.starts_with(dir) && (path.size() == dir.size() || path[dir.size()] == '/');
}

PathAccess::PathAccess(Changes changes) : rights_(std::move(changes)) {
  rights_.try_emplace("/", kHostRights);
  simplify();
}

Rights PathAccess::at(std::string_view path) const {
  for (;; path = parent_of(path)) {
    const auto at = rights_.find(path);
    if (at != rights_.end()) return at->second;
    if (path.size() <= 1) return kHostRights;
  }
}

bool PathAccess::is_subset_of(const PathAccess& other, Rights rights) const {
  const auto holds = [&](const auto& change) {
    return (at(change.first) & static_cast<unsigned>(~other.at(change.first)) & rights) == 0;
  };
  return std::ranges::all_of(rights_, holds) && std::ranges::all_of(other.rights_, holds);
}

void PathAccess::add(const PathAccess& other) {
  Changes sum;
  const auto put = [&](const Changes& changes) {
    for (const auto& [path, rights] : changes) sum[path] = static_cast<Rights>(at(path) | other.at(path));
  };
  put(rights_);
  put(other.rights_);
  rights_ = std::move(sum);
  simplify();
}

// Paths come in order, so what is above one has been settled before it.
void PathAccess::simplify() {
  const Changes kept = std::exchange(rights_, {});
  rights_.emplace("/", kept.begin()->second);
  for (const auto& [path, rights] : kept)
    if (at(path) != rights) rights_.emplace(path, rights);
}

}  // namespace harden
