// SPDX-License-Identifier: LGPL-2.1-or-later
// The score in words. What a service may do while a row is open is said by the catalogue; this file
// orders and groups.
#include <algorithm>
#include <string>

#include "emit/score_report.h"
#include "emit/table.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Check;
using catalogue::DirectiveId;

bool is_open(const RowScore& row) { return row.badness.value_or(0) != 0; }
bool is_partly_open(const RowScore& row) { return is_open(row) && *row.badness < row.range; }

// The row's name as systemd gives it, with the unit's own value where that closes a part of it.
std::string row_setting(const RowScore& row, const LoadedUnit& loaded) {
  std::string text(row.name->name);
  if (!is_partly_open(row)) return text;
  const auto& directive = catalogue::directive(row.row->directive);
  if (row.row->check == Check::choice) {
    if (const auto choice = loaded.settings.choice(row.row->directive))
      text += directive.values[*choice].name;
  } else if (row.row->check == Check::umask || row.row->check == Check::user) {
    if (const Value* value = loaded.settings.find(row.row->directive))
      return std::string(directive.name) + "=" +
             escape_for_terminal(value_words(directive, *value, *loaded.systemd).front());
    if (row.row->check == Check::umask) text += directive.default_text;
  }
  return text;
}

std::string row_words(const RowScore& row) {
  if (!is_partly_open(row)) return std::string(row.row->open);
  // The one user whom systemd counts as nearly as bad as root.
  if (row.row->check == Check::user)
    return "shares its user, and with it files and processes, with other services";
  return "in part: " + std::string(row.row->open);
}

// "A=, B=, C= (3 of 7)": rows by directive, with how many of the directive's rows where not all are meant.
template <typename Wanted>
std::string list_rows(const Exposure& exposure, Wanted wanted) {
  std::string text;
  std::vector<DirectiveId> done;
  for (const RowScore& row : exposure.rows) {
    const DirectiveId id = row.row->directive;
    if (!wanted(row) || std::ranges::find(done, id) != done.end()) continue;
    done.push_back(id);
    const auto is_same = [id](const RowScore& other) { return other.row->directive == id; };
    const auto all = std::ranges::count_if(exposure.rows, is_same);
    const auto some = std::ranges::count_if(
        exposure.rows, [&](const RowScore& other) { return is_same(other) && wanted(other); });
    if (!text.empty()) text += ", ";
    if (all == 1)
      text += row.name->name;
    else
      text.append(catalogue::directive(id).name).append("=");
    if (some < all)
      text.append(" (").append(std::to_string(some)).append(" of ").append(std::to_string(all)).append(")");
  }
  return text;
}

std::string unit_note(const ScoredUnit& unit) {
  std::string note;
  if (unit.is_over()) note = "over " + tenths_text(unit.threshold);
  if (!unit.exempt) return note;
  if (!note.empty()) note += ", ";
  note += "exempt";
  if (!unit.exemption.empty()) note += ": " + unit.exemption;
  return note;
}

}  // namespace

std::vector<const RowScore*> open_rows(const Exposure& exposure) {
  std::vector<const RowScore*> rows;
  for (const RowScore& row : exposure.rows)
    if (is_open(row)) rows.push_back(&row);
  // By the exact share; `tenths` is rounded and would leave equals in disorder.
  const auto share = [](const RowScore* row) { return *row->badness * row->weight * 1000 / row->range; };
  std::ranges::stable_sort(rows, std::greater{}, share);
  return rows;
}

std::string score_table(const ScoreReport& report, std::size_t width, const Style& style) {
  const bool has_notes = std::ranges::any_of(
      report.units, [](const ScoredUnit& unit) { return unit.is_over() || unit.exempt; });
  std::vector<Column> columns = {{"UNIT"}, {"EXPOSURE", Align::right}, {"PREDICATE"}};
  if (has_notes) columns.push_back({"NOTE"});
  Table table(std::move(columns));
  std::vector<Cell> cells;
  for (const ScoredUnit& unit : report.units) {
    const Ink ink = ink_of_exposure(unit.exposure.tenths);
    cells.clear();
    cells.push_back(foreign_cell(unit.unit));
    cells.push_back({tenths_text(unit.exposure.tenths), ink});
    cells.push_back({std::string(exposure_predicate(unit.exposure.tenths)), ink});
    if (has_notes) cells.push_back(foreign_cell(unit_note(unit), unit.is_finding() ? Ink::bad : Ink::dim));
    table.add_row(cells);
  }
  std::string out;
  if (!table.empty()) table.print(out, width, style);
  return out;
}

std::string score_summary(const ScoreReport& report) {
  std::vector<unsigned> levels;
  levels.reserve(report.units.size());
  bool all_services = true;
  for (const ScoredUnit& unit : report.units) {
    levels.push_back(unit.exposure.tenths);
    all_services = all_services && unit.unit.ends_with(".service");
  }
  std::string text = std::to_string(levels.size()) + (all_services ? " service" : " unit");
  if (levels.size() != 1) text += 's';
  if (!levels.empty()) {
    const auto middle = levels.begin() + static_cast<std::ptrdiff_t>(levels.size() / 2);
    std::ranges::nth_element(levels, middle);
    text += "; median " + tenths_text(*middle);
  }
  const auto over = std::ranges::count_if(report.units, &ScoredUnit::is_finding);
  const auto exempt = std::ranges::count_if(report.units, &ScoredUnit::exempt);
  if (over != 0 || report.threshold < kThresholdMax)
    text += "; " + std::to_string(over) + " over the threshold";
  if (exempt != 0) text += "; " + std::to_string(exempt) + " exempt";
  if (!report.failed.empty()) text += "; " + std::to_string(report.failed.size()) + " could not be scored";
  return text;
}

void print_exposure(std::string& out, const Exposure& exposure, const LoadedUnit& loaded, std::size_t width,
                    const Style& style) {
  Table table({{"PART", Align::right}, {"SETTING"}, {"WHAT STAYS OPEN"}});
  for (const RowScore* row : open_rows(exposure))
    table.add_row({{tenths_text(row->tenths)}, {row_setting(*row, loaded)}, {row_words(*row)}});
  if (table.empty())
    out += "Nothing stays open that the score counts.\n";
  else
    table.print(out, width, style);

  const std::string closed =
      list_rows(exposure, [](const RowScore& row) { return row.badness && *row.badness == 0; });
  const std::string absent = list_rows(exposure, [](const RowScore& row) { return !row.badness; });
  out += '\n';
  print_paragraph(out, "Closed: ", closed.empty() ? "nothing" : closed, width, style, Ink::good);
  if (!absent.empty()) print_paragraph(out, "Does not apply: ", absent, width, style, Ink::dim);
}

}  // namespace harden
