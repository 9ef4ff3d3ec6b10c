// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of (address family, transport protocol, port), as the rules of SocketBindAllow= and
// SocketBindDeny= describe them. Source: systemd.resource-control(5).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "privileges/interval_set.h"
#include "settings/value.h"

namespace harden {

class PortSet {
 public:
  [[nodiscard]] static PortSet all() { return PortSet().complement(); }
  // A rule that systemd cannot read counts for nothing.
  [[nodiscard]] static PortSet of(const Words& rules);

  // "any", or "[ipv4:|ipv6:][tcp:|udp:][PORT[-PORT]]" with at least one part. False if it is no rule.
  bool add(std::string_view rule);
  void add(const PortSet& other);
  [[nodiscard]] PortSet complement() const;
  [[nodiscard]] bool is_subset_of(const PortSet& other) const;
  [[nodiscard]] bool contains(bool is_ipv6, bool is_udp, std::uint16_t port) const;
  [[nodiscard]] bool empty() const;

  friend bool operator==(const PortSet&, const PortSet&) = default;

 private:
  // IPv4 TCP, IPv4 UDP, IPv6 TCP, IPv6 UDP. Port 0 asks the kernel for any free one.
  std::array<IntervalSet<std::uint16_t>, 4> ports_;
};

}  // namespace harden
