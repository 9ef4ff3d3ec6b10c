// SPDX-License-Identifier: LGPL-2.1-or-later
// A unit in memory and what lint finds in it.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lint/lint.h"
#include "support/fake_file_system.h"

namespace harden {

// The tables of the nearest version we have under another version's number, for rules on versions between.
inline const catalogue::Systemd& systemd_as(unsigned version) {
  static std::vector<std::pair<unsigned, std::unique_ptr<catalogue::Systemd>>> made;
  for (const auto& [number, systemd] : made)
    if (number == version) return *systemd;
  auto systemd = std::make_unique<catalogue::Systemd>(catalogue::nearest_systemd(version));
  systemd->version = version;
  return *made.emplace_back(version, std::move(systemd)).second;
}

// Of a.service in `fs`.
inline Diagnostics lint_a(const FakeFileSystem& fs, unsigned version = 252, bool with_tree = false) {
  const UnitTree tree = UnitTree::scan(fs, default_search_path(Scope::system, false));
  const LoadedUnit loaded =
      load_settings(tree.load(*parse_unit_name("a.service")), {&systemd_as(version), {}});
  return lint_unit(loaded, with_tree ? &fs : nullptr);
}

inline constexpr std::string_view kFragment = "/usr/lib/systemd/system/a.service";
inline constexpr std::string_view kDropIn = "/etc/systemd/system/a.service.d/10.conf";

// Of a service with these lines in [Service] and, if there are any, those of a drop-in.
inline Diagnostics lint_lines(std::string_view lines, unsigned version = 252,
                              std::string_view drop_in = {}) {
  FakeFileSystem fs;
  std::string text = lines.find("ExecStart=") == std::string_view::npos ? "[Service]\nExecStart=/bin/true\n"
                                                                        : "[Service]\n";
  fs.add_file(kFragment, text.append(lines).append("\n"));
  if (!drop_in.empty()) fs.add_file(kDropIn, "[Service]\n" + std::string(drop_in) + "\n");
  return lint_a(fs, version);
}

inline const Diagnostic* find_finding(const Diagnostics& findings, std::string_view id) {
  const auto found = std::ranges::find(findings, id, &Diagnostic::id);
  return found == findings.end() ? nullptr : &*found;
}

// Without notes.
inline Diagnostics without_notes(Diagnostics findings) {
  std::erase_if(findings, [](const Diagnostic& one) { return one.severity == Severity::note; });
  return findings;
}

inline std::string ids_of(const Diagnostics& findings) {
  std::string ids;
  for (const Diagnostic& one : findings) ids.append(ids.empty() ? "" : " ").append(one.id);
  return ids;
}

}  // namespace harden
