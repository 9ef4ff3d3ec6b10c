// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden upgrade`: the section to write, and what it changes.
#pragma once

#include <optional>
#include <string>

#include "emit/style.h"
#include "policy/upgrade.h"

namespace harden {

struct UpgradeReport {
  std::string unit;
  unsigned systemd = 0;
  const catalogue::Profile* from = nullptr;   // nullptr: the unit's own settings
  const catalogue::Profile* to = nullptr;
  Upgrade upgrade;
};

[[nodiscard]] std::string upgrade_text(const UpgradeReport& report, std::size_t width, const Style& style);
[[nodiscard]] std::string upgrade_json(const UpgradeReport& report);   // docs/schema/upgrade.schema.json

}  // namespace harden
