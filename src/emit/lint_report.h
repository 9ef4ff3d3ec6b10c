// SPDX-License-Identifier: LGPL-2.1-or-later
// What `harden lint` found, unit by unit.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "catalogue/catalogue.h"
#include "emit/style.h"
#include "util/diagnostic.h"

namespace harden {

struct LintedUnit {
  std::string unit;       // as it is called in the output
  Diagnostics findings;   // in the order of its files
};

struct LintReport {
  const catalogue::Systemd* systemd = nullptr;
  std::vector<LintedUnit> units;                        // sorted by name
  std::vector<std::pair<std::string, Error>> failed;    // what could not be looked at, sorted
  bool notes = false;                                   // print findings that are no more than notes
};

// How many findings there are, by severity.
[[nodiscard]] std::array<std::size_t, 3> count_findings(const LintReport& report);
// One line: "3 units: 1 error, 2 warnings; 5 notes, which --notes prints".
[[nodiscard]] std::string lint_summary(const LintReport& report);

[[nodiscard]] std::string lint_text(const LintReport& report, std::size_t width, const Style& style);
[[nodiscard]] std::string lint_json(const LintReport& report);

}  // namespace harden
