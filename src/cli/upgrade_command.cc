// SPDX-License-Identifier: LGPL-2.1-or-later
// harden upgrade: the grants that keep today's privileges under another profile.
#include <optional>
#include <string>

#include "cli/commands.h"
#include "cli/policy_options.h"
#include "emit/upgrade_report.h"

namespace harden {

int run_upgrade(Arguments arguments, Console& console) {
  TreeOptions tree;
  PolicyOptions machine;
  std::vector<std::string> units;
  std::optional<std::string> to;
  bool json = false;
  OptionParser parser("upgrade",
                      "The fewest grants with which a unit may do under another profile all that it may do "
                      "today: by its policy or, if it has none, by its own settings.",
                      "UNIT|FILE --to PROFILE");
  parser.add_arguments(units, 1);
  parser.add_text("--to", "PROFILE", to, "the profile to move to");
  add_tree_options(parser, tree);
  add_machine_options(parser, machine);
  parser.add_flag("--json", json, "print one JSON record");
  parser.add_note("Exit status: 0 done; 1 no grants keep all of it; 2 a fault, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;
  const auto complain = [&](const Error& error) {
    console.report("upgrade", error);
    return kExitTrouble;
  };
  if (units.size() > 1)
    return complain({Errc::invalid, "takes one unit, but there is '" + units[1] + "' too", 0, {}, {}, {}});
  if (!to) return complain({Errc::invalid, "there is no --to", 0, {}, "'harden profiles' lists them", {}});
  const auto profile = parse_profile(*to);
  if (!profile) return complain(profile.error());

  const auto opened = open_unit_for_policy(tree, units.front(), console);
  if (!opened) return kExitTrouble;
  const auto& [source, selected, loaded] = *opened;
  const UnitPolicy own = read_unit_policy(loaded.unit, loaded.systemd->version);
  for (const Diagnostic& one : own.diagnostics) console.report(one);
  if (own.has_error()) return kExitTrouble;
  const bool has_policy = own.is_present && own.is_enabled;
  auto target = read_target(machine, source, console);
  if (!target) return kExitTrouble;
  target->runs_as = runs_as_of(loaded.settings);

  const UpgradeReport report{selected.label, loaded.systemd->version,
                             has_policy ? own.policy.profile : nullptr, *profile,
                             upgrade(has_policy ? &own.policy : nullptr, **profile, *target, loaded)};
  console.write(json ? upgrade_json(report) : upgrade_text(report, console.width(), console.style()));
  return report.upgrade.lost.empty() ? kExitFine : kExitFinding;
}

}  // namespace harden
