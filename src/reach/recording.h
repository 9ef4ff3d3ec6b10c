// SPDX-License-Identifier: LGPL-2.1-or-later
// System calls that were seen, to hold against what was predicted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reach/scan.h"

namespace harden::reach {

// The names in a list of one a line or in the output of strace (with or without process numbers), each
// once, ascending. Lines that name no system call of the kernel's table are passed over; '#' begins a
// comment.
[[nodiscard]] std::vector<std::string> read_recorded_calls(std::string_view text);

struct Comparison {
  std::vector<std::string> missed;               // recorded and not predicted: a fault of the prediction
  std::vector<std::string> confirmed;            // both
  std::vector<const ReachedCall*> never_seen;    // predicted and not recorded
  double f1 = 0;                                 // of the predicted set against the recorded one
};
[[nodiscard]] Comparison compare_calls(const ReachSet& set, const std::vector<std::string>& recorded);

}  // namespace harden::reach
