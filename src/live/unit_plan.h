// SPDX-License-Identifier: LGPL-2.1-or-later
// From a unit and the options of `harden apply` to the files that are to be written.
#pragma once

#include <optional>
#include <string>

#include "cli/policy_options.h"
#include "deploy/deploy.h"
#include "emit/plan_report.h"

namespace harden {

struct PlanOptions {
  PolicyOptions policy;
  std::optional<std::string> from;  // a file with a section [X-Harden]
  bool is_static = false;
  bool dangerous = false;  // grants that are as good as no hardening may be named on the command line
};

struct UnitPlan {
  Plan plan;
  PlanReport report;
  // What the plan was made from.
  Policy policy;
  Target target;
  LoadedUnit loaded;
};

// `in_force`: what harden has applied before. Nothing: there is no policy, or a fault; it has been
// said.
[[nodiscard]] std::optional<UnitPlan> plan_unit(const UnitSource& source, const SelectedUnit& unit,
                                                const PlanOptions& options,
                                                const std::optional<Generation>& in_force,
                                                const Console& console);

// The policy that plan_unit() would start from, as a file for --from with what its author wrote of it; of a
// unit that has none, one to begin with.
[[nodiscard]] std::optional<std::string> policy_to_edit(const UnitSource& source, const SelectedUnit& unit,
                                                        const PlanOptions& options,
                                                        const std::optional<Generation>& in_force,
                                                        const Console& console);

}  // namespace harden
