// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/status_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "emit/json.h"
#include "emit/table.h"
#include "util/text.h"
#include "util/time_span.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t kMicroseconds = 1'000'000;

std::string policy_text(const Generation& generation) {
  std::string text = generation.profile;
  if (!generation.grants.empty()) text += " " + generation.grants;
  if (generation.is_static) text += fmt::format(" (settings for systemd {})", generation.systemd);
  return text;
}

std::string pending_text(const Pending& pending, std::uint64_t now_us) {
  if (pending.phase != DeployPhase::trial)
    return fmt::format("cut off while {}", phase_name(pending.phase));
  if (pending.deadline_us <= now_us) return "its trial is over";
  return fmt::format("on trial for {} more",
                     time_span_text(std::chrono::seconds((pending.deadline_us - now_us) / kMicroseconds)));
}

}  // namespace

std::string local_time_text(std::uint64_t realtime_us) {
  const auto seconds = static_cast<std::time_t>(realtime_us / kMicroseconds);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return "?";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", local);
}

std::string status_text(const StatusReport& report, std::size_t width, const Style& style) {
  std::string out;
  if (!report.switched_off.empty())
    print_paragraph(out, "No policy is in force: ", escape_for_terminal(report.switched_off), width, style,
                    Ink::bad);
  Table table({{"UNIT"}, {"SINCE"}, {"STATE"}, {"POLICY"}});
  for (const UnitStatusRow& row : report.units) {
    std::vector<std::string> states;
    if (row.pending) states.push_back(pending_text(*row.pending, report.now_us));
    states.insert(states.end(), row.drift.begin(), row.drift.end());
    if (states.empty()) states.push_back(row.active.empty() ? "as it was applied" : row.active);
    const bool is_odd = row.pending || !row.drift.empty();
    const std::string policy = row.pending && row.pending->phase != DeployPhase::rolling_back
                                   ? policy_text(row.pending->generation)
                               : row.current ? policy_text(*row.current)
                                             : "none any more";
    const std::uint64_t since = row.pending   ? row.pending->generation.made_us
                                : row.current ? row.current->made_us
                                              : 0;
    table.add_row({foreign_cell(row.unit, Ink::strong),
                   {since == 0 ? "-" : local_time_text(since)},
                   foreign_lines(states, is_odd ? Ink::fair : Ink::good),
                   foreign_cell(policy)});
  }
  if (table.empty())
    out += "harden has changed no unit.\n";
  else
    table.print(out, width, style);
  return out;
}

std::string status_json(const StatusReport& report) {
  ordered_json json = {{"schema", 1}, {"switched_off", report.switched_off}};
  json["units"] = ordered_json::array();
  const auto record = [](const Generation& generation) {
    return ordered_json{{"number", generation.number},   {"previous", generation.previous},
                        {"made_us", generation.made_us}, {"profile", generation.profile},
                        {"grants", generation.grants},   {"static", generation.is_static},
                        {"systemd", generation.systemd}};
  };
  for (const UnitStatusRow& row : report.units) {
    ordered_json one = {{"unit", row.unit}, {"active", row.active}};
    one["current"] = row.current ? record(*row.current) : ordered_json(nullptr);
    one["generations"] = row.generations;
    one["pending"] = nullptr;
    if (row.pending) {
      one["pending"] = record(row.pending->generation);
      one["pending"]["phase"] = phase_name(row.pending->phase);
      one["pending"]["deadline_us"] = row.pending->deadline_us;
    }
    one["drift"] = row.drift;
    json["units"].push_back(std::move(one));
  }
  return json_document(json);
}

}  // namespace harden
