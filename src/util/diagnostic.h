// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stage has to say about its input besides its result. An input with many faults gives all of
// them; the stage goes on as systemd would, and the caller decides what a diagnostic is worth.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace harden {

enum class Severity : std::uint8_t { note, warning, error };

struct Diagnostic {
  Severity severity = Severity::warning;
  std::string_view id;    // stable, machine-readable kind: "unknown-key"; a literal
  SourcePos where;
  std::string message;    // what is wrong and what follows from it
  std::string hint = {};  // the repair, or empty

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

using Diagnostics = std::vector<Diagnostic>;

// What one input may say; past it a last one says that there is more. Hostile files have millions.
inline constexpr std::size_t kDiagnosticsMax = 1000;

inline void add_diagnostic(Diagnostics& diagnostics, Diagnostic diagnostic) {
  if (diagnostics.size() < kDiagnosticsMax)
    diagnostics.push_back(std::move(diagnostic));
  else if (diagnostics.size() == kDiagnosticsMax)
    diagnostics.push_back({Severity::note, "too-many", diagnostic.where, "further diagnostics are left out", {}});
}

}  // namespace harden
