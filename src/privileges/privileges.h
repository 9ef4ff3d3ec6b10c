// SPDX-License-Identifier: LGPL-2.1-or-later
// What a service under given settings may do, as one point of a lattice: each dimension is ordered by
// inclusion from nothing to everything, and "nothing set" is everything. Settings are read through it, so
// that what is compared and joined is what they let through together and not their words.
//
// It is a claim: what the settings say, with what systemd makes of them and with the known ways in which
// mount options undo each other (interpret_paths.cc); whether a kernel or a container enforces it is not
// known here. Where a value cannot be known offline it counts as let through. Limits, scheduling,
// environment, credentials and the commands themselves are no dimension.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "privileges/address_set.h"
#include "privileges/path_access.h"
#include "privileges/port_set.h"
#include "privileges/sets.h"
#include "settings/settings.h"

namespace harden {

struct Privileges {
  std::uint64_t capabilities = 0;  // what set-id programs and root can get: the bounding set
  std::uint64_t ambient = 0;  // what the service has without being root
  std::uint64_t namespaces = 0;  // CLONE_NEW* that it may make and enter
  CallSet calls;
  WordGroup architectures;
  NameSet families, file_systems, interfaces;
  WordGroup devices;  // "/dev/null r"; kStandardDevices for those of DevicePolicy=closed
  AddressSet peers;
  PortSet ports;  // that it may bind
  WordGroup users, groups;  // whose rights it has; root's are everybody's. Its user's own groups
                            // are not known here
  WordNames roots;  // whose file tree `paths` is about; "" is the host's
  PathAccess paths;
  WordNames unknown_paths;  // opened, but where is only known to the machine: "%S/a"
  unsigned file_modes = 0;  // bits that a new file may have
  // One for each ordered choice: how many of its values are tighter than the one that holds.
  std::array<std::uint8_t, catalogue::kDirectiveCount> choices{};

  // Every dimension is the other's or less. `rights`: which of paths count.
  [[nodiscard]] bool is_subset_of(const Privileges& other, Rights rights = kAllRights) const;
  // The least point above both.
  void add(const Privileges& other);
  friend bool operator==(const Privileges&, const Privileges&) = default;
};

// What a has that b has not, as words: "capabilities", "/srv", "ProtectHome=". Empty if a is b's or less.
[[nodiscard]] std::vector<std::string> excess(const Privileges& a, const Privileges& b,
                                              Rights rights = kAllRights);

inline constexpr std::string_view kStandardDevices = "@standard";

[[nodiscard]] inline bool operator<=(const Privileges& a, const Privileges& b) { return a.is_subset_of(b); }
[[nodiscard]] inline Privileges join(Privileges a, const Privileges& b) {
  a.add(b);
  return a;
}

// How mount options are read. claimed: each as its manual page says. enforced: with what they are known to
// undo of each other.
enum class Reading : std::uint8_t { claimed, enforced };

// `settings` as load_settings gives them without further stages; what comes at the start is added here.
[[nodiscard]] Privileges interpret(const Settings& settings, const catalogue::Systemd& systemd,
                                   Reading reading = Reading::enforced);

// The part of it that is about files. Source: systemd.exec(5); measured on 252 and 257.
struct PathPrivileges {
  PathAccess paths;
  WordNames unknown;
};
[[nodiscard]] PathPrivileges interpret_paths(const Settings& settings, Reading reading);

}  // namespace harden
