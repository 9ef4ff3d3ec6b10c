// SPDX-License-Identifier: LGPL-2.1-or-later
// What is to be said of a suggestion beside its grants: what no recording showed, what would serve the
// service better than a grant, and whether its sandbox is worth the name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "advise/suggest.h"

namespace harden {

enum class Sandboxing : std::uint8_t {
  full,   // no grant of it leads out
  part,   // some of its grants are dangerous
  none,   // it may undo its sandbox, or needs no way around it
};
struct Classification {
  Sandboxing sandboxing = Sandboxing::full;
  std::vector<std::string> reasons;   // sentences, worst first; none of a full one
};
[[nodiscard]] Classification classify(const Suggestion& suggestion, const Recording& recording,
                                      const Target& target, const LoadedUnit& unit);

// What the recordings did not show, as far as one can tell, each a clause: "no reload".
[[nodiscard]] std::vector<std::string> find_unexercised(const Recording& recording, const LoadedUnit& unit);

struct Advice {
  std::string setting;   // "RuntimeDirectory=web"
  std::string reason;    // a clause
  friend bool operator==(const Advice&, const Advice&) = default;
};
// Changes of the unit that would make grants needless. Nobody applies them unasked.
[[nodiscard]] std::vector<Advice> find_advice(const Suggestion& suggestion, const Recording& recording,
                                              const LoadedUnit& unit);

}  // namespace harden
