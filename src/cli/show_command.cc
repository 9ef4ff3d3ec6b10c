// SPDX-License-Identifier: LGPL-2.1-or-later
// harden show: one unit, its settings and their origins.
#include <algorithm>
#include <string>

#include "cli/commands.h"
#include "cli/option_parser.h"
#include "cli/policy_options.h"
#include "cli/select_units.h"
#include "emit/show_report.h"
#include "lint/lint.h"
#include "policy/drop_in.h"
#include "policy/harden_conf.h"

namespace harden {
namespace {

// The policy that the unit has on this machine, with the options on top, and what comes of it: `caveats`
// are those of the unit with it then. Nothing: there is nothing to say of one, or a fault that has been
// said.
std::optional<PolicyView> view_policy(const PolicyOptions& options, const UnitSource& source,
                                      const LoadedUnit& scored, Diagnostics& caveats,
                                      const Console& console) {
  LoadedUnit loaded = load_settings(without_generated(scored.unit), {&source.systemd(), {}});
  const HardenConf conf = read_harden_conf(source.files());
  EffectivePolicy found = find_policy(loaded, conf, source.files());
  PolicyView view;
  view.own = std::move(found.policy);
  view.origin = found.origin;
  view.default_profile = conf.default_profile;
  view.exemption = std::move(found.exemption);
  if (const Exemption* listed = find_exemption(conf, loaded.unit); listed != nullptr && !view.exemption)
    view.exemption = *listed;
  if (found.origin == PolicyOrigin::none && !options.profile) {
    if (view.own.is_present || view.exemption) return view;
    return std::nullopt;
  }
  if (view.own.has_error()) return view;
  const auto policy = with_policy_options(options, view.own.policy, console);
  auto target = read_target(options, source, console);
  if (!policy || !target) return std::nullopt;
  target->runs_as = runs_as_of(loaded.settings);
  view.compiled = compile(*policy, *target, &loaded);
  loaded.settings = merged_settings(*view.compiled, *target, &loaded);
  caveats.clear();
  lint_protection(loaded, caveats);
  // Said once, and there with what to do about it.
  std::erase_if(view.compiled->voids, [&](const Void& one) {
    return std::ranges::find(caveats, one.pitfall, &Diagnostic::id) != caveats.end();
  });
  apply_implications(loaded.settings, source.systemd(), stage_of(source.mode()), nullptr);
  if (auto exposure = score_unit(loaded, source.mode())) view.exposure = std::move(*exposure);
  return view;
}

}  // namespace

int run_show(Arguments arguments, Console& console) {
  TreeOptions tree;
  std::vector<std::string> units;
  bool all = false;
  bool json = false;
  OptionParser parser(
      "show",
      "Every setting of a unit that bears on what it may do: its value after merging, where it "
      "comes from, what is overridden, dropped or implied, what its policy adds, what does not hold, and "
      "what stays open.",
      "UNIT|FILE");
  parser.add_arguments(units, 1);
  add_tree_options(parser, tree);
  PolicyOptions policy;
  add_policy_options(parser, policy);
  parser.add_flag("--all", all, "settings at their default too");
  parser.add_flag("--json", json, "print one JSON record");
  parser.add_note(
      "Exit status: 0 done; 1 systemd refuses to load the unit, or its policy has a fault; 2 there is no "
      "such unit, or other "
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
  if (!loaded.refusal) {
    if (auto exposure = score_unit(loaded, source->mode())) report.exposure = std::move(*exposure);
    lint_protection(loaded, report.caveats);
    report.policy = view_policy(policy, *source, loaded, report.caveats, console);
  }

  console.write(json ? show_json(report) : show_text(report, console.width(), console.style()));
  const bool has_fault = report.policy && report.policy->own.has_error();
  return loaded.refusal || has_fault ? kExitFinding : kExitFine;
}

}  // namespace harden
