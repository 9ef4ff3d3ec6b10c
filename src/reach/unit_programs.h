// SPDX-License-Identifier: LGPL-2.1-or-later
// The programs that a unit's Exec…= lines start.
#pragma once

#include <string>
#include <vector>

#include "settings/settings.h"
#include "util/root_dir.h"

namespace harden::reach {

// Of all lines in all files of the unit, each program once: what a drop-in resets may still be started by
// the unit as it was shipped, and a filter that knows one program more refuses nothing. A name without a
// slash is looked up in the manager's path.
[[nodiscard]] std::vector<std::string> programs_of_unit(const FileSystem& fs, const LoadedUnit& unit);

}  // namespace harden::reach
