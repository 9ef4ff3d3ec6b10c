// SPDX-License-Identifier: LGPL-2.1-or-later
// The exposure level of a unit, row by row as `systemd-analyze security` judges it. Rows, weights and
// ranges are the catalogue's; this file holds what the tool does with them, its bugs included (they are
// listed in docs/scores.md). Source: systemd 252 and 257, compared with the real tool in
// test/differential.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "exposure/security_policy.h"
#include "settings/settings.h"
#include "util/result.h"

namespace harden {

// Which of the tool's two modes: what it computes from files, or what it makes of a running manager's
// answers.
enum class ScoreMode : std::uint8_t { offline, online };

struct RowScore {
  const catalogue::ExposureRow* row = nullptr;
  const catalogue::ExposureWeight* name = nullptr;
  std::uint64_t weight = 0;
  std::uint64_t range = 0;
  std::optional<std::uint64_t> badness;   // nothing: the row does not apply
  unsigned tenths = 0;                    // the row's own part in the level, rounded up
};

struct Exposure {
  unsigned tenths = 0;          // 0 (best) to 100
  std::vector<RowScore> rows;   // in systemd's order
};

// Overall exposure level, rounded up as systemd-analyze rounds. Fails with Errc::invalid where a
// security policy's range is below a row's badness (there the real tool aborts) or no weight is left.
[[nodiscard]] Result<Exposure> score_unit(const LoadedUnit& unit, ScoreMode mode,
                                          const SecurityPolicy& policy = {});

// "UNSAFE" and the like.
[[nodiscard]] std::string_view exposure_predicate(unsigned tenths);

}  // namespace harden
