// SPDX-License-Identifier: LGPL-2.1-or-later
// What `harden score` found, and the forms it can be given in. All of them are functions from the report
// to text.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emit/style.h"
#include "exposure/exposure.h"
#include "settings/settings.h"
#include "util/result.h"

namespace harden {

// 100 in systemd-analyze's tenths: nothing is over it.
inline constexpr unsigned kThresholdMax = 100;

struct ScoredUnit {
  std::string unit;             // as asked for: a template under its own name
  // File and rows only if the form shows them.
  std::string file;             // the main file: as given on the command line, else inside the root
  Exposure exposure;
  unsigned threshold = kThresholdMax;   // the one that counts for it
  bool exempt = false;          // does not fail the run, whatever its exposure
  std::string exemption = {};   // the reason that was given, or empty

  [[nodiscard]] bool is_over() const { return exposure.tenths > threshold; }
  [[nodiscard]] bool is_finding() const { return is_over() && !exempt; }
};

struct FailedUnit {
  std::string unit;
  Error error;
};

struct ScoreReport {
  const catalogue::Systemd* systemd = nullptr;
  ScoreMode mode = ScoreMode::online;
  unsigned threshold = kThresholdMax;
  std::vector<ScoredUnit> units;     // in the order they are to be shown; by name for JSON and SARIF
  std::vector<FailedUnit> failed;    // by name
};

// Takes the output piece by piece: that of a whole machine has megabytes.
using Sink = std::function<void(std::string_view)>;

// Many units: UNIT EXPOSURE PREDICATE.
[[nodiscard]] std::string score_table(const ScoreReport& report, std::size_t width, const Style& style);
// "87 services; median 9.6; 3 over the threshold"
[[nodiscard]] std::string score_summary(const ScoreReport& report);
void score_json(const ScoreReport& report, const Sink& sink);
[[nodiscard]] std::string score_sarif(const ScoreReport& report, std::string_view program_version);

// The rows that are open, worst first, and what is closed or does not apply, in words.
// `loaded` is the unit that `exposure` was computed for.
void print_exposure(std::string& out, const Exposure& exposure, const LoadedUnit& loaded, std::size_t width,
                    const Style& style);
// Open rows, worst first.
[[nodiscard]] std::vector<const RowScore*> open_rows(const Exposure& exposure);

}  // namespace harden
