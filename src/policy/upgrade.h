// SPDX-License-Identifier: LGPL-2.1-or-later
// From what a unit may do today to a policy on another profile: the fewest grants that take nothing away.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"
#include "privileges/privileges.h"

namespace harden {

struct NeededGrant {
  Grant grant;
  bool exceeds = false;   // it also opens what the unit may not do today
};

struct Upgrade {
  std::vector<NeededGrant> grants;   // none can be left out
  // The unit's own directives that the policy stands for: they can go, or stay as they are.
  std::vector<catalogue::DirectiveId> replaced;
  // What the unit may do today and no grant can keep, in words; then there is no policy that keeps all.
  std::vector<std::string> lost;
};

// `today`: the unit's policy, or nullptr if it has none; then its own settings are what is kept, and the
// grants are such that they need not stay.
[[nodiscard]] Upgrade upgrade(const Policy* today, const catalogue::Profile& to, const Target& target,
                              const LoadedUnit& unit);

// Do the grants keep it all? What upgrade() asks of the set it gives.
[[nodiscard]] bool keeps_all(const Policy* today, const catalogue::Profile& to,
                             const std::vector<Grant>& grants, const Target& target,
                             const LoadedUnit& unit);

// The unit without what a policy on the profile says instead.
[[nodiscard]] LoadedUnit without_replaced(const LoadedUnit& unit, const catalogue::Profile& profile);

}  // namespace harden
