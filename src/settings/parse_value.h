// SPDX-License-Identifier: LGPL-2.1-or-later
// One assignment's right-hand side taken onto what earlier assignments have left, as systemd's parsers
// do it: what cannot be parsed is dropped with a diagnostic and the rest kept.
// Source: docs/semantics.md; measured on 252 and 257.
#pragma once

#include <optional>
#include <string_view>

#include "catalogue/catalogue.h"
#include "settings/value.h"
#include "unit/specifiers.h"
#include "util/diagnostic.h"

namespace harden {

struct AssignContext {
  const catalogue::Systemd* systemd = nullptr;
  SpecifierContext specifiers;
  SourcePos where;
  bool in_drop_in = false;              // where a value that voids a unit only ends the file
  Diagnostics* diagnostics = nullptr;   // appended to
  bool hints = true;                    // whether diagnostics look for the name that was meant
};

enum class Assigned : std::uint8_t {
  added,     // it joined what was there, in whole or in part
  replaced,  // it took the place of what was there
  reset,     // it cleared what was there
  dropped,   // nothing of it counts
  refused,   // systemd will not load the unit because of it or, in a drop-in, stops reading the file
};

// `value` is empty where nothing is set; it is left as it was when the result is dropped or refused.
[[nodiscard]] Assigned assign_value(const catalogue::Directive& directive, std::string_view text,
                                    std::optional<Value>& value, const AssignContext& context);

}  // namespace harden
