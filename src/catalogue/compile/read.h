// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "catalogue/compile/document.h"
#include "catalogue/compile/model.h"

namespace harden::catalogue::compile {

// Reads directives.toml, implications.toml, exposure.toml and systemd/NNN.toml below `dir`. Faults of
// form (a column that nobody knows, a value of the wrong type) are in the report.
[[nodiscard]] Catalogue read_catalogue(const std::string& dir, Report& report);

}  // namespace harden::catalogue::compile
