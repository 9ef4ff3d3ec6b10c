// SPDX-License-Identifier: LGPL-2.1-or-later
// System calls that were seen, to hold against what was predicted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "needs/recording.h"
#include "reach/scan.h"

namespace harden::reach {

// The names in a list of one a line or in the output of strace (with or without process numbers), each
// once, ascending. Lines that name no system call of the kernel's table are passed over; '#' begins a
// comment.
[[nodiscard]] std::vector<std::string> read_recorded_calls(std::string_view text);

// The same of a recording by `harden record`: its calls by the native ABI.
[[nodiscard]] std::vector<std::string> recorded_calls(const Recording& recording);

// The set as a recording of the unit (empty: of the program as a command): what the code can do joins what
// was seen, and `suggest` and `check` tell the two apart.
[[nodiscard]] Recording as_recording(const ReachSet& set, const std::string& unit);

struct Comparison {
  std::vector<std::string> missed;               // recorded and not predicted: a fault of the prediction
  std::vector<std::string> confirmed;            // both
  std::vector<const ReachedCall*> never_seen;    // predicted and not recorded
  double f1 = 0;                                 // of the predicted set against the recorded one
};
[[nodiscard]] Comparison compare_calls(const ReachSet& set, const std::vector<std::string>& recorded);

}  // namespace harden::reach
