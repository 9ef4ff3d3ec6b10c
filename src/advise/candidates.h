// SPDX-License-Identifier: LGPL-2.1-or-later
// Grants that could help against demands that are not met.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advise/judge.h"
#include "advise/places.h"
#include "policy/policy.h"
#include "privileges/demand.h"

namespace harden {

// Demands, each once, with the needs that make them.
using DemandMap = std::map<Demand, std::vector<const Judged*>>;
// `with_doubtful`: also of needs that are in doubt.
[[nodiscard]] DemandMap collect_demands(std::span<const Judged> needs, bool with_doubtful);

struct Candidate {
  Grant grant;
  bool exact = false;  // names just what was recorded, where another stands for more of its kind
  std::string_view caution = {};  // why one would think twice, a clause; or empty
};

// Those with a word of their own, and those whose argument the unmet demands give. Each once. `all`: every
// demand, since what is moved between two folders is met as long as neither is a mount. `shut`: what is let
// through as it stands.
[[nodiscard]] std::vector<Candidate> find_candidates(const DemandMap& unmet, const DemandMap& all,
                                                     const OwnNames& names, const Sandbox& shut);

[[nodiscard]] OwnNames own_names(const LoadedUnit& unit, const Recording& recording);

// Of a raw grant, one that names a capability, a call or a family: that of the mildest grant with a meaning
// that opens the same. Else the catalogue's.
[[nodiscard]] catalogue::Danger danger_of(const Grant& grant, const catalogue::Systemd& systemd);
[[nodiscard]] bool is_raw(const Grant& grant);

// A policy while its grants are looked for.
class Trial {
 public:
  // All must outlive it.
  Trial(const Policy& policy, const Target& target, const LoadedUnit& unit)
      : policy_(policy),
        target_(target),
        unit_(unit),
        implied_(find_implied_grants(unit, *target.layout)) {}

  [[nodiscard]] Compiled compile_with(std::vector<Grant> grants) const;
  // The unit under the policy with these grants in place of its own.
  [[nodiscard]] Sandbox sandbox_with(std::vector<Grant> grants) const;
  [[nodiscard]] const Target& target() const { return target_; }

 private:
  const Policy& policy_;
  const Target& target_;
  const LoadedUnit& unit_;
  std::vector<ImpliedUse> implied_;
};

}  // namespace harden
