// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "catalogue/compile/document.h"
#include "catalogue/compile/model.h"

namespace harden::catalogue::compile {

// Whether what the files say holds together: every name resolves, every row is complete, nothing stands
// twice, and each directive is in exactly those versions' key lists that its `since` claims.
void check_catalogue(const Catalogue& catalogue, Report& report);

// The sections that hold directives of a context.
[[nodiscard]] std::vector<std::string> sections_of(std::string_view context);

}  // namespace harden::catalogue::compile
