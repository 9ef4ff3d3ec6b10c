// SPDX-License-Identifier: LGPL-2.1-or-later
// What is wrong with a unit's files although systemd starts the unit: assignments that it drops or
// ignores, lines that undo or void each other, protections that do not hold beside others, paths that
// are not there. Each finding says what follows from it and, where there is one, the repair.
#pragma once

#include <string_view>

#include "settings/settings.h"
#include "util/diagnostic.h"
#include "util/root_dir.h"

namespace harden {

// Findings in the order of the files, those of the unit as a whole last. With `tree`, paths that the
// unit names are looked up in it.
[[nodiscard]] Diagnostics lint_unit(const LoadedUnit& loaded, const FileSystem* tree);

// Does systemd read the section in units of the type? It reads the type's own and the two that all have.
[[nodiscard]] bool is_read_section(std::string_view section, std::string_view type);

// The parts of it, each appending to `out`.
void lint_keys(const LoadedUnit& loaded, Diagnostics& out);  // unknown, misspelt, misplaced, too new
void lint_values(const LoadedUnit& loaded, Diagnostics& out);  // not in the format that the key takes
void lint_merging(const LoadedUnit& loaded,
                  Diagnostics& out);  // later lines that widen what they mean to narrow
void lint_protection(const LoadedUnit& loaded,
                     Diagnostics& out);  // settings that void or bypass each other
void lint_paths(const LoadedUnit& loaded, const FileSystem& tree, Diagnostics& out);

}  // namespace harden
