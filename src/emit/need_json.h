// SPDX-License-Identifier: LGPL-2.1-or-later
// The members of a JSON object that tell of a recorded need, for every command that has some.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "advise/judge.h"

namespace harden {

[[nodiscard]] nlohmann::ordered_json need_json(const Judged& need);
// What the recording is: its sources, and why it cannot stand for all.
[[nodiscard]] nlohmann::ordered_json recording_json(const Recording& recording);

}  // namespace harden
