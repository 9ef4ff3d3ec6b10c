// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/manager_conf.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "settings/parse_value.h"
#include "unit/unit_file.h"

namespace harden {
namespace {

using catalogue::DirectiveId;

// Highest priority first; drop-ins of all folders apply, in the order of their names.
constexpr std::array<std::string_view, 4> kDirs = {"/etc/systemd", "/run/systemd", "/usr/local/lib/systemd",
                                                   "/usr/lib/systemd"};
constexpr std::array<DirectiveId, 3> kDirectives = {
    DirectiveId::CapabilityBoundingSet, DirectiveId::NoNewPrivileges, DirectiveId::SystemCallArchitectures};

void read_file(const UnitFile& file, const catalogue::Systemd& systemd, Settings& settings) {
  static const UnitName kName = *parse_unit_name("manager.service");
  for (const Entry& entry : file.entries()) {
    if (entry.kind != EntryKind::assignment || entry.section != "Manager") continue;
    const catalogue::Directive* directive = catalogue::find_directive(entry.key);
    if (directive == nullptr || std::ranges::find(kDirectives, directive->id) == kDirectives.end())
      continue;
    Diagnostics unread;
    std::optional<Value> value = settings.take(directive->id);
    (void)assign_value(*directive, entry.value, value,
                       {&systemd, {&kName, {}, systemd.version}, {}, true, &unread, false});
    if (value) settings.set(directive->id, std::move(*value));
  }
}

}  // namespace

Settings read_manager_conf(const FileSystem& fs, const catalogue::Systemd& systemd) {
  Settings settings;
  const auto read = [&](const std::string& path) {
    auto text = fs.read_file(path, kUnitFileMax);
    if (text) read_file(parse_unit_file(std::move(*text), path), systemd, settings);
    return text.has_value();
  };
  for (const std::string_view dir : kDirs)
    if (read(std::string(dir) + "/system.conf")) break;
  std::map<std::string, std::string> drop_ins;   // name → path, of the first folder that has it
  for (const std::string_view dir : kDirs) {
    const std::string drop_in_dir = std::string(dir) + "/system.conf.d";
    if (const auto entries = fs.list_dir(drop_in_dir))
      for (const DirEntry& entry : *entries)
        if (entry.name.ends_with(".conf")) drop_ins.try_emplace(entry.name, drop_in_dir + "/" + entry.name);
  }
  for (const auto& [name, path] : drop_ins) (void)read(path);
  return settings;
}

}  // namespace harden
