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

  // Never fails: the state says what became of it. A template is loaded as if it were an instance
  // without a name.
  [[nodiscard]] Unit load(const UnitName& name) const;

  [[nodiscard]] const Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  struct Target {
    bool is_alias = false;
    std::string text;       // alias: the other name; else: the path of the file
    std::string real_path;  // of a file that is no link: its path with the links of its folder resolved
  };

  explicit UnitTree(const FileSystem& fs, SearchPath path);
  void scan_dir(std::size_t index);
  void add_symlink(const std::string& dir, const std::string& name);
  void warn(std::string_view id, std::string path, std::string message, std::string hint = {});
  void index_aliases();
  [[nodiscard]] bool is_in_search_path(std::string_view path) const;
  enum class Lookup : std::uint8_t { found, absent, dangling, loop };
  // The file behind a name, aliases followed; nullptr if there is none, and `how` tells why.
  [[nodiscard]] const Target* find_target(const std::string& name, Lookup* how = nullptr) const;
  [[nodiscard]] std::vector<std::string> find_names(const UnitName& name,
                                                    const std::string* fragment) const;
  [[nodiscard]] std::vector<std::string> find_drop_ins(const Unit& unit) const;
  [[nodiscard]] const std::vector<std::string>& list_drop_in_dir(const std::string& dir) const;

  const FileSystem* fs_;
  SearchPath path_;
  std::vector<std::string> path_resolved_;  // and where its folders really are
  std::unordered_map<std::string, Target> targets_;
  std::unordered_map<std::string, std::vector<std::string>>
      aliases_;  // file name → names that lead to it, its own too
  std::unordered_map<std::string, std::vector<std::size_t>>
      drop_in_dirs_;  // "x.service" → indices into path_.dirs
  mutable std::unordered_map<std::string, std::vector<std::string>> drop_in_files_;  // listed so far
  Diagnostics diagnostics_;
};

}  // namespace harden
