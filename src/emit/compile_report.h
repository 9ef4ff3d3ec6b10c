// SPDX-License-Identifier: LGPL-2.1-or-later
// A compiled policy as a drop-in, a Nix attribute set or JSON. Comments and messages go with it, so that
// who finds the drop-in knows which grant opened what.
#pragma once

#include <string>

#include "policy/policy.h"
#include "util/diagnostic.h"

namespace harden {

struct CompileReport {
  std::string unit;                     // empty for a bare one
  std::string section = "Service";
  unsigned systemd = 0;
  Compiled compiled;
};

[[nodiscard]] std::string compile_nix(const CompileReport& report);
[[nodiscard]] std::string compile_json(const CompileReport& report);   // docs/schema/compile.schema.json

// What the drop-in does not say of itself: what the unit keeps looser, what is not to be had, what is void,
// and which grants stay shut.
[[nodiscard]] Diagnostics compile_remarks(const Compiled& compiled);

}  // namespace harden
