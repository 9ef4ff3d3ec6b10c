// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/manager_conf.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "settings/parse_value.h"
#include "unit/conf_files.h"
#include "unit/unit_file.h"

namespace harden {
namespace {

using catalogue::DirectiveId;

// Highest priority first: the first main file that there is counts.
constexpr std::array<std::string_view, 4> kFiles = {"/etc/systemd/system.conf", "/run/systemd/system.conf",
                                                    "/usr/local/lib/systemd/system.conf",
                                                    "/usr/lib/systemd/system.conf"};
constexpr std::array<std::string_view, 4> kDropInDirs = {
    "/etc/systemd/system.conf.d", "/run/systemd/system.conf.d", "/usr/local/lib/systemd/system.conf.d",
    "/usr/lib/systemd/system.conf.d"};
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
  (void)std::ranges::any_of(kFiles, [&](std::string_view path) { return read(std::string(path)); });
  for (const std::string& path : list_conf_drop_ins(fs, kDropInDirs)) (void)read(path);
  return settings;
}

}  // namespace harden
