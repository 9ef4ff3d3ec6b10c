// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "reach/isa.h"

namespace harden::reach {

[[nodiscard]] const Isa& x86_64();

}  // namespace harden::reach
