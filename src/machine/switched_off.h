// SPDX-License-Identifier: LGPL-2.1-or-later
// The rescue path: a word on the kernel's command line, or a file, and nothing is hardened.
#pragma once

#include <string>
#include <string_view>

#include "util/root_dir.h"

namespace harden {

inline constexpr std::string_view kOffFile = "/etc/harden/disabled";

// Is `harden=off` (or `no`, `0`, `false`) the last word about it? Words are split at blanks or, as the
// command line of a container's first process has them, at NUL.
[[nodiscard]] bool is_off_on_command_line(std::string_view command_line);

// Why nothing is to be done; empty if nothing says so.
[[nodiscard]] std::string switched_off(const FileSystem& fs, std::string_view command_line);

// The kernel's command line; in a container, which has none of its own, that of its first process.
[[nodiscard]] std::string read_command_line(const FileSystem& fs);

}  // namespace harden
