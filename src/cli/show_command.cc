// SPDX-License-Identifier: LGPL-2.1-or-later
// harden show: one unit, its settings and their origins.
#include <string>

#include "cli/commands.h"
#include "cli/option_parser.h"
#include "cli/select_units.h"
#include "emit/show_report.h"

namespace harden {

int run_show(Arguments arguments, Console& console) {
  TreeOptions tree;
  std::vector<std::string> units;
  bool all = false;
  bool json = false;
  OptionParser parser(
      "show",
      "Every setting of a unit that bears on what it may do: its value after merging, where it "
      "comes from, what is overridden, dropped or implied, and what stays open.",
      "UNIT|FILE");
  parser.add_arguments(units, 1);
  add_tree_options(parser, tree);
  parser.add_flag("--all", all, "settings at their default too");
  parser.add_flag("--json", json, "print one JSON record");
  parser.add_note(
      "Exit status: 0 done; 1 systemd refuses to load the unit; 2 there is no such unit, or other "
      "trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;
  if (units.size() > 1) {
    console.report("show", Error{Errc::invalid,
                                 "takes one unit, but there is '" + units[1] + "' too",
                                 0,
                                 {},
                                 "'harden score' takes several",
                                 {}});
    return kExitTrouble;
  }
  const auto source = open_units(tree, units, console);
  if (!source) return kExitTrouble;
  for (const auto& [argument, error] : source->failed()) console.report(argument, error);
  if (source->selected().empty()) return kExitTrouble;

  const SelectedUnit& selected = source->selected().front();
  const LoadedUnit loaded = source->load(selected);
  if (!loaded.unit.fragment) {   // masked or not there: nothing to show
    console.report(selected.label,
                   loaded.refusal.value_or(Error{Errc::not_found, "there is no such unit", 0, {}, {}, {}}));
    return kExitTrouble;
  }
  ShowReport report{selected.label, &loaded, source->mode(), std::nullopt, loaded.settings, {}, all};
  apply_implications(report.at_start, source->systemd(), catalogue::Stage::start, &report.started);
  if (!loaded.refusal)
    if (auto exposure = score_unit(loaded, source->mode())) report.exposure = std::move(*exposure);

  console.write(json ? show_json(report) : show_text(report, console.width(), console.style()));
  return loaded.refusal ? kExitFinding : kExitFine;
}

}  // namespace harden
