// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds units in a file tree as the system manager would: the first folder of the search path that has
// the name wins, symlinks are aliases, links to elsewhere or masks, and drop-ins come from the folders
// of the unit, its aliases, its template, its dash prefixes and its type. Each folder is listed once.
// Source: systemd.unit(5).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "unit/unit_file.h"
#include "unit/unit_name.h"
#include "util/root_dir.h"

namespace harden {

enum class LoadState : std::uint8_t {
  loaded,
  masked,     // the file is empty or a link to /dev/null
  not_found,
  refused,    // systemd would not load it, or not all of it can be read here; `refusal` says why
};

struct Unit {
  UnitName name;                   // the unit's own name, which need not be the one asked for
  std::vector<UnitName> aliases;   // other names of it, sorted
  LoadState state = LoadState::not_found;
  std::optional<Error> refusal;
  std::optional<UnitFile> fragment;   // the main file
  std::string fragment_real_path;     // with its symlinks resolved: what %y stands for
  std::vector<UnitFile> drop_ins;     // in the order in which systemd applies them
  Diagnostics diagnostics;  // of finding and reading; those of the files' own lines are in the files
};

enum class Scope : std::uint8_t { system, user };

struct SearchPath {
  std::vector<std::string> dirs;  // absolute, highest priority first
};

// `generated`: with what generators have left below /run/systemd/generator*, as a running manager has
// it; `systemd-analyze --offline` does without.
[[nodiscard]] SearchPath default_search_path(Scope scope, bool generated);

class UnitTree {
 public:
  // Lists every folder of the path; folders that are missing are no error. `fs` must outlive the tree.
  [[nodiscard]] static UnitTree scan(const FileSystem& fs, SearchPath path);

  // Names of the type that have a file of their own or are linked or masked, sorted; aliases are left
  // out, templates are in.
  [[nodiscard]] std::vector<UnitName> names(std::string_view type) const;

  // Instances of the type that have no file of their own but a folder of drop-ins, sorted.
  [[nodiscard]] std::vector<UnitName> instances(std::string_view type) const;

  // Never fails: the state says what became of it. A template is loaded as if it were an instance
  // without a name.
  [[nodiscard]] Unit load(const UnitName& name) const;

  [[nodiscard]] const Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  struct Folder {
    std::string path;
    std::string resolved;          // where it really is
    std::vector<DirEntry> units;   // files and links with the names of units, sorted
  };
  enum class LinkKind : std::uint8_t { alias, elsewhere, mask };
  struct Link {
    LinkKind kind;
    std::string other;   // alias: the name it leads to
  };
  struct Target {
    const Folder* folder;
    const DirEntry* entry;
    const Link* link;      // nullptr: a file

    [[nodiscard]] bool is_alias() const { return link != nullptr && link->kind == LinkKind::alias; }
    [[nodiscard]] std::string path() const { return folder->path + "/" + entry->name; }
  };

  explicit UnitTree(const FileSystem& fs) : fs_(&fs) {}
  void scan_folder(std::size_t index);
  void add_drop_in_folder(std::size_t index, const DirEntry& entry);
  // What a symlink makes of its name; nothing if it does not count.
  [[nodiscard]] std::optional<Link> read_unit_link(const std::string& dir, const std::string& name);
  void warn(std::string_view id, std::string path, std::string message, std::string hint = {});
  void index_aliases();
  [[nodiscard]] bool is_in_search_path(std::string_view path) const;
  // The entry of the first of the folders before `end` that has the name.
  [[nodiscard]] std::optional<Target> find_entry(std::string_view name, std::size_t end) const;
  enum class Lookup : std::uint8_t { found, absent, dangling, loop };
  // The file behind a name, aliases followed; nothing if there is none, and `how` tells why.
  [[nodiscard]] std::optional<Target> find_target(std::string_view name, Lookup* how = nullptr) const;
  [[nodiscard]] bool is_masked(const Target& target) const;
  [[nodiscard]] std::vector<std::string> find_names(const UnitName& name, const std::string& file) const;
  [[nodiscard]] std::vector<std::string> find_drop_ins(const Unit& unit) const;
  [[nodiscard]] const std::vector<std::string>& list_drop_in_dir(const std::string& dir) const;

  const FileSystem* fs_;
  std::vector<Folder> folders_;   // of the search path, each once
  std::map<std::string, Link, std::less<>> links_;   // by name, if no folder before has it
  std::unordered_map<std::string, std::vector<std::string>> aliases_;  // file name → names that lead to it
  std::unordered_map<std::string, std::vector<std::size_t>>
      drop_in_dirs_;  // "x.service" → indices into folders_
  mutable std::unordered_map<std::string, std::vector<std::string>> drop_in_files_;  // listed so far
  Diagnostics diagnostics_;
};

}  // namespace harden
