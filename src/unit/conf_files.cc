// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit/conf_files.h"

#include <map>
#include <utility>

namespace harden {

std::vector<std::string> list_conf_drop_ins(const FileSystem& fs, std::span<const std::string_view> dirs) {
  std::map<std::string, std::string> by_name;
  for (const std::string_view dir : dirs)
    if (const auto entries = fs.list_dir(dir))
      for (const DirEntry& entry : *entries)
        if (entry.name.ends_with(".conf"))
          by_name.try_emplace(entry.name, std::string(dir) + "/" + entry.name);
  std::vector<std::string> paths;
  paths.reserve(by_name.size());
  for (auto& [name, path] : by_name) paths.push_back(std::move(path));
  return paths;
}

}  // namespace harden
