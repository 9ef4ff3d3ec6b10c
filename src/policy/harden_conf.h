// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's own settings of harden: /etc/harden/harden.conf, then the files of harden.conf.d below
// /usr/lib/harden, /run/harden and /etc/harden, by name; of two with one name the last folder's counts.
//
//   [Harden]
//   Default=light@1               the profile of services that have no policy; none: they stay as they are
//   Exempt=a.service b-*          services that the default passes by
//   Policies=nginx.service        units whose shipped policy (…/harden/policies) is switched on; `*` for
//   all Layout=nix                    where programs lie [Exempt] getty@*.service=reason        as Exempt=,
//   with a reason; an empty one takes the entry back
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/policy_source.h"
#include "util/root_dir.h"

namespace harden {

struct Exemption {
  std::string pattern;  // of unit names, as glob(7)
  std::string reason;  // may be empty
  SourcePos where;

  friend bool operator==(const Exemption&, const Exemption&) = default;
};

struct HardenConf {
  const catalogue::Profile* default_profile = nullptr;
  std::vector<Exemption> exempt;
  std::vector<std::string> policies;  // patterns, as above
  const catalogue::Layout* layout = nullptr;
  Diagnostics diagnostics;
  [[nodiscard]] bool has_error() const;
};

// Missing files are no fault.
[[nodiscard]] HardenConf read_harden_conf(const FileSystem& fs);

enum class PolicyOrigin : std::uint8_t { none, unit, shipped, machine_default };

// The policy that a unit has on this machine, and where it is from.
struct EffectivePolicy {
  PolicyOrigin origin = PolicyOrigin::none;
  UnitPolicy policy;  // of `none`: the unit's own, which may be switched off or faulty
  std::optional<Exemption> exemption;  // why the default passes the unit by
};

// The last entry that fits the unit; nullptr.
[[nodiscard]] const Exemption* find_exemption(const HardenConf& conf, const Unit& unit);

// The file with the policy that was shipped for a unit, or for its template, switched on or not; fails
// where there is one that cannot be read.
[[nodiscard]] Result<std::optional<UnitFile>> find_shipped_policy(const UnitName& unit,
                                                                  const FileSystem& fs);

// The unit's own policy; else the shipped one, if it is switched on; else the default, unless the unit is
// exempt or part of the early boot (DefaultDependencies=no). Only services have a default.
[[nodiscard]] EffectivePolicy find_policy(const LoadedUnit& unit, const HardenConf& conf,
                                          const FileSystem& fs);

}  // namespace harden
