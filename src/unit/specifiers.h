// SPDX-License-Identifier: LGPL-2.1-or-later
// `%` specifiers in assignments, as far as they can be known without the manager that will run the
// unit. What cannot (boot ID, host name, …) stays in the text as it is written and is marked.
// Source: systemd.unit(5), "Specifiers".
#pragma once

#include <string>
#include <string_view>

#include "unit/unit_name.h"

namespace harden {

// Of a template they stay as they are written: %i, the instance, and what is made from it.
inline constexpr std::string_view kInstanceSpecifiers = "INdfin";

struct SpecifierContext {
  const UnitName* name = nullptr;     // of the unit as it is loaded, not of its file
  std::string_view fragment_path = {};  // with its symlinks resolved
  unsigned systemd = 0;               // %D came with 255
};

struct Expansion {
  enum class State : std::uint8_t {
    known,     // text is the value
    instance,  // of a template: text holds specifiers of kInstanceSpecifiers, which differ by instance
    unknown,   // text holds specifiers that only the running system can expand
    invalid,   // systemd cannot expand it either, and drops what it stands in
  };
  State state = State::known;
  std::string text;
};

[[nodiscard]] Expansion expand_specifiers(std::string_view text, const SpecifierContext& context);

}  // namespace harden
