// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/mounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>

#include "catalogue/policy.h"

namespace harden {
namespace {

using catalogue::DirectiveId;

class Mounts {
 public:
  explicit Mounts(const Settings& settings) : settings_(settings) {}

  std::vector<OwnMount> find() && {
    const auto is_met = [&](const catalogue::Condition& condition) { return holds(condition, settings_); };
    for (const catalogue::Mount& row : catalogue::mounts()) {
      for (const DirectiveId id : row.lists) add_listed(id, row.below);
      if (std::ranges::none_of(row.when, is_met) || (row.unless && is_met(*row.unless))) continue;
      for (const std::string_view path : row.paths)
        add(path, std::ranges::find(row.writable, path) != row.writable.end());
    }
    std::vector<OwnMount> mounts;
    mounts.reserve(found_.size());
    for (auto& [path, mount] : found_) mounts.push_back(std::move(mount));
    return mounts;
  }

 private:
  void add(std::string_view path, bool writable) {
    const bool optional = path.starts_with('-');
    path.remove_prefix(optional ? 1 : 0);
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    if (!is_known_path(path)) return;
    OwnMount& mount = found_.try_emplace(std::string(path), std::string(path), true, false).first->second;
    mount.optional = mount.optional && optional;
    mount.writable = mount.writable || writable;
  }

  void add_listed(DirectiveId id, std::string_view below) {
    const Words* list = settings_.words(id);
    if (list == nullptr) return;
    for (const std::string& word : list->words) {
      if (!below.empty()) {
        add_directory(below, std::string_view(word).substr(0, word.find(':')));
      } else if (id == DirectiveId::BindPaths || id == DirectiveId::BindReadOnlyPaths) {
        const std::string path = mount_destination(word);
        add(word.starts_with('-') ? "-" + path : path, false);
      } else if (id == DirectiveId::TemporaryFileSystem) {
        add(std::string_view(word).substr(0, word.find(':')), false);
      } else {
        add(word, false);
      }
    }
  }
  // Those of a dynamic user are mounted in `private`, where a link leads to.
  void add_directory(std::string_view parent, std::string_view name) {
    if (name.empty()) return;
    const bool is_dynamic = settings_.choice(DirectiveId::DynamicUser).value_or(0) != 0;
    add(fmt::format("{}{}/{}", is_dynamic ? "-" : "", parent, name), false);
    if (is_dynamic) add(fmt::format("-{}/private/{}", parent, name), false);
  }

  const Settings& settings_;
  std::map<std::string, OwnMount, std::less<>> found_;
};

}  // namespace

std::vector<OwnMount> own_mounts(const Settings& settings) { return Mounts(settings).find(); }

std::string mount_destination(std::string_view mount) {
  if (mount.starts_with('-')) mount.remove_prefix(1);
  std::array<std::string, 2> parts;
  std::size_t part = 0;
  for (std::size_t i = 0; i < mount.size() && part < parts.size(); ++i) {
    if (mount[i] == '\\' && i + 1 < mount.size() && mount[i + 1] == ':')
      parts.at(part) += mount[++i];
    else if (mount[i] == ':')
      ++part;
    else
      parts.at(part) += mount[i];
  }
  std::string path = parts[1].empty() ? parts[0] : parts[1];
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace harden
