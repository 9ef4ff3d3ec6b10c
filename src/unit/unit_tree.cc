// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit/unit_tree.h"

#include <algorithm>
#include <array>
#include <utility>

#include "util/text.h"

namespace harden {
namespace {

constexpr unsigned kAliasHopsMax = 8;  // as systemd's FOLLOW_MAX

constexpr std::array<std::string_view, 12> kSystemPath = {
    "/etc/systemd/system.control",   "/run/systemd/system.control",  "/run/systemd/transient",
    "/run/systemd/generator.early",  "/etc/systemd/system",          "/etc/systemd/system.attached",
    "/run/systemd/system",           "/run/systemd/system.attached", "/run/systemd/generator",
    "/usr/local/lib/systemd/system", "/lib/systemd/system",          "/usr/lib/systemd/system"};
constexpr std::string_view kMask = "/dev/null";
constexpr std::string_view kSystemLate = "/run/systemd/generator.late";

// What every user's manager reads; the folders below a home are left out, since they differ by user.
constexpr std::array<std::string_view, 6> kUserPath = {
    "/etc/systemd/user",       "/run/systemd/user",           "/usr/local/share/systemd/user",
    "/usr/share/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"};

// Where an absolute path leads, its last component not followed. What does not exist is taken as it is
// written, as long as no ".." follows it. Nothing if that cannot be told.
Result<std::string> locate(const FileSystem& fs, std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(path, '/'))
    if (!part.empty() && part != ".") parts.push_back(part);
  if (parts.empty() || parts.back() == "..") return fs.resolve(path);

