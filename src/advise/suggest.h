// SPDX-License-Identifier: LGPL-2.1-or-later
// From what was recorded to the smallest policy: the strictest profile, and grants none of which can go.
// docs/suggest.md says by which rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advise/candidates.h"
#include "advise/judge.h"

namespace harden {

struct SuggestedGrant {
  Grant grant;
  catalogue::Danger danger{};
  std::string_view caution;             // why one would think twice; empty if nothing speaks against it
  std::vector<const Judged*> evidence;  // what would be refused without it: the most frequent first
};

struct Suggestion {
  Policy policy;
  std::vector<SuggestedGrant> grants;   // the policy's own, in its order
  // Needs that no grant on this profile opens, and what refuses them.
  struct Lost {
    const Judged* need = nullptr;
    Refusal refusal;
  };
  std::vector<Lost> lost;
};

// What the search may use.
struct SuggestOptions {
  std::vector<std::string> ignores;   // needs left out, as Ignore= has them
  bool with_doubtful = false;         // needs in doubt count as needed
};

// The policy on one profile. `needs` as judge() gives them; all must outlive the result.
[[nodiscard]] Suggestion suggest_on(const catalogue::Profile& profile, const std::vector<Judged>& needs,
                                    const Recording& recording, const SuggestOptions& options,
                                    const Target& target, const LoadedUnit& unit);

// On the strictest profile that loses nothing; if all lose something, on the one that loses least, the
// strictest of these.
[[nodiscard]] Suggestion suggest(const std::vector<Judged>& needs, const Recording& recording,
                                 const SuggestOptions& options, const Target& target,
                                 const LoadedUnit& unit);

}  // namespace harden
