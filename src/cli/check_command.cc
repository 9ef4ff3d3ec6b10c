// SPDX-License-Identifier: LGPL-2.1-or-later
// harden check: would this policy have refused what was recorded?
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/input_file.h"
#include "cli/policy_options.h"
#include "cli/recordings.h"
#include "emit/check_report.h"

namespace harden {
namespace {

// The policy of a file, of the unit, or of the options. `faulty`: something is wrong with it, which has
// been said. Nothing else: there is none, and the unit's own settings are what is looked at.
std::optional<Policy> find_policy(const PolicyOptions& options, const std::optional<std::string>& file,
                                  const LoadedUnit& loaded, const Console& console, bool& faulty) {
  faulty = true;
  UnitPolicy own;
  if (file) {
    auto text = read_input_file(*file);
    if (!text) {
      console.report(text.error());
      return std::nullopt;
    }
    const UnitFile parsed = parse_unit_file(std::move(*text), *file);
    const UnitFile* const files[] = {&parsed};
    own = read_policy_files(loaded.unit, loaded.systemd->version, files);
    if (!own.is_present) {
      console.report(Error{Errc::invalid,
                           "there is no section [X-Harden] in it",
                           0,
                           {*file, 0},
                           "'harden suggest' writes one",
                           {}});
      return std::nullopt;
    }
  } else {
    own = read_unit_policy(loaded.unit, loaded.systemd->version);
  }
  for (const Diagnostic& one : own.diagnostics) console.report(one);
  if (own.has_error()) return std::nullopt;
  if (!options.profile && (!own.is_present || !own.is_enabled)) {
    faulty = !options.allow.empty();
    if (faulty)
      console.report(Error{Errc::invalid,
                           "--allow takes a policy, and the unit has none",
                           0,
                           {},
                           "--profile names one",
                           {}});
    return std::nullopt;
  }
  auto policy = with_policy_options(options, std::move(own.policy), console);
  faulty = !policy;
  return policy;
}

}  // namespace

int run_check(Arguments arguments, Console& console) {
  TreeOptions tree;
  PolicyOptions options;
  std::vector<std::string> words;
  std::optional<std::string> file;
  bool json = false;
  OptionParser parser("check",
                      "Which recorded needs the unit's policy would refuse or, where it has none, its own "
                      "settings: by which setting, with which result, and which grant opens it. Nothing is "
                      "run, and no privileges are needed.",
                      "UNIT|FILE [RECORDING…]");
  parser.add_arguments(words, 1);
  parser.add_text("--policy", "FILE", file, "a file with a section [X-Harden], in place of the unit's own");
  add_tree_options(parser, tree);
  add_policy_options(parser, options);
  parser.add_flag("--json", json, "print one JSON record");
  parser.add_note("Without a recording: those that `harden record` has kept of the unit.");
  parser.add_note("Exit status: 0 nothing is refused; 1 something is; 2 a fault, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;

  const std::vector<std::string> files(words.begin() + 1, words.end());
  const auto opened = open_unit_for_policy(tree, words.front(), console);
  if (!opened) return kExitTrouble;
  const auto& [source, selected, loaded] = *opened;
  bool faulty = false;
  const auto policy = find_policy(options, file, loaded, console, faulty);
  if (faulty) return kExitTrouble;
  auto target = read_target(options, source, console);
  if (!target) return kExitTrouble;
  if (!options.user) target->runs_as = runs_as_of(loaded.settings);
  const auto read = read_recordings(files, selected.label, tree.root, console);
  if (!read) return kExitTrouble;

  const Policy* const judged = policy ? &*policy : nullptr;
  const CheckReport report{selected.label, loaded.systemd->version, judged, &read->recording,
                           check(read->recording, judged, *target, loaded)};
  console.write(json ? check_json(report) : check_text(report, console.width(), console.style()));
  return report.check.has_denial() ? kExitFinding : kExitFine;
}

}  // namespace harden