  const auto first = [&parts](std::size_t count) {
    std::string prefix;
    for (std::size_t i = 0; i < count; ++i) prefix.append("/").append(parts[i]);
    return prefix.empty() ? std::string("/") : prefix;
  };
  std::size_t existing = parts.size() - 1;
  auto real = fs.resolve(first(existing));
  while (!real && real.error().code == Errc::not_found && existing > 0) {
    if (parts[existing - 1] == "..") break;
    real = fs.resolve(first(--existing));
  }
  if (!real) return real;
  std::string located = *real == "/" ? std::string() : std::move(*real);
  for (; existing < parts.size(); ++existing) located.append("/").append(parts[existing]);
  return located;
}

constexpr std::array<std::string_view, 6> kAliasTypes = {"device", "path",   "service",
                                                         "socket", "target", "timer"};

// May a symlink of this name stand for a unit of that name? The kinds must match, or an instance may
// point to a template; the instance and the type must be the same, and of a type that has aliases.
bool is_valid_alias(const UnitName& source, const UnitName& target) {
  if (std::ranges::find(kAliasTypes, source.type()) == kAliasTypes.end()) return false;
  if (source.type() == "device" && source.kind() != UnitNameKind::plain) return false;
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

UnitTree UnitTree::scan(const FileSystem& fs, SearchPath path) {
  UnitTree tree(fs);
  // A folder that is a link to another of the path (/lib on merged systems) is the same one, and goes by
  // the other's name.
  tree.folders_.reserve(path.dirs.size());
  for (const std::string& dir : path.dirs) {
    std::string resolved = dir;
    if (auto real = fs.resolve(dir)) resolved = std::move(*real);
    if (std::ranges::find(tree.folders_, resolved, &Folder::resolved) != tree.folders_.end()) continue;
    const bool has_other_name = std::ranges::find(path.dirs, resolved) != path.dirs.end();
    tree.folders_.push_back({has_other_name ? resolved : dir, resolved, {}});
  }
  for (std::size_t i = 0; i < tree.folders_.size(); ++i) tree.scan_folder(i);
  tree.index_aliases();
  return tree;
}

bool UnitTree::is_in_search_path(std::string_view path) const {
  const auto holds = [path](const std::string& dir) {
    return path.starts_with(dir) && (path.size() == dir.size() || path[dir.size()] == '/');
  };
  return std::ranges::any_of(folders_, holds, &Folder::path) ||
         std::ranges::any_of(folders_, holds, &Folder::resolved);
}

void UnitTree::warn(std::string_view id, std::string path, std::string message, std::string hint) {
  add_diagnostic(diagnostics_, {Severity::warning, id, SourcePos{std::move(path), 0}, std::move(message),
                                std::move(hint)});
}

void UnitTree::scan_folder(std::size_t index) {
  Folder& folder = folders_[index];
  auto entries = fs_->list_dir(folder.path);
  if (!entries) {
    if (entries.error().code != Errc::not_found)
      warn("unreadable-folder", folder.path, "the folder cannot be read: " + entries.error().message);
    return;
  }
  // The listing is kept as it came, less what does not count: a tree has thousands of names, and most are
  // never asked for.
  std::erase_if(*entries, [&](const DirEntry& entry) {
    if (entry.name.ends_with(".d")) {
      add_drop_in_folder(index, entry);
      return true;
    }
    if (entry.type != FileType::regular && entry.type != FileType::symlink) return true;
    if (!is_unit_name(entry.name)) return true;
    if (entry.type == FileType::regular || find_entry(entry.name, index)) return false;
    auto link = read_unit_link(folder.path, entry.name);
    if (!link) return true;
    links_.emplace(entry.name, std::move(*link));
    return false;
  });
  if (!std::ranges::is_sorted(*entries, {}, &DirEntry::name))
    std::ranges::sort(*entries, {}, &DirEntry::name);
  folder.units = std::move(*entries);
}

void UnitTree::add_drop_in_folder(std::size_t index, const DirEntry& entry) {
  std::string owner = entry.name.substr(0, entry.name.size() - 2);
  if (!is_unit_type(owner) && !is_unit_name(owner)) return;
  bool is_dir = entry.type == FileType::directory;
  if (entry.type == FileType::symlink) {
    // systemd looks a relative target up from its own working directory, which is the root.
    const std::string path = folders_[index].path + "/" + entry.name;
    auto target = fs_->read_link(path);
    if (target) {
      const std::string from_root = target->starts_with('/') ? *target : "/" + *target;
      auto type = fs_->stat_type(from_root);
      is_dir = type && *type == FileType::directory;
    }
    if (!is_dir)
      warn("dead-drop-in-folder", path, "systemd does not read this link to a drop-in folder",
           "make it a folder, or link to an absolute path");
  }
  if (is_dir) drop_in_dirs_[std::move(owner)].push_back(index);
}

std::optional<UnitTree::Link> UnitTree::read_unit_link(const std::string& dir, const std::string& name) {
  const std::string path = dir + "/" + name;
  auto link = fs_->read_link(path);
  if (!link) return std::nullopt;
  const auto target = locate(*fs_, link->starts_with('/') ? *link : dir + "/" + *link);
  if (!target) {
    warn("bad-link", path, "the link to '" + *link + "' cannot be followed: " + target.error().message);
    return std::nullopt;
  }
  // Linked from elsewhere, or a mask: the name of the null device is enough, a tree need not have it.
  if (!is_in_search_path(*target)) return Link{*target == kMask ? LinkKind::mask : LinkKind::elsewhere, {}};
  const std::string_view other = base_name(*target);
  // An alias of itself says nothing; a lower folder may have the file.
  if (other == name) return std::nullopt;
  const auto source_name = parse_unit_name(name);
  const auto other_name = parse_unit_name(other);
  if (!other_name || !is_valid_alias(*source_name, *other_name)) {
    warn("bad-alias", path,
         "the link leads to '" + std::string(other) + "', which it cannot be an alias of");
    return std::nullopt;
  }
  return Link{LinkKind::alias, std::string(other)};
}

void UnitTree::index_aliases() {
  for (const auto& [name, link] : links_) {
    if (link.kind != LinkKind::alias) continue;
    const auto target = find_target(name);
    if (!target) continue;
    std::string destination = target->entry->name;
    const auto destination_name = parse_unit_name(destination);
    const auto source_name = parse_unit_name(name);
    if (destination_name->kind() == UnitNameKind::template_ &&
        source_name->kind() == UnitNameKind::instance) {
      const auto instance = destination_name->with_instance(source_name->instance());
      if (!instance) continue;
      destination = instance->text();
    }
    aliases_[destination].push_back(name);
  }
}

std::optional<UnitTree::Target> UnitTree::find_entry(std::string_view name, std::size_t end) const {
  for (const Folder& folder : std::span(folders_).first(end)) {
    const auto found = std::ranges::lower_bound(folder.units, name, {}, &DirEntry::name);
    if (found == folder.units.end() || found->name != name) continue;
    const auto link = found->type == FileType::symlink ? links_.find(name) : links_.end();
    return Target{&folder, &*found, link == links_.end() ? nullptr : &link->second};
  }
  return std::nullopt;
}

std::optional<UnitTree::Target> UnitTree::find_target(std::string_view name, Lookup* how) const {
  Lookup ignored = Lookup::found;
  Lookup& result = how != nullptr ? *how : ignored;
  for (unsigned hop = 0; hop < kAliasHopsMax; ++hop) {
    auto found = find_entry(name, folders_.size());
    if (!found) {
      if (hop == 0) {
        result = Lookup::absent;
        return std::nullopt;
      }
      // An alias may lead to an instance whose file is the template's.
      const auto parsed = parse_unit_name(name);
      if (parsed && parsed->kind() == UnitNameKind::instance)
        found = find_entry(parsed->template_name().text(), folders_.size());
      if (!found) {
        result = Lookup::dangling;
        return std::nullopt;
      }
    }
    if (!found->is_alias()) {
      result = Lookup::found;
      return found;
    }
    name = found->link->other;
  }
  result = Lookup::loop;
  return std::nullopt;
}

bool UnitTree::is_masked(const Target& target) const {
  if (target.link != nullptr && target.link->kind == LinkKind::mask) return true;
  const auto text = fs_->read_file(target.path(), kUnitFileMax);
  return text ? text->empty() : text.error().code == Errc::not_found;
}

std::vector<UnitName> UnitTree::names(std::string_view type) const {
  std::vector<UnitName> result;
  std::size_t most = 0;
  for (const Folder& folder : folders_) most += folder.units.size();
  result.reserve(most);
  for (std::size_t i = 0; i < folders_.size(); ++i)
    for (const DirEntry& entry : folders_[i].units) {
      if (!entry.name.ends_with(type) || find_entry(entry.name, i)) continue;
      const auto link = entry.type == FileType::symlink ? links_.find(entry.name) : links_.end();
      if (link != links_.end() && link->second.kind == LinkKind::alias) continue;
      auto parsed = parse_unit_name(entry.name);
      if (parsed->type() == type) result.push_back(std::move(*parsed));
    }
  std::ranges::sort(result);
  return result;
}

std::vector<UnitName> UnitTree::instances(std::string_view type) const {
  std::vector<UnitName> result;
  for (const auto& [owner, folders] : drop_in_dirs_) {
    auto name = parse_unit_name(owner);
    if (name && name->kind() == UnitNameKind::instance && name->type() == type &&
        !find_entry(owner, folders_.size()))
      result.push_back(std::move(*name));
  }
  std::ranges::sort(result);
  return result;
}

std::vector<std::string> UnitTree::find_names(const UnitName& name, const std::string& file) const {
  std::vector<std::string> found = {name.text()};
  const auto add_alias = [&](const std::string& alias, std::string_view fragment_name) {
    const auto parsed = parse_unit_name(alias);
    if (name.kind() == UnitNameKind::instance && parsed->kind() == UnitNameKind::template_) {
      const auto instance = parsed->with_instance(name.instance());
      if (!instance) return;
      // An instance of the alias that has a file of its own is another unit.
      const auto own = find_target(instance->text());
      if (own && !fragment_name.empty() && own->entry->name != fragment_name) return;
      found.push_back(instance->text());
    } else {
      found.push_back(alias);
    }
  };
  const auto add_aliases_of = [&](const std::string& key, std::string_view fragment_name) {
    // A template is a name of itself, so that an alias of it finds the instance of both.
    if (const auto own = find_entry(key, folders_.size());
        own && !own->is_alias() && key.find("@.") != std::string::npos)
      add_alias(key, fragment_name);
    const auto aliases = aliases_.find(key);
    // Nothing is an alias of a masked unit, or of a link to nothing.
    if (aliases == aliases_.end() || is_masked(*find_target(aliases->second.front()))) return;
    for (const std::string& alias : aliases->second) add_alias(alias, fragment_name);
  };
  add_aliases_of(name.text(), {});
  if (file != name.text()) {
    found.push_back(file);
    add_aliases_of(file, file);
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
  if (drop_in_dirs_.empty()) return {};
  // File name → path; the first folder that has the name wins, and the order is by file name alone.
  std::map<std::string, std::string> files;
  const auto add_dirs_of = [&](std::span<const std::string> owners) {
    std::vector<std::pair<const std::string*, const std::vector<std::size_t>*>> found;
    for (const std::string& owner : owners)
      if (const auto at = drop_in_dirs_.find(owner); at != drop_in_dirs_.end())
        found.emplace_back(&owner, &at->second);
    if (found.empty()) return;
    // Folders by priority first, then by how specific the owner is.
    for (std::size_t index = 0; index < folders_.size(); ++index)
      for (const auto& [owner, indices] : found) {
        if (std::ranges::find(*indices, index) == indices->end()) continue;
        const std::string dir = folders_[index].path + "/" + *owner + ".d";
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
  Unit unit{name, {}, LoadState::not_found, {}, {}, {}, {}, {}};
  Lookup how = Lookup::found;
  std::optional<Target> target = find_target(name.text(), &how);
  // An alias that leads nowhere does not stand in the template's way, but a loop does.
  const bool dangling = how == Lookup::dangling;
  if (!target && how != Lookup::loop && name.kind() == UnitNameKind::instance)
    target = find_target(name.template_name().text(), &how);
  if (!target) {
    if (how == Lookup::loop)
      unit.diagnostics.push_back({Severity::warning, "alias-loop", SourcePos{name.text(), 0},
                                  "the name is an alias that leads in a circle, or over too many others"});
    else if (dangling || how == Lookup::dangling)
      unit.diagnostics.push_back({Severity::warning, "dangling-alias", SourcePos{name.text(), 0},
                                  "the name is an alias of a unit that is not there"});
    return unit;
  }

  const std::string path = target->path();
  // The file's name becomes the unit's, unless the instance of its template has a file of its own.
  const std::vector<std::string> names = find_names(name, target->entry->name);
  const auto as_instance = [&name](std::optional<UnitName> other) {
    if (other && other->kind() == UnitNameKind::template_ && name.kind() == UnitNameKind::instance)
      return other->with_instance(name.instance());
    return other;
  };
  const std::optional<UnitName> id = as_instance(parse_unit_name(target->entry->name));
  if (id && std::ranges::binary_search(names, id->text())) unit.name = *id;
  for (const std::string& other : names) {
    auto alias = as_instance(parse_unit_name(other));
    if (alias && *alias != unit.name) unit.aliases.push_back(std::move(*alias));
  }
  std::ranges::sort(unit.aliases);
  const auto repeated = std::ranges::unique(unit.aliases);
  unit.aliases.erase(repeated.begin(), repeated.end());

  if (target->link != nullptr && target->link->kind == LinkKind::mask) {
    unit.state = LoadState::masked;
    return unit;
  }
  auto text = fs_->read_file(path, kUnitFileMax);
  if (!text) {
    Error error = std::move(text).error();
    error.where = SourcePos{path, 0};
    unit.state = error.code == Errc::not_found ? LoadState::not_found : LoadState::refused;
    unit.refusal = std::move(error);
    return unit;
  }
  if (text->empty()) {
    unit.state = LoadState::masked;
    return unit;
  }
  if (target->link == nullptr)
    unit.fragment_real_path = target->folder->resolved + "/" + target->entry->name;
  else if (auto real = fs_->resolve(path))
    unit.fragment_real_path = std::move(*real);
  unit.fragment = parse_unit_file(std::move(*text), path);
  unit.state = LoadState::loaded;
  if (unit.fragment->stopped()) {
    unit.state = LoadState::refused;
    unit.refusal = unit.fragment->stopped();
  }
  // What we cannot read but systemd may leaves the whole unit unknown.
  const auto refuse = [&unit](Error error, const std::string& file) {
    if (unit.state == LoadState::refused) return;
    if (error.where.file.empty()) error.where = SourcePos{file, 0};
    unit.state = LoadState::refused;
    unit.refusal = std::move(error);
  };
  for (const std::string& drop_in : find_drop_ins(unit)) {
    auto drop_in_text = fs_->read_file(drop_in, kUnitFileMax);
    if (!drop_in_text) {
      Error& error = drop_in_text.error();
      if (error.code == Errc::io || error.code == Errc::too_large) {
        refuse(std::move(error), drop_in);
        continue;
      }
      // systemd cannot read it either.
      add_diagnostic(unit.diagnostics, {Severity::warning,
                                        "unreadable-drop-in",
                                        SourcePos{drop_in, 0},
                                        "the drop-in cannot be read and does not count: " + error.message,
                                        {}});
      continue;
    }
    unit.drop_ins.push_back(parse_unit_file(std::move(*drop_in_text), drop_in));
    const auto& stopped = unit.drop_ins.back().stopped();
    if (stopped && stopped->code == Errc::too_large) refuse(*stopped, drop_in);
  }
  return unit;
}

}  // namespace harden
