// SPDX-License-Identifier: LGPL-2.1-or-later
// Policies where administrators write them: `[X-Harden]` in a unit and its drop-ins, and `[Harden]` in
// /etc/harden/harden.conf and its drop-ins. systemd ignores a section that begins with X-.
//
//   Profile=strict@1        the last one counts; baseline@1 where there is none
//   Allow=listen:443 jit    grants, adding up over lines and files; an empty value resets
//   Override=ProtectHome    directives to tighten although the unit sets them; as above
//   Ignore=WORD…            needs whose refusal is harmless; as above
//   Enable=no               there is no policy
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/policy.h"
#include "util/diagnostic.h"
#include "util/root_dir.h"

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

// Grants and such from a command line, as `Allow=` takes them; `where` for messages. Adds to `policy`.
void add_grants(std::string_view text, const SourcePos& where, std::vector<Grant>& grants,
                Diagnostics& diagnostics);
// Fails with the nearest name as hint.
[[nodiscard]] Result<const catalogue::Profile*> parse_profile(std::string_view name);
[[nodiscard]] Result<const catalogue::Layout*> parse_layout(std::string_view name);

// The machine's own settings of harden.
struct HardenConf {
  const catalogue::Profile* default_profile = nullptr;  // for units without a policy; none: they have none
  std::vector<std::string> exempt;  // unit names, `*` at the end for all that begin so
  const catalogue::Layout* layout = nullptr;
  Diagnostics diagnostics;
  [[nodiscard]] bool has_error() const;
};

// /etc/harden/harden.conf, then /etc/harden/harden.conf.d/*.conf by name. Missing files are no fault.
[[nodiscard]] HardenConf read_harden_conf(const FileSystem& fs);

}  // namespace harden
