// SPDX-License-Identifier: LGPL-2.1-or-later
// The modules that a program's process may hold: the program, its interpreter, the libraries that these
// need, in the dynamic linker's own order, and plugins, which a caller adds with the reason why.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "reach/cache.h"
#include "reach/library_search.h"
#include "reach/summary.h"
#include "util/root_dir.h"

namespace harden::reach {

struct Module {
  std::string path;        // resolved, inside the root
  std::string reason;      // "program", "needed by PATH", "plugin: …"
  ModuleHeader header;
  Summary summary;         // empty until summarize_modules()
  std::uint32_t group = 0;  // 0: loaded at start; else the plugin that brought it, which others do not see
  bool is_plugin = false;  // itself opened, not only needed by one
  bool is_loader = false;  // the program's interpreter
  bool is_from_cache = false;
};

class Closure {
 public:
  // `cache` may be nullptr. Fails if the program cannot be read or is no x86-64 ELF.
  [[nodiscard]] static Result<Closure> load(const FileSystem& fs, std::string_view program, const Isa& isa,
                                            const Cache* cache);
  ~Closure();
  Closure(Closure&&) noexcept;
  Closure& operator=(Closure&&) noexcept;

  // A plugin by its path or, without a slash, by its name, as dlopen() finds it, with what it needs. False
  // if there is no such file or it is no module; `is_required` then says so in missing().
  bool add_plugin(std::string_view name, std::string_view reason, bool is_required);
  // Reads the code of what was added, on as many threads as pay. Wrappers of system calls that libraries
  // export are made known to who imports them.
  void summarize_modules(const std::function<void(std::size_t done, std::size_t all)>& progress);

  [[nodiscard]] const std::vector<std::unique_ptr<Module>>& modules() const { return modules_; }
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }
  [[nodiscard]] bool has_library(std::string_view soname) const;
  [[nodiscard]] const LibrarySearch& search() const { return *search_; }

 private:
  struct Pending;
  Closure(const FileSystem& fs, const Isa& isa, const Cache* cache);
  [[nodiscard]] Result<Module*> open(const std::string& path, std::string reason);
  void add_needed(std::size_t first);
  void reopen(std::size_t index);
  [[nodiscard]] WrapperNames exported_wrappers() const;

  const FileSystem* fs_;
  const Isa* isa_;
  const Cache* cache_;
  std::unique_ptr<LibrarySearch> search_;
  std::vector<std::unique_ptr<Module>> modules_;
  std::vector<std::unique_ptr<Pending>> pending_;  // beside modules_; nullptr: summarized
  std::vector<std::unique_ptr<LoadedFrom>> loaded_from_;
  std::unordered_map<std::string, Module*> by_name_;  // sonames, names as needed, resolved paths
  std::vector<std::string> missing_;
  std::uint32_t groups_ = 0;
};

}  // namespace harden::reach
