// SPDX-License-Identifier: LGPL-2.1-or-later
#include "live/watch.h"

#include <fmt/format.h>

#include <ctime>

#include "cli/companion.h"
#include "cli/recordings.h"
#include "emit/check_report.h"
#include "needs/recording_file.h"

namespace harden {

int watch_unit(const UnitPlan& plan, const std::string& time, Console& console) {
  const std::string& unit = plan.plan.unit;
  const std::string file =
      fmt::format("{}/{}/watch-{}.jsonl", own_recordings_dir(false), unit, std::time(nullptr));
  const std::vector<std::string> words = {unit, "--for=" + time, "--output=" + file};
  if (call_companion("harden-record", words, console) > kExitFinding) return kExitTrouble;
  const auto read = read_recordings({file}, unit, {}, console);
  if (!read) return kExitTrouble;
  const CheckReport report{unit, plan.plan.systemd, &plan.policy, &read->recording,
                           check(read->recording, &plan.policy, plan.target, plan.loaded)};
  console.write(check_text(report, console.width(), console.style()));
  console.say(fmt::format("{}: nothing was enforced; `harden suggest {}` finds a policy for what was seen",
                          unit, unit));
  return report.check.has_denial() ? kExitFinding : kExitFine;
}

}  // namespace harden
