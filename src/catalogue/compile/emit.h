// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "catalogue/compile/model.h"

namespace harden::catalogue::compile {

// The text of ids.h and of tables.cc for a catalogue without faults. Everything in them is a constant
// initialiser: nothing runs before main, and the keys, of which there are thousands, are offsets into
// one text, so that they need no relocations either.
[[nodiscard]] std::string emit_ids(const Catalogue& catalogue);
[[nodiscard]] std::string emit_tables(const Catalogue& catalogue);

}  // namespace harden::catalogue::compile
