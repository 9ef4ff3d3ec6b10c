// SPDX-License-Identifier: LGPL-2.1-or-later
// For tests: each word of a compiled policy as a line.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace harden {

inline std::vector<std::string> word_lines(const Compiled& compiled) {
  std::vector<std::string> lines;
  for (const Written& written : compiled.settings)
    for (const std::string& word : written.words)
      lines.push_back(std::string(catalogue::directive(written.directive).name) + "=" + word);
  return lines;
}

}  // namespace harden
