// SPDX-License-Identifier: LGPL-2.1-or-later
// SARIF 2.1.0, the form in which code hosting sites take findings of a tool: a rule for the threshold
// and one for every row; a result for every unit over its threshold. An exemption is a suppression.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "emit/json.h"
#include "emit/score_report.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kThresholdRule = "exposure-threshold";
constexpr std::size_t kWorstRows = 10;
constexpr std::size_t kWorstRowsInMessage = 3;

ordered_json rules(const catalogue::Systemd& systemd) {
  ordered_json list = ordered_json::array();
  list.push_back({{"id", kThresholdRule},
                  {"name", "ExposureThreshold"},
                  {"shortDescription", {{"text", "The unit's exposure level is over the threshold."}}},
                  {"defaultConfiguration", {{"level", "error"}}}});
  const auto rows = catalogue::exposure_rows();
  for (std::size_t i = 0; i < rows.size(); ++i)
    list.push_back({{"id", rows[i].json_field},
                    {"shortDescription", {{"text", systemd.exposure[i].name}}},
                    {"fullDescription",
                     {{"text", "While this is open, the service " + std::string(rows[i].open) + "."}}},
                    {"defaultConfiguration", {{"level", "note"}}}});
  return list;
}

// A path as the path of a URI.
std::string uri_path(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/@:+,=";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          kPlain.find(c) != std::string_view::npos;
    if (is_plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

ordered_json location(std::string_view file) {
  // A file named relative to where the program ran keeps that name, so that a checkout's paths match.
  if (!file.starts_with('/')) {
    while (file.starts_with("./")) file.remove_prefix(2);
    return {{"uri", uri_path(file)}};
  }
  return {{"uri", uri_path(file.substr(1))}, {"uriBaseId", "ROOT"}};
}

ordered_json result(const ScoredUnit& unit) {
  const unsigned tenths = unit.exposure.tenths;
  std::string message = unit.unit + ": exposure " + tenths_text(tenths) + " " +
                        std::string(exposure_predicate(tenths)) + " is over the threshold of " +
                        tenths_text(unit.threshold) + ".";
  ordered_json worst = ordered_json::array();
  for (const RowScore* row : open_rows(unit.exposure)) {
    if (worst.size() == kWorstRows) break;
    if (worst.size() < kWorstRowsInMessage)
      message.append(worst.empty() ? " Most of it: the service " : "; it ")
          .append(row->row->open)
          .append(" (")
          .append(row->name->name)
          .append(")");
    worst.push_back({{"ruleId", row->name->json_field},
                     {"setting", row->name->name},
                     {"tenths", row->tenths},
                     {"open", row->row->open}});
  }
  if (!worst.empty()) message += ".";
  ordered_json suppressions = ordered_json::array();
  if (unit.exempt) suppressions.push_back({{"kind", "external"}, {"justification", unit.exemption}});
  return {{"ruleId", kThresholdRule},
          {"ruleIndex", 0},
          {"level", "error"},
          {"message", {{"text", message}}},
          {"locations", {{{"physicalLocation", {{"artifactLocation", location(unit.file)}}}}}},
          {"partialFingerprints", {{"unit/v1", unit.unit}}},
          {"suppressions", suppressions},
          {"properties",
           {{"unit", unit.unit},
            {"exposure_tenths", tenths},
            {"threshold_tenths", unit.threshold},
            {"worst_rows", worst}}}};
}

ordered_json notification(const FailedUnit& failed) {
  return {{"level", "error"}, {"message", {{"text", failed.unit + ": " + failed.error.message}}}};
}

}  // namespace

std::string score_sarif(const ScoreReport& report, std::string_view program_version) {
  ordered_json results = ordered_json::array();
  for (const ScoredUnit& unit : report.units)
    if (unit.is_over()) results.push_back(result(unit));
  ordered_json notifications = ordered_json::array();
  for (const FailedUnit& failed : report.failed) notifications.push_back(notification(failed));
  const ordered_json driver = {
      {"name", "harden"}, {"version", program_version}, {"rules", rules(*report.systemd)}};
  const ordered_json run = {
      {"tool", {{"driver", driver}}},
      {"originalUriBaseIds",
       {{"ROOT", {{"description", {{"text", "the root of the examined file tree"}}}}}}},
      {"invocations",
       {{{"executionSuccessful", report.failed.empty()}, {"toolExecutionNotifications", notifications}}}},
      {"properties",
       {{"systemd", report.systemd->version},
        {"mode", report.mode == ScoreMode::offline ? "offline" : "online"}}},
      {"results", results}};
  return json_document({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                        {"version", "2.1.0"},
                        {"runs", ordered_json::array({run})}});
}

}  // namespace harden
