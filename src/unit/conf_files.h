// SPDX-License-Identifier: LGPL-2.1-or-later
// Configuration in several folders, as systemd and what follows it have it: drop-ins of all folders apply,
// in the order of their names, and of two with one name that of the folder with the higher priority counts.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "util/root_dir.h"

namespace harden {

// Paths of the files NAME.conf. `dirs`: highest priority first; missing ones are no fault.
[[nodiscard]] std::vector<std::string> list_conf_drop_ins(const FileSystem& fs,
                                                          std::span<const std::string_view> dirs);

}  // namespace harden
