// SPDX-License-Identifier: LGPL-2.1-or-later
// What of this machine voids settings, as far as an ordinary user can tell.
#pragma once

#include <vector>

#include "catalogue/policy.h"

namespace harden {

[[nodiscard]] std::vector<catalogue::Fact> find_machine_facts();

}  // namespace harden
