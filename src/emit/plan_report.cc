// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/plan_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "emit/compile_report.h"
#include "emit/json.h"
#include "emit/table.h"
#include "policy/drop_in.h"
#include "util/text.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

ordered_json exposure_json(const std::optional<Exposure>& exposure) {
  return exposure ? ordered_json(exposure->tenths / 10.0) : ordered_json(nullptr);
}

Cell exposure_cell(const std::optional<Exposure>& exposure) {
  if (!exposure) return {"not known"};
  return {fmt::format("{} {}", tenths_text(exposure->tenths), exposure_predicate(exposure->tenths)),
          ink_of_exposure(exposure->tenths)};
}

}  // namespace

std::string plan_text(const PlanReport& report, std::size_t width, const Style& style) {
  std::string out;
  const std::vector<Cell> pieces = {foreign_cell(report.unit, Ink::strong),
                                    {"  exposure "},
                                    exposure_cell(report.before),
                                    {" → "},
                                    exposure_cell(report.policy.exposure)};
  print_line(out, pieces, width, style);
  print_paragraph(out, "Policy from ", escape_for_terminal(report.from), width, style);
  print_policy(
      out, report.policy,
      [](const SourcePos& where) { return fmt::format("{}:{}", base_name(where.file), where.line); }, width,
      style);
  out += '\n';
  for (const std::string& file : report.files)
    print_paragraph(out, "Writes ", escape_for_terminal(file), width, style);
  for (const std::string& warning : report.warnings)
    print_paragraph(out, "Note: ", escape_for_terminal(warning), width, style, Ink::fair);
  return out;
}

std::string plan_json(const PlanReport& report) {
  ordered_json json = {{"schema", 1}, {"unit", report.unit}, {"from", report.from}};
  const Compiled& compiled = *report.policy.compiled;
  json["profile"] = compiled.policy.profile->name;
  json["grants"] = ordered_json::array();
  for (const Grant& grant : compiled.policy.grants) json["grants"].push_back(grant.text());
  json["exposure"] = {{"before", exposure_json(report.before)},
                      {"after", exposure_json(report.policy.exposure)}};
  json["settings"] = ordered_json::array();
  for (const Written& written : compiled.settings)
    for (const std::string& line : assignment_lines(written)) json["settings"].push_back(line);
  json["remarks"] = ordered_json::array();
  for (const Diagnostic& one : compile_remarks(compiled))
    json["remarks"].push_back({{"kind", one.id}, {"message", one.message}});
  json["files"] = report.files;
  json["warnings"] = report.warnings;
  return json_document(json);
}

}  // namespace harden
