// SPDX-License-Identifier: LGPL-2.1-or-later
// What goes wrong with a unit under a policy, in words, and the grants that would open what was refused:
// read from the unit's state and from what it wrote. A guess, and said to be one: the log is foreign text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "deploy/unit_control.h"

namespace harden {

struct Trouble {
  std::string what;  // "it exited with status 203 (EXEC)", or a line of its log
  std::vector<std::string> grants;  // that may open it, the likeliest first; words of Allow=
  bool fatal = false;  // the unit is not up, or a check failed

  friend bool operator==(const Trouble&, const Trouble&) = default;
};

// Why it is not up.
[[nodiscard]] Trouble explain_end(const UnitStatus& status);
// The lines that tell of something refused, each kind once.
[[nodiscard]] std::vector<Trouble> explain_log(std::span<const std::string> lines);

}  // namespace harden
