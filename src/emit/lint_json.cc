// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden lint --json`; docs/schema/lint.schema.json describes it.
#include <nlohmann/json.hpp>
#include <string>

#include "emit/json.h"
#include "emit/lint_report.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> kSeverities = {"note", "warning", "error"};

ordered_json text_or_null(std::string_view text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json line_or_null(unsigned line) { return line == 0 ? ordered_json(nullptr) : ordered_json(line); }

}  // namespace

std::string lint_json(const LintReport& report) {
  ordered_json findings = ordered_json::array();
  for (const LintedUnit& unit : report.units)
    for (const Diagnostic& one : unit.findings) {
      if (one.severity == Severity::note && !report.notes) continue;
      findings.push_back({{"unit", unit.unit},
                          {"severity", kSeverities[static_cast<std::size_t>(one.severity)]},
                          {"id", one.id},
                          {"file", text_or_null(one.where.file)},
                          {"line", line_or_null(one.where.line)},
                          {"message", one.message},
                          {"hint", text_or_null(one.hint)}});
    }
  ordered_json failed = ordered_json::array();
  for (const auto& [unit, error] : report.failed)
    failed.push_back({{"unit", unit},
                      {"file", text_or_null(error.where.file)},
                      {"line", line_or_null(error.where.line)},
                      {"message", error.message}});
  return json_document(
      {{"schema", 1}, {"systemd", report.systemd->version}, {"findings", findings}, {"failed", failed}});
}

}  // namespace harden
