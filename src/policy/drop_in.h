// SPDX-License-Identifier: LGPL-2.1-or-later
// A compiled policy as a drop-in. Comments go with it, so that who finds it knows which grant opened what.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace harden {

// The generator's files. Read before the administrator's drop-ins, so that these win.
inline constexpr std::string_view kDropInName = "10-harden.conf";
// What an Override= tightens has to be read after the unit's own lines.
inline constexpr std::string_view kOverrideName = "zzz-harden-override.conf";

// What `harden apply` writes: the policy or, for machines without the generator, settings.
inline constexpr std::string_view kAppliedName = "50-harden.conf";
inline constexpr std::string_view kStaticName = "50-harden-static.conf";
inline constexpr std::string_view kStaticOverrideName = "zzz-harden-static.conf";

// The unit without what the generator wrote at the last boot or reload: that is the policy's, and would
// else be taken for what the unit sets itself, which no policy touches.
[[nodiscard]] Unit without_generated(Unit unit);

// Lines of a unit file for one directive: words joined where they can stand on one line.
[[nodiscard]] std::vector<std::string> assignment_lines(const Written& written);

// systemd takes a drop-in whole or not at all, so what overrides the unit's own lines is a file of its own,
// which is read last.
struct SplitCompiled {
  Compiled plain, overriding;
};
[[nodiscard]] SplitCompiled split_overriding(Compiled compiled);

// `section`: that of the unit's type, "Service".
[[nodiscard]] std::string print_drop_in(const Compiled& compiled, unsigned systemd,
                                        std::string_view section);

}  // namespace harden
