// SPDX-License-Identifier: LGPL-2.1-or-later
// What /proc says of processes while they run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "needs/need.h"
#include "record/interpret.h"

namespace harden::record {

[[nodiscard]] std::string process_name(std::int32_t pid);
[[nodiscard]] std::string process_exe(std::int32_t pid);
// The path of its control group below the unified hierarchy: "/system.slice/nginx.service".
[[nodiscard]] std::string process_cgroup(std::int32_t pid);
// The last part of that which is a unit's name; the last part if none is.
[[nodiscard]] std::string process_unit(std::int32_t pid);
[[nodiscard]] std::optional<std::string> resolve_for(std::int32_t pid, const std::string& path);
// The path on the host; empty if it is the same, or not known.
[[nodiscard]] std::string host_path_of(std::int32_t pid, const std::string& path);

// What a process has already: files open and mapped, sockets. For one that ran before the recording.
[[nodiscard]] std::vector<Finding> findings_of_running(std::int32_t pid, const Lookup& lookup);
// The system call that each of its threads is in, by number; they may never return.
[[nodiscard]] std::vector<unsigned> calls_in_progress(std::int32_t pid);

// The program that an ELF file asks to be loaded by, as the file at that path below the process's root has
// it.
[[nodiscard]] std::optional<std::string> loader_of(std::int32_t pid, const std::string& path);

// Where the unified control group hierarchy is mounted: "/sys/fs/cgroup". Nothing if it is not.
[[nodiscard]] std::optional<std::string> unified_hierarchy();

}  // namespace harden::record
