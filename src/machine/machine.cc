// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine/machine.h"

#include <charconv>
#include <string>
#include <string_view>

#include "machine/facts.h"
#include "policy/manager_conf.h"

namespace harden {
namespace {

// "libsystemd-shared-252.so", "libsystemd-shared-257.9-1~deb13u1.so" → the number.
std::optional<unsigned> version_of_library(std::string_view name) {
  constexpr std::string_view kStart = "libsystemd-shared-";
  if (!name.starts_with(kStart) || name.find(".so") == std::string_view::npos) return std::nullopt;
  name.remove_prefix(kStart.size());
  unsigned version = 0;
  const auto [at, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  if (error != std::errc() || version == 0) return std::nullopt;
  return version;
}

std::optional<unsigned> version_in(const FileSystem& fs, const std::string& dir) {
  const auto entries = fs.list_dir(dir);
  if (!entries) return std::nullopt;
  std::optional<unsigned> newest;
  for (const DirEntry& entry : *entries)
    if (const auto version = version_of_library(entry.name); version && version > newest) newest = version;
  return newest;
}

// Are /bin and its like folders of their own in this tree?
bool is_split(const FileSystem& fs) {
  const auto bin = fs.resolve("/bin");
  return bin && *bin == "/bin";
}

}  // namespace

std::optional<unsigned> find_systemd_version(const FileSystem& fs) {
  // Debian has the library beside others of its architecture, other systems in systemd's own folder.
  for (const std::string lib : {"/usr/lib", "/usr/lib64", "/lib", "/lib64"}) {
    if (const auto version = version_in(fs, lib + "/systemd")) return version;
    const auto entries = fs.list_dir(lib);
    if (!entries) continue;
    for (const DirEntry& entry : *entries)
      if (entry.name.find("-linux-") != std::string::npos)
        if (const auto version = version_in(fs, lib + "/" + entry.name + "/systemd")) return version;
  }
  return std::nullopt;
}

Target machine_target(const FileSystem& fs, const HardenConf& conf, const catalogue::Systemd& systemd,
                      bool is_this_machine) {
  const catalogue::Layout* layout = conf.layout;
  if (layout == &catalogue::layouts().front() && is_split(fs)) layout = catalogue::find_layout("split-usr");
  return {&systemd, layout, RunsAs::root,
          is_this_machine ? find_machine_facts() : std::vector<catalogue::Fact>{},
          read_manager_conf(fs, systemd)};
}

}  // namespace harden
