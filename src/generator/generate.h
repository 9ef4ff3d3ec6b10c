// SPDX-License-Identifier: LGPL-2.1-or-later
// The work of harden-generator: for every unit of the tree that has a policy, the settings that it amounts
// to, as drop-ins. A fault of one unit costs that unit its drop-ins, and nobody else anything.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "util/root_dir.h"

namespace harden {

struct GeneratedFile {
  std::string unit;  // "nginx.service"
  std::string_view name;  // kDropInName or kOverrideName
  std::string text;
};

struct GenerateResult {
  std::size_t units = 0;  // that have a policy
  std::size_t faults = 0;
};

// `write` keeps a file, and says of its own faults; `log` is given one line for each fault.
// `is_this_machine`: as machine_target(). Never throws but what these throw.
[[nodiscard]] GenerateResult generate(const FileSystem& fs, bool is_this_machine,
                                      const std::function<bool(const GeneratedFile&)>& write,
                                      const std::function<void(std::string_view)>& log);

}  // namespace harden
