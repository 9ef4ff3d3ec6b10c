// SPDX-License-Identifier: LGPL-2.1-or-later
// What a recorded need asks of a sandbox. Not all that was recorded is needed: what failed was shrugged
// off, and some of what the kernel was asked for was not required. What is in doubt is said to be so.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "needs/recording.h"
#include "privileges/demand.h"

namespace harden {

enum class Standing : std::uint8_t {
  needed,
  doubtful,  // perhaps; `why` says what speaks against
  idle,      // no need; `why` says so
};

struct Judged {
  const Need* need = nullptr;
  Standing standing = Standing::needed;
  std::string_view why;             // a clause; of a needed one what is not sure about it, or empty
  std::vector<Demand> demands;      // all must be met; none: no setting that is known bears on it
};

// In the order of the recording, which must outlive the result. Of what a unit's lines with the prefix `+`
// do only what its control group decides is asked.
[[nodiscard]] std::vector<Judged> judge(const Recording& recording, const LoadedUnit& unit);

}  // namespace harden
