// SPDX-License-Identifier: LGPL-2.1-or-later
// The file of `harden score --exempt`: units that may be over the threshold, and why.
//
//   # a unit or a pattern, perhaps a threshold of its own, perhaps the reason
//   getty@.service              # a login needs everything
//   legacy-*.service  85        # shrinks with each release
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/diagnostic.h"
#include "util/result.h"

namespace harden {

struct ScoreExemption {
  std::string pattern;                  // as fnmatch(3) takes it
  std::optional<unsigned> threshold;    // nothing: the unit may have any exposure
  std::string reason;
  unsigned line = 0;
};

struct Exemptions {
  std::string file;
  std::vector<ScoreExemption> list;

  // The first that fits; nullptr.
  [[nodiscard]] const ScoreExemption* find(const std::string& unit) const;
};

// Gives all faults of the file; with one of severity error it must not be used.
[[nodiscard]] Exemptions parse_exemptions(std::string_view text, const std::string& path,
                                          Diagnostics& diagnostics);
[[nodiscard]] bool fits(const ScoreExemption& exemption, const std::string& unit);

}  // namespace harden
