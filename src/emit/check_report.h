// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden check`: which recorded needs would be refused, by what, and what opens them.
#pragma once

#include <string>

#include "advise/check.h"
#include "emit/style.h"

namespace harden {

struct CheckReport {
  std::string unit;
  unsigned systemd = 0;
  const Policy* policy = nullptr;   // nullptr: the unit's own settings
  const Recording* recording = nullptr;
  Check check;
};

[[nodiscard]] std::string check_text(const CheckReport& report, std::size_t width, const Style& style);
[[nodiscard]] std::string check_json(const CheckReport& report);   // docs/schema/check.schema.json

}  // namespace harden
