// SPDX-License-Identifier: LGPL-2.1-or-later
// Would this policy, or would the unit's settings as they are, have refused what was recorded? Nothing is
// run: a denial is a need outside of what the settings let through. docs/suggest.md says what that can
// predict and what not.
#pragma once

#include <optional>
#include <vector>

#include "advise/candidates.h"
#include "advise/judge.h"

namespace harden {

struct Denial {
  const Judged* need = nullptr;
  Refusal refusal;
  std::optional<Grant> opened_by;  // a grant more, and it is let through; nothing: no single one does it
  bool is_ignored = false;  // by a word of Ignore=
};

struct Check {
  std::vector<Judged> needs;
  std::vector<Denial> denials;  // of needed ones, in the order of the recording
  std::vector<Denial> doubtful;  // of those in doubt
  std::vector<Grant> unused;  // grants of the policy that no recorded need takes
  [[nodiscard]] bool has_denial() const;
};

// `policy`: nullptr for the unit's own settings alone. All but the result must outlive it.
[[nodiscard]] Check check(const Recording& recording, const Policy* policy, const Target& target,
                          const LoadedUnit& unit);

}  // namespace harden
