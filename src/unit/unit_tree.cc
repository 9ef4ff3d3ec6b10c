// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit/unit_tree.h"

#include <algorithm>
#include <array>
#include <utility>

namespace harden {
namespace {

constexpr unsigned kAliasHopsMax = 8;  // as systemd's FOLLOW_MAX

constexpr std::array<std::string_view, 12> kSystemPath = {
    "/etc/systemd/system.control",   "/run/systemd/system.control",  "/run/systemd/transient",
    "/run/systemd/generator.early",  "/etc/systemd/system",          "/etc/systemd/system.attached",
    "/run/systemd/system",           "/run/systemd/system.attached", "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",      "/lib/systemd/system"};
constexpr std::string_view kSystemLate = "/run/systemd/generator.late";

// What every user's manager reads; the folders below a home are left out, since they differ by user.
constexpr std::array<std::string_view, 6> kUserPath = {
    "/etc/systemd/user",       "/run/systemd/user",           "/usr/local/share/systemd/user",
    "/usr/share/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"};

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Lexically: "." and ".." removed, for targets that need not exist.
std::string normalize_path(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    start = end + 1;
  }
  std::string out;
  for (const std::string_view part : parts) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

// May a symlink of this name stand for a unit of that name? The kinds must match, or an instance may
// point to a template; the instance and the type must be the same.
bool is_valid_alias(const UnitName& source, const UnitName& target) {
  const bool kinds_match = source.kind() == target.kind() || (source.kind() == UnitNameKind::instance &&
                                                              target.kind() == UnitNameKind::template_);
  if (!kinds_match || source.type() != target.type()) return false;
  return target.kind() != UnitNameKind::instance || source.instance() == target.instance();
}

// Drop-in files that systemd's directory reader passes over are hidden ones; backups do not end in .conf.
bool is_drop_in_file(const DirEntry& entry) {
  return entry.name.ends_with(".conf") && entry.name.front() != '.';
}

}  // namespace

SearchPath default_search_path(Scope scope, bool generated) {
  SearchPath path;
  if (scope == Scope::user) {
    path.dirs.assign(kUserPath.begin(), kUserPath.end());
    return path;
  }
  for (const std::string_view dir : kSystemPath)
    if (generated || !dir.starts_with("/run/systemd/generator")) path.dirs.emplace_back(dir);
  if (generated) path.dirs.emplace_back(kSystemLate);
  return path;
}

UnitTree::UnitTree(const FileSystem& fs, SearchPath path) : fs_(&fs), path_(std::move(path)) {}

UnitTree UnitTree::scan(const FileSystem& fs, SearchPath path) {
  UnitTree tree(fs, {});
  // A folder that is a link to one that the path has already (/lib on merged systems) is no further one.
  for (std::string& dir : path.dirs) {
    std::string resolved = dir;
    if (auto real = fs.resolve(dir)) resolved = std::move(*real);
    if (std::ranges::find(tree.path_resolved_, resolved) != tree.path_resolved_.end()) continue;
    tree.path_.dirs.push_back(std::move(dir));
    tree.path_resolved_.push_back(std::move(resolved));
  }
  for (std::size_t i = 0; i < tree.path_.dirs.size(); ++i) tree.scan_dir(i);
  tree.index_aliases();
  return tree;
}

bool UnitTree::is_in_search_path(std::string_view path) const {
  const auto holds = [path](const std::string& dir) {
    return path.size() > dir.size() && path.starts_with(dir) && path[dir.size()] == '/';
  };
  return std::ranges::any_of(path_.dirs, holds) || std::ranges::any_of(path_resolved_, holds);
}

void UnitTree::scan_dir(std::size_t index) {
  const std::string& dir = path_.dirs[index];
  auto entries = fs_->list_dir(dir);
  if (!entries) {
    if (entries.error().code != Errc::not_found)
      diagnostics_.push_back({Severity::warning, "unreadable-folder", SourcePos{dir, 0},
                              "the folder cannot be read: " + entries.error().message});
    return;
  }
  for (DirEntry& entry : *entries) {
    if (entry.name.ends_with(".d")) {
      std::string owner = entry.name.substr(0, entry.name.size() - 2);
      if (!is_unit_type(owner) && !parse_unit_name(owner)) continue;
      bool is_dir = entry.type == FileType::directory;
      if (entry.type == FileType::symlink) {
        // systemd looks a relative target up from its own working directory, which is the root.
        auto target = fs_->read_link(dir + "/" + entry.name);
        if (target) {
          const std::string from_root = target->starts_with('/') ? *target : "/" + *target;
          auto type = fs_->stat_type(from_root);
          is_dir = type && *type == FileType::directory;
        }
        if (!is_dir)
          diagnostics_.push_back({Severity::warning, "dead-drop-in-folder",
                                  SourcePos{dir + "/" + entry.name, 0},
                                  "systemd does not read this link to a drop-in folder",
                                  "make it a folder, or link to an absolute path"});
      }
      if (is_dir) drop_in_dirs_[std::move(owner)].push_back(index);
      continue;
    }
    if (entry.type != FileType::regular && entry.type != FileType::symlink) continue;
    if (!parse_unit_name(entry.name) || targets_.contains(entry.name)) continue;
    if (entry.type == FileType::symlink)
      add_symlink(dir, entry.name);
    else
      targets_.emplace(entry.name, Target{false, dir + "/" + entry.name});
  }
}

void UnitTree::add_symlink(const std::string& dir, const std::string& name) {
  const std::string path = dir + "/" + name;
  auto link = fs_->read_link(path);
  if (!link) return;
  std::string target = normalize_path(link->starts_with('/') ? *link : dir + "/" + *link);
  // The target's folder may itself be reached through links; its last component is not followed.
  const std::string_view target_name = file_name(target);
  if (const std::size_t slash = target.rfind('/'); slash != 0 && slash != std::string::npos)
    if (auto real = fs_->resolve(target.substr(0, slash))) target = *real + "/" + std::string(target_name);

  if (!is_in_search_path(target)) {
    targets_.emplace(name, Target{false, path});  // linked from elsewhere, or a mask
    return;
  }
  const std::string_view other = file_name(target);
  if (other == name) return;  // an alias of itself says nothing; a lower folder may have the file
  const auto source_name = parse_unit_name(name);
  const auto other_name = parse_unit_name(other);
  if (!other_name || !is_valid_alias(*source_name, *other_name)) {
    diagnostics_.push_back(
        {Severity::warning, "bad-alias", SourcePos{path, 0},
         "the link leads to '" + std::string(other) + "', which it cannot be an alias of"});
    return;
  }
  targets_.emplace(name, Target{true, std::string(other)});
}

void UnitTree::index_aliases() {
  for (const auto& [name, target] : targets_) {
    if (!target.is_alias) continue;
    const std::string* path = find_path(name);
    if (path == nullptr) continue;
    auto text = fs_->read_file(*path, kUnitFileMax);
    if (text && text->empty()) continue;  // an alias of a masked unit
    std::string destination(file_name(*path));
    const auto destination_name = parse_unit_name(destination);
    const auto source_name = parse_unit_name(name);
    if (destination_name && destination_name->kind() == UnitNameKind::template_ &&
        source_name->kind() == UnitNameKind::instance) {
      const auto instance = destination_name->with_instance(source_name->instance());
      if (!instance) continue;
      destination = instance->text();
    }
    aliases_[destination].push_back(name);
  }
  for (auto& [name, list] : aliases_) std::ranges::sort(list);
}

const std::string* UnitTree::find_path(const std::string& name, bool* broken) const {
  std::string current = name;
  for (unsigned hop = 0; hop < kAliasHopsMax; ++hop) {
    auto found = targets_.find(current);
    if (found == targets_.end()) {
      if (hop == 0) return nullptr;
      // An alias may lead to an instance whose file is the template's.
      const auto parsed = parse_unit_name(current);
      if (parsed && parsed->kind() == UnitNameKind::instance)
        found = targets_.find(parsed->template_name().text());
      if (found == targets_.end()) break;
    }
    if (!found->second.is_alias) return &found->second.text;
    current = found->second.text;
  }
  if (broken != nullptr) *broken = true;
  return nullptr;
}

std::vector<UnitName> UnitTree::names(std::string_view type) const {
  std::vector<UnitName> result;
  for (const auto& [name, target] : targets_) {
    if (target.is_alias) continue;
    auto parsed = parse_unit_name(name);
    if (parsed && parsed->type() == type) result.push_back(std::move(*parsed));
  }
  std::ranges::sort(result);
  return result;
}

std::vector<std::string> UnitTree::find_names(const UnitName& name, const std::string* fragment) const {
  std::vector<std::string> found = {name.text()};
  const auto add_aliases_of = [&](const std::string& key, std::string_view fragment_name) {
    const auto aliases = aliases_.find(key);
    if (aliases == aliases_.end()) return;
    for (const std::string& alias : aliases->second) {
      const auto parsed = parse_unit_name(alias);
      if (name.kind() == UnitNameKind::instance && parsed->kind() == UnitNameKind::template_) {
        const auto instance = parsed->with_instance(name.instance());
        if (!instance) continue;
        // An instance of the alias that has a file of its own is another unit.
        const std::string* own = find_path(instance->text());
        if (own != nullptr && !fragment_name.empty() && file_name(*own) != fragment_name) continue;
        found.push_back(instance->text());
      } else {
        found.push_back(alias);
      }
    }
  };
  add_aliases_of(name.text(), {});
  if (fragment != nullptr) {
    const std::string fragment_name(file_name(*fragment));
    if (fragment_name != name.text()) {
      found.push_back(fragment_name);
      add_aliases_of(fragment_name, fragment_name);
    }
  }
  std::ranges::sort(found);
  const auto [first, last] = std::ranges::unique(found);
  found.erase(first, last);
  return found;
}

const std::vector<std::string>& UnitTree::list_drop_in_dir(const std::string& dir) const {
  auto [at, is_new] = drop_in_files_.try_emplace(dir);
  if (is_new) {
    if (auto entries = fs_->list_dir(dir))
      for (DirEntry& entry : *entries)
        if (is_drop_in_file(entry)) at->second.push_back(std::move(entry.name));
  }
  return at->second;
}

std::vector<std::string> UnitTree::find_drop_ins(const Unit& unit) const {
  // File name → path; the first folder that has the name wins, and the order is by file name alone.
  std::map<std::string, std::string> files;
  const auto add_dirs_of = [&](std::span<const std::string> owners) {
    // Folders by priority first, then by how specific the owner is.
    std::vector<std::pair<std::size_t, const std::string*>> dirs;
    for (const std::string& owner : owners)
      if (const auto found = drop_in_dirs_.find(owner); found != drop_in_dirs_.end())
        for (const std::size_t index : found->second) dirs.emplace_back(index, &owner);
    std::ranges::stable_sort(dirs, {}, &std::pair<std::size_t, const std::string*>::first);
    for (const auto& [index, owner] : dirs) {
      const std::string dir = path_.dirs[index] + "/" + *owner + ".d";
      for (const std::string& name : list_drop_in_dir(dir)) files.try_emplace(name, dir + "/" + name);
    }
  };
  add_dirs_of(unit.name.drop_in_names());
  for (const UnitName& alias : unit.aliases) add_dirs_of(alias.drop_in_names());
  const std::string type(unit.name.type());
  add_dirs_of(std::span(&type, 1));

  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (auto& [name, path] : files) paths.push_back(std::move(path));
  return paths;
}

Unit UnitTree::load(const UnitName& name) const {
  Unit unit{name, {}, LoadState::not_found, {}, {}, {}, {}};
  bool broken = false;
  const std::string* path = find_path(name.text(), &broken);
  if (path == nullptr && name.kind() == UnitNameKind::instance)
    path = find_path(name.template_name().text(), &broken);
  if (path == nullptr) {
    if (broken)
      unit.diagnostics.push_back({Severity::warning, "dangling-alias", SourcePos{name.text(), 0},
                                  "the name is an alias of a unit that is not there"});
    return unit;
  }

  const std::vector<std::string> names = find_names(name, path);
  std::optional<UnitName> id = parse_unit_name(file_name(*path));
  if (id && id->kind() == UnitNameKind::template_ && name.kind() == UnitNameKind::instance)
    id = id->with_instance(name.instance());
  if (id) unit.name = *id;
  for (const std::string& other : names) {
    auto parsed = parse_unit_name(other);
    if (!parsed || *parsed == unit.name) continue;
    if (parsed->kind() == UnitNameKind::template_ && name.kind() != UnitNameKind::template_) continue;
    unit.aliases.push_back(std::move(*parsed));
  }

  auto text = fs_->read_file(*path, kUnitFileMax);
  if (!text) {
    Error error = std::move(text).error();
    error.where = SourcePos{*path, 0};
    unit.state = error.code == Errc::not_found ? LoadState::not_found : LoadState::refused;
    unit.refusal = std::move(error);
    return unit;
  }
  if (text->empty()) {
    unit.state = LoadState::masked;
    return unit;
  }
  unit.fragment = parse_unit_file(std::move(*text), *path);
  unit.state = LoadState::loaded;
  if (unit.fragment->stopped()) {
    unit.state = LoadState::refused;
    unit.refusal = unit.fragment->stopped();
  }
  for (const std::string& drop_in : find_drop_ins(unit)) {
    auto drop_in_text = fs_->read_file(drop_in, kUnitFileMax);
    if (drop_in_text)
      unit.drop_ins.push_back(parse_unit_file(std::move(*drop_in_text), drop_in));
    else
      unit.diagnostics.push_back(
          {Severity::warning, "unreadable-drop-in", SourcePos{drop_in, 0},
           "the drop-in cannot be read and does not count: " + drop_in_text.error().message});
  }
  return unit;
}

}  // namespace harden
