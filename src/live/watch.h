// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden apply --watch`: what the policy would have refused, with nothing enforced.
#pragma once

#include <string>

#include "cli/console.h"
#include "live/unit_plan.h"

namespace harden {

// Records the running unit for so long (a time span, as "2d"), or up to SIGINT or SIGTERM, and holds the
// recording, which stays, against the plan. kExitFinding: something would have been refused.
[[nodiscard]] int watch_unit(const UnitPlan& plan, const std::string& time, Console& console);

}  // namespace harden
