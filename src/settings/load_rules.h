// SPDX-License-Identifier: LGPL-2.1-or-later
// What systemd insists on before it loads a service. Source: the checks that its service manager makes
// after reading the files, on 252 and 257.
#pragma once

#include <optional>

#include "settings/settings.h"

namespace harden {

// Why systemd refuses the unit, or nothing.
[[nodiscard]] std::optional<Error> check_loadable(const LoadedUnit& loaded);

}  // namespace harden
