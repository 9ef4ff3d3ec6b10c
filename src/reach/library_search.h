// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the dynamic linker looks for a library. Source: ld.so(8), and ld-musl's own rule.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/root_dir.h"

namespace harden::reach {

// What a module says of the libraries that it needs.
struct ModuleHeader {
  std::string soname, interpreter, rpath, runpath;
  std::vector<std::string> needed;
  bool ignores_default_dirs = false;
};

// A module in the order of loading, for the search: who asked for it, and where its file lies.
struct LoadedFrom {
  const ModuleHeader* header = nullptr;
  std::string_view dir;                // of its file, resolved
  const LoadedFrom* loader = nullptr;  // nullptr: the program
};

class LibrarySearch {
 public:
  // Reads /etc/ld.so.conf and what it includes; `interpreter` is the program's.
  LibrarySearch(const FileSystem& fs, std::string_view interpreter);

  // Candidates for a name that `loader` needs, best first; whether one is there and fits is the caller's
  // to see.
  [[nodiscard]] std::vector<std::string> candidates(std::string_view name, const LoadedFrom& loader) const;
  [[nodiscard]] const std::vector<std::string>& default_dirs() const { return dirs_; }

 private:
  void read_conf(const FileSystem& fs, std::string_view path, int depth);
  void add_dir(std::string_view dir);

  std::vector<std::string> dirs_;
};

[[nodiscard]] std::string_view dir_of(std::string_view path);
// The files that a path means whose last part may be a pattern of glob(7), by name, and not without end.
// One that is no pattern is given back, be it there or not.
[[nodiscard]] std::vector<std::string> matching_files(const FileSystem& fs, std::string_view pattern);

}  // namespace harden::reach
