// SPDX-License-Identifier: LGPL-2.1-or-later
// What `harden status` says: which units harden has changed, and whether they are as it left them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "deploy/store.h"
#include "emit/style.h"

namespace harden {

struct UnitStatusRow {
  std::string unit;
  std::optional<Generation> current;  // nothing: as before harden
  std::vector<unsigned> generations;  // that there are records of
  std::optional<Pending> pending;
  std::string active;  // as systemd says it; empty if it was not asked
  std::vector<std::string> drift;  // what is not as it was left, in words
};

struct StatusReport {
  std::vector<UnitStatusRow> units;  // by name
  std::string switched_off;  // why no policy is in force on this machine; empty if all are
  std::uint64_t now_us = 0;
};

[[nodiscard]] std::string status_text(const StatusReport& report, std::size_t width, const Style& style);
// docs/schema/status.schema.json
[[nodiscard]] std::string status_json(const StatusReport& report);

// "2026-01-31 14:05:09", in the machine's zone.
[[nodiscard]] std::string local_time_text(std::uint64_t realtime_us);

}  // namespace harden
