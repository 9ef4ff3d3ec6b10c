// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/upgrade_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "emit/json.h"
#include "emit/table.h"
#include "policy/policy_source.h"
#include "util/text.h"

namespace harden {

std::string upgrade_text(const UpgradeReport& report, std::size_t width, const Style& style) {
  std::string out;
  const Upgrade& upgrade = report.upgrade;
  if (!upgrade.lost.empty()) {
    print_paragraph(
        out, "",
        fmt::format("No grants on {} keep all that {} may do today. Lost are: {}.", report.to->name,
                    escape_for_terminal(report.unit), fmt::join(upgrade.lost, ", ")),
        width, style);
    return out;
  }
  // Ready to be pasted, whatever the width.
  out += fmt::format("[X-Harden]\nProfile={}\n", report.to->name);
  for (const NeededGrant& one : upgrade.grants) {
    if (one.exceeds) out += "# opens more than there is today\n";
    std::string line = allow_line(one.grant, false);
    line.pop_back();
    out += escape_for_terminal(line) + '\n';
  }
  if (upgrade.replaced.empty()) return out;
  std::string names;
  for (const catalogue::DirectiveId id : upgrade.replaced)
    names += fmt::format("{}{}=", names.empty() ? "" : ", ", catalogue::directive(id).name);
  out += '\n';
  print_paragraph(out, "# ", fmt::format("With it these lines of the unit can go: {}", names), width, style,
                  Ink::dim);
  return out;
}

std::string upgrade_json(const UpgradeReport& report) {
  nlohmann::ordered_json json = {{"schema", 1},
                                 {"unit", report.unit},
                                 {"systemd", report.systemd},
                                 {"from", nullptr},
                                 {"to", report.to->name}};
  if (report.from != nullptr) json["from"] = report.from->name;
  json["grants"] = nlohmann::ordered_json::array();
  for (const NeededGrant& one : report.upgrade.grants)
    json["grants"].push_back({{"grant", one.grant.text()}, {"exceeds", one.exceeds}});
  json["replaced"] = nlohmann::ordered_json::array();
  for (const catalogue::DirectiveId id : report.upgrade.replaced)
    json["replaced"].push_back(catalogue::directive(id).name);
  json["lost"] = report.upgrade.lost;
  return json_document(json);
}

}  // namespace harden
