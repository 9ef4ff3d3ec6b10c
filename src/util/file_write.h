// SPDX-License-Identifier: LGPL-2.1-or-later
// Files are replaced, never written in place: write to a temporary name, fsync, rename, fsync the
// directory. Whoever reads, and a machine that loses power, sees the old bytes or the new ones.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "util/result.h"

namespace harden {

// Whether the bytes must survive a power cut. volatile_: for /run, where fsync buys nothing.
enum class Durability : std::uint8_t { durable, volatile_ };

// Replaces or makes `name` (no slash in it) in the directory open as `dir_fd`, with exactly `mode`
// whatever the umask. A symlink at `name` is replaced, not followed. On failure the old file is
// untouched and no temporary file is left behind, short of a crash: then one named `.NAME.harden-*`.
[[nodiscard]] Result<void> replace_file_at(int dir_fd, const std::string& name, std::string_view bytes,
                                           mode_t mode, Durability durability = Durability::durable);

// The same by path; the directory must exist.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode,
                                        Durability durability = Durability::durable);

// For a path that a user names as output: replaces a regular file, or makes one. What is none (a device, a
// pipe, a link) is written to: a file in the place of /dev/null would break the machine.
[[nodiscard]] Result<void> write_output(const std::string& path, std::string_view bytes, mode_t mode);

}  // namespace harden
