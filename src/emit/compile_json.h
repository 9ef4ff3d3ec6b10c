// SPDX-License-Identifier: LGPL-2.1-or-later
// The members of a JSON object that tell of a compiled policy, for every command that has one.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "policy/policy.h"

namespace harden {

void add_compiled(nlohmann::ordered_json& json, const Compiled& compiled);

}  // namespace harden
