// SPDX-License-Identifier: LGPL-2.1-or-later
// Written as text, not built as a tree: a thousand units have 81,000 rows, and those of one position
// differ in two words only. docs/schema/score.schema.json describes the result.
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "emit/json.h"
#include "emit/score_report.h"

namespace harden {
namespace {

constexpr std::size_t kChunk = 1U << 16U;
constexpr std::size_t kBadnessMax = 10;   // of any row of any systemd

// What follows "badness": by its value.
const std::array<std::string, kBadnessMax + 1>& row_ends() {
  static const auto ends = [] {
    std::array<std::string, kBadnessMax + 1> texts;
    for (std::size_t i = 0; i < texts.size(); ++i)
      texts[i] = std::to_string(i) + (i == 0 ? ", \"set\": true}" : ", \"set\": false}");
    return texts;
  }();
  return ends;
}

// Weights and ranges are the same for all units of a report.
std::vector<std::string> row_starts(std::span<const RowScore> rows) {
  std::vector<std::string> starts;
  starts.reserve(rows.size());
  for (const RowScore& row : rows)
    starts.push_back("{\"json_field\": " + json_string(row.name->json_field) +
                     ", \"weight\": " + std::to_string(row.weight) +
                     ", \"range\": " + std::to_string(row.range) + ", \"badness\": ");
  return starts;
}

void append_badness(std::string& out, const RowScore& row) {
  if (!row.badness)
    out += "null, \"set\": null}";
  else if (*row.badness <= kBadnessMax)
    out += row_ends()[*row.badness];
  else
    out.append(std::to_string(*row.badness)).append(", \"set\": false}");
}

}  // namespace

void score_json(const ScoreReport& report, const Sink& sink) {
  std::string out;
  out.reserve(kChunk + kChunk / 2);
  out += "{\"schema\": 1, \"systemd\": " + std::to_string(report.systemd->version) + ", \"mode\": \"" +
         (report.mode == ScoreMode::offline ? "offline" : "online") + "\", \"units\": [";
  std::vector<std::string> starts;
  std::string_view comma;
  for (const ScoredUnit& unit : report.units) {
    if (starts.empty()) starts = row_starts(unit.exposure.rows);
    out.append(comma).append("\n {\"unit\": ").append(json_string(unit.unit));
    out.append(", \"exposure_tenths\": ").append(std::to_string(unit.exposure.tenths));
    out.append(", \"predicate\": \"")
        .append(exposure_predicate(unit.exposure.tenths))
        .append("\", \"rows\": [");
    for (std::size_t i = 0; i < starts.size(); ++i) {
      out.append(i == 0 ? "\n  " : ",\n  ").append(starts[i]);
      append_badness(out, unit.exposure.rows[i]);
    }
    out += "]}";
    comma = ",";
    if (out.size() >= kChunk) {
      sink(out);
      out.clear();
    }
  }
  out += "], \"failed\": [";
  comma = {};
  for (const FailedUnit& failed : report.failed) {
    const SourcePos& where = failed.error.where;
    out.append(comma).append("\n {\"unit\": ").append(json_string(failed.unit));
    out.append(", \"file\": ").append(where.file.starts_with('/') ? json_string(where.file) : "null");
    out.append(", \"line\": ").append(where.line != 0 ? std::to_string(where.line) : "null");
    out.append(", \"message\": ").append(json_string(failed.error.message)).append("}");
    comma = ",";
  }
  out += "]}\n";
  sink(out);
}

}  // namespace harden
