// SPDX-License-Identifier: LGPL-2.1-or-later
// Files that the user names on the command line beside units: read as any program reads them, from
// where it runs, pipes included.
#pragma once

#include <cstddef>
#include <string>

#include "util/result.h"

namespace harden {

inline constexpr std::size_t kInputFileMax = 4U << 20U;

[[nodiscard]] Result<std::string> read_input_file(const std::string& path);

}  // namespace harden
