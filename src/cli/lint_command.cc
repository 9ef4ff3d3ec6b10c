// SPDX-License-Identifier: LGPL-2.1-or-later
// harden lint: arguments → units → findings → text or JSON.
#include <algorithm>
#include <set>
#include <string>

#include "cli/commands.h"
#include "cli/option_parser.h"
#include "cli/select_units.h"
#include "emit/lint_report.h"
#include "lint/lint.h"

namespace harden {
namespace {

// Files that are not of the tree's own folders say nothing of what is in the tree.
bool belongs_to_tree(const SelectedUnit& selected, const TreeOptions& options) {
  return options.root.has_value() || selected.argument.find('/') == std::string::npos;
}

LintReport lint_all(const UnitSource& source, const TreeOptions& options) {
  LintReport report;
  report.systemd = &source.systemd();
  report.failed = source.failed();
  std::set<std::string, std::less<>> labels;
  for (const SelectedUnit& selected : source.selected()) {
    // What a score takes for granted is no setting of the unit: no further stage.
    const LoadedUnit loaded = load_settings(source.tree().load(selected.name), {&source.systemd(), {}});
    if (!loaded.unit.fragment) {   // masked or not there: nothing to look at
      if (source.are_named())
        report.failed.emplace_back(selected.label,
                                   source.load(selected).refusal.value_or(
                                       Error{Errc::not_found, "there is no such unit", 0, {}, {}, {}}));
      continue;
    }
    std::string label = label_of(selected, loaded.unit);
    if (!labels.insert(label).second) continue;   // an alias of one that has been seen
    report.units.push_back(
        {std::move(label),
         lint_unit(loaded, belongs_to_tree(selected, options) ? &source.files() : nullptr)});
  }
  std::ranges::sort(report.units, {}, &LintedUnit::unit);
  std::ranges::sort(report.failed, {}, &std::pair<std::string, Error>::first);
  return report;
}

}  // namespace

int run_lint(Arguments arguments, Console& console) {
  TreeOptions tree;
  std::vector<std::string> units;
  bool notes = false;
  bool json = false;
  OptionParser parser(
      "lint",
      "What is wrong with a unit's files although systemd loads them: lines that it drops or "
      "ignores, settings that void or bypass each other, paths that are not there. "
      "Without a UNIT: all services.",
      "[UNIT|FILE…]");
  parser.add_arguments(units, 0);
  add_tree_options(parser, tree);
  parser.add_flag("--notes", notes, "print findings that are no more than worth knowing, too");
  parser.add_flag("--json", json, "print one JSON record");
  parser.add_note(
      "Exit status: 0 nothing found but notes; 1 a finding; 2 there is no such unit, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;
  const auto source = open_units(tree, units, console);
  if (!source) return kExitTrouble;

  LintReport report = lint_all(*source, tree);
  report.notes = notes;
  for (const auto& [unit, error] : report.failed) console.report(unit, error);
  console.write(json ? lint_json(report) : lint_text(report, console.width(), console.style()));
  console.say(lint_summary(report));
  if (!report.failed.empty()) return kExitTrouble;
  const auto counts = count_findings(report);
  return counts[static_cast<std::size_t>(Severity::warning)] +
                     counts[static_cast<std::size_t>(Severity::error)] !=
                 0
             ? kExitFinding
             : kExitFine;
}

}  // namespace harden
