// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine/facts.h"

#include <linux/capability.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

namespace harden {
namespace {

using catalogue::Fact;

bool exists(const char* path) {
  struct stat ignored{};
  return ::stat(path, &ignored) == 0;
}

// What the manager may give: its own bounding set.
std::optional<std::uint64_t> manager_capabilities() {
  std::ifstream status("/proc/1/status");
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kName = "CapBnd:\t";
    if (!line.starts_with(kName)) continue;
    std::uint64_t mask = 0;
    const char* end = line.data() + line.size();
    if (std::from_chars(line.data() + kName.size(), end, mask, 16).ec == std::errc()) return mask;
  }
  return std::nullopt;
}

bool has_unified_cgroups() {
  struct statfs fs{};
  return ::statfs("/sys/fs/cgroup", &fs) != 0 || fs.f_type == CGROUP2_SUPER_MAGIC;
}

// Unreadable for most users, and then not known.
bool lacks_bpf_lsm() {
  std::ifstream file("/sys/kernel/security/lsm");
  std::string modules;
  if (!std::getline(file, modules)) return false;
  return ("," + modules + ",").find(",bpf,") == std::string::npos;
}

}  // namespace

std::vector<Fact> find_machine_facts() {
  std::vector<Fact> facts;
  if (exists("/run/systemd/container")) facts.push_back(Fact::nested);
  if (const auto mask = manager_capabilities(); mask && (*mask >> CAP_SYS_ADMIN & 1U) == 0)
    facts.push_back(Fact::container);
  if (!has_unified_cgroups()) facts.push_back(Fact::cgroup_v1);
  if (lacks_bpf_lsm()) facts.push_back(Fact::no_bpf_lsm);
  return facts;
}

}  // namespace harden
