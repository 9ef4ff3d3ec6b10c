// SPDX-License-Identifier: LGPL-2.1-or-later
// What `harden scan` says: the system calls a program can make, why, and what that rests on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "emit/style.h"
#include "reach/recording.h"
#include "reach/scan.h"

namespace harden {

[[nodiscard]] std::string scan_text(const reach::ReachSet& set, std::size_t width, const Style& style);
[[nodiscard]] std::string scan_json(const reach::ReachSet& set);
// The way to one call, a function a line.
[[nodiscard]] std::string witness_text(const reach::ReachedCall& call, std::size_t width,
                                       const Style& style);
[[nodiscard]] std::string comparison_text(const reach::ReachSet& set, const reach::Comparison& comparison,
                                          std::size_t width, const Style& style);

// A SystemCallFilter= that lets through the calls of the set, those that this systemd always allows, and
// nothing else: groups that lie within, then names.
struct FilterWords {
  std::vector<std::string> words;
  std::vector<std::string> unknown;   // calls for which this systemd has no name: it will refuse them
};
[[nodiscard]] FilterWords smallest_filter(const std::vector<std::string>& calls,
                                          const catalogue::Systemd& systemd);
[[nodiscard]] std::string filter_text(const reach::ReachSet& set, const catalogue::Systemd& systemd);

}  // namespace harden
