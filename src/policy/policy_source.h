// SPDX-License-Identifier: LGPL-2.1-or-later
// Policies where administrators write them: `[X-Harden]` in a unit and its drop-ins. systemd ignores a
// section that begins with X-.
//
//   Profile=strict@1        the last one counts; baseline@1 where there is none
//   Allow=listen:443 jit    grants, adding up over lines and files; an empty value resets
//   Override=ProtectHome    directives to tighten although the unit sets them; as above
//   Ignore=WORD…            needs whose refusal is harmless; as above
//   Enable=no               there is no policy
#pragma once

#include <span>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "util/diagnostic.h"

namespace harden {

// Where a grant of a policy was written.
struct GrantSource {
  Grant grant;
  SourcePos where;
};

struct UnitPolicy {
  bool is_present = false;   // the unit has a section
  bool is_enabled = true;
  Policy policy;
  std::vector<GrantSource> sources;
  // Faults and warnings of the section. With an error there is no policy: it is never half of one.
  Diagnostics diagnostics;
  [[nodiscard]] bool has_error() const;
};

[[nodiscard]] UnitPolicy read_unit_policy(const Unit& unit, unsigned systemd_version);
// The same from files that are not the unit's own.
[[nodiscard]] UnitPolicy read_policy_files(const Unit& unit, unsigned systemd_version,
                                           std::span<const UnitFile* const> files);

// The policy as such a section that stands for itself: whatever other files of the unit allow is reset.
[[nodiscard]] std::string print_policy_section(const Policy& policy, bool of_template);
// A word of the section's lists, quoted where it has to be, so that it reads as it is. In a template `%i`
// and the like stay what they are.
[[nodiscard]] std::string list_word(std::string_view word, bool of_template);
// Grants as one value of `Allow=`, each word quoted where it has to be.
[[nodiscard]] std::string allow_words(std::span<const Grant> grants, bool of_template);
// A line `Allow=…` of one.
[[nodiscard]] std::string allow_line(const Grant& grant, bool of_template);

// One word of `Allow=`, or of a command line; `where` for messages. `of_template`: as parse_grants().
void add_grants(std::string_view text, const SourcePos& where, bool of_template, std::vector<Grant>& grants,
                Diagnostics& diagnostics);
// Fails with the nearest name as hint.
[[nodiscard]] Result<const catalogue::Profile*> parse_profile(std::string_view name);
[[nodiscard]] Result<const catalogue::Layout*> parse_layout(std::string_view name);

}  // namespace harden
