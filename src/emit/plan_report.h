// SPDX-License-Identifier: LGPL-2.1-or-later
// What `harden apply` is about to do to a unit.
#pragma once

#include <string>
#include <vector>

#include "emit/show_report.h"

namespace harden {

struct PlanReport {
  std::string unit;
  std::string from;  // where the policy is from, in words
  PolicyView policy;
  std::optional<Exposure> before;  // as the unit is today
  std::vector<std::string> files;  // that are written
  std::vector<std::string> warnings;
};

[[nodiscard]] std::string plan_text(const PlanReport& report, std::size_t width, const Style& style);
// docs/schema/plan.schema.json
[[nodiscard]] std::string plan_json(const PlanReport& report);

}  // namespace harden
