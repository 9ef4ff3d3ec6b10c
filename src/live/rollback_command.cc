// SPDX-License-Identifier: LGPL-2.1-or-later
// harden confirm and harden rollback: a trial is kept or ended, an applied policy taken back.
#include <algorithm>
#include <climits>

#include "cli/option_parser.h"
#include "cli/select_units.h"
#include "live/commands.h"
#include "live/session.h"
#include "unit/unit_name.h"

namespace harden {
namespace {

constexpr std::chrono::minutes kTimerPatience{10};

// The names that units are kept under, of what was given: a suffix may be missing, or it is an alias.
std::vector<std::string> own_names(Session& session, const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  const std::vector<std::string> known = session.store().units();
  for (const std::string& argument : arguments) {
    std::string name = with_suffix(argument);
    if (std::ranges::find(known, name) == known.end())
      if (const auto status = session.control().status(name); status && !status->id.empty())
        name = status->id;
    names.push_back(std::move(name));
  }
  return names;
}

// Of the step that is under way; nothing if none is, or if its record cannot be read, which recover() says.
std::optional<DeployPhase> phase_of(Session& session, const std::string& unit) {
  const auto pending = session.store().pending(unit);
  if (!pending || !*pending) return std::nullopt;
  return (*pending)->phase;
}

}  // namespace

int confirm_units(Arguments arguments, Console& console) {
  std::vector<std::string> units;
  OptionParser parser("confirm", "Keeps the policies that are on trial.", "UNIT…");
  parser.add_arguments(units, 1);
  parser.add_note("Exit status: 0 done; 2 nothing is on trial, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;
  const auto session = Session::open(console);
  if (!session) return kExitTrouble;
  int code = kExitFine;
  for (const std::string& unit : own_names(*session, units)) {
    const bool was_committing = phase_of(*session, unit) == DeployPhase::committing;
    const auto found = session->recover(unit);
    if (!found) code = kExitTrouble;
    if (!found || was_committing) continue;  // an earlier one was cut off, and is finished now
    code = std::max(code, session->tell(unit, session->deployer().confirm(unit)));
  }
  return code;
}

int rollback_units(Arguments arguments, Console& console) {
  std::vector<std::string> units;
  std::optional<unsigned> to, end_trial;
  bool all = false;
  OptionParser parser("rollback",
                      "Puts units back as they were: a trial ends; else what was applied last is taken "
                      "back, byte for byte.",
                      "UNIT…");
  parser.add_arguments(units, 0);
  parser.add_number("--to", 0, UINT_MAX, to, "back to generation N; 0: as before harden");
  parser.add_flag("--all", all, "every unit, as it was before harden");
  parser.add_number("--end-trial", 1, UINT_MAX, end_trial,
                    "for the timer of a trial: only if generation N is still on trial");
  parser.add_note("Exit status: 0 done; 2 there is nothing to take back, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;
  if (units.empty() == !all) {
    console.report("rollback", Error{Errc::invalid,
                                     all ? "--all takes no unit" : "there is no unit",
                                     0,
                                     {},
                                     "name units, or --all",
                                     {}});
    return kExitTrouble;
  }
  const auto session = Session::open(console, end_trial ? kTimerPatience : std::chrono::seconds(0));
  if (!session) return kExitTrouble;
  Deployer& deployer = session->deployer();
  int code = kExitFine;
  for (const std::string& unit : all ? session->store().units() : own_names(*session, units)) {
    if (end_trial) {
      code = std::max(code, session->tell(unit, deployer.end_trial(unit, *end_trial)));
      continue;
    }
    const auto phase = phase_of(*session, unit);
    const bool on_trial = phase == DeployPhase::trial;
    // A trial that this is about to end need not have its end told as a recovery.
    const bool was_committing = phase == DeployPhase::committing;
    const auto found = on_trial ? Session::Found::sound : session->recover(unit);
    if (!found) code = kExitTrouble;
    // What recovery has undone is back already; what it has finished is to be taken back still.
    if (!found || (found == Session::Found::mended && !was_committing && !to && !all)) continue;
    if (on_trial) code = std::max(code, session->tell(unit, deployer.rollback(unit, std::nullopt)));
    if (on_trial && !to && !all) continue;
    if (all) {
      const auto current = session->store().current(unit);
      if (current && *current == 0) continue;
    }
    code = std::max(code, session->tell(unit, deployer.rollback(unit, all ? 0U : to)));
  }
  return code;
}

}  // namespace harden
