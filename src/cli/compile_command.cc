// SPDX-License-Identifier: LGPL-2.1-or-later
// harden compile: a policy as the settings it amounts to, for a unit or for a bare one.
#include <optional>
#include <string>
#include <utility>

#include "cli/commands.h"
#include "cli/policy_options.h"
#include "emit/compile_report.h"
#include "policy/drop_in.h"

namespace harden {
namespace {

struct Options {
  TreeOptions tree;
  PolicyOptions policy;
  std::vector<std::string> units;
  std::string format = "dropin";
};

int print(const Options& options, const CompileReport& report, Console& console) {
  if (options.format == "json") {
    console.write(compile_json(report));
    return kExitFine;
  }
  for (const Diagnostic& one : compile_remarks(report.compiled)) console.report(one);
  console.write(options.format == "nix" ? compile_nix(report)
                                        : print_drop_in(report.compiled, report.systemd, report.section));
  return kExitFine;
}

int compile_bare(const Options& options, Console& console) {
  if (!options.policy.profile && options.policy.allow.empty()) {
    console.report(
        "compile",
        Error{Errc::invalid, "there is nothing to compile", 0, {}, "name a unit, or a --profile", {}});
    return kExitTrouble;
  }
  const auto profile =
      parse_profile(options.policy.profile.value_or(std::string(catalogue::kDefaultProfile)));
  if (!profile) {
    console.report(profile.error());
    return kExitTrouble;
  }
  const auto target = read_bare_target(options.policy, options.tree.for_systemd);
  if (!target) {
    console.report(target.error());
    return kExitTrouble;
  }
  auto grants = read_allow(options.policy, console);
  if (!grants) return kExitTrouble;
  const Policy policy{*profile, normalized(std::move(*grants)), {}, {}};
  return print(options, {"", "Service", target->systemd->version, compile(policy, {}, *target, nullptr)},
               console);
}

int compile_unit(const Options& options, Console& console) {
  const auto opened = open_unit_for_policy(options.tree, options.units.front(), console);
  if (!opened) return kExitTrouble;
  const auto& [source, selected, loaded] = *opened;
  const auto policy = read_policy(options.policy, loaded, selected.label, console);
  auto target = read_target(options.policy, source, console);
  if (!policy || !target) return kExitTrouble;
  target->runs_as = runs_as_of(loaded.settings);
  return print(options,
               {selected.label, section_of_type(selected.name.type()), source.systemd().version,
                compile(*policy, *target, &loaded)},
               console);
}

}  // namespace

int run_compile(Arguments arguments, Console& console) {
  Options options;
  OptionParser parser(
      "compile",
      "The settings that a policy amounts to: a profile and grants, lowered for the systemd "
      "that will run the unit. What the unit sets itself stays. Without a unit, for one "
      "that says nothing but its user.",
      "[UNIT|FILE]");
  parser.add_arguments(options.units, 0);
  add_tree_options(parser, options.tree);
  add_policy_options(parser, options.policy);
  parser.add_text(
      "--user", "USER", options.policy.user,
      "without a unit: root, dynamic, the name of another user, or any if that is open; default: root");
  parser.add_choice("--format", {"dropin", "nix", "json"}, options.format, "dropin, nix or json");
  parser.add_note(
      "Exit status: 0 done; 2 there is no policy or no such unit, a fault in one, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;
  if (options.units.size() > 1) {
    console.report(
        "compile",
        Error{Errc::invalid, "takes one unit, but there is '" + options.units[1] + "' too", 0, {}, {}, {}});
    return kExitTrouble;
  }
  return options.units.empty() ? compile_bare(options, console) : compile_unit(options, console);
}

}  // namespace harden
