// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of IP addresses, both families. Equal sets are equal values, however they are cut into prefixes.
#pragma once

#include <cstdint>
#include <string_view>

#include "privileges/interval_set.h"
#include "settings/value.h"

namespace harden {

class AddressSet {
 public:
  [[nodiscard]] static AddressSet all() { return AddressSet().complement(); }
  // Of canonical prefixes, as IPAddressAllow= and IPAddressDeny= hold them. A word that is none is left
  // out.
  [[nodiscard]] static AddressSet of(const WordSet& prefixes);

  void add(std::string_view prefix);
  void add(const AddressSet& other);
  [[nodiscard]] AddressSet complement() const;
  [[nodiscard]] bool is_subset_of(const AddressSet& other) const;
  [[nodiscard]] bool empty() const { return ipv4_.empty() && ipv6_.empty(); }

  friend bool operator==(const AddressSet&, const AddressSet&) = default;

 private:
  __extension__ using Ipv6 = unsigned __int128;
  IntervalSet<std::uint32_t> ipv4_;
  IntervalSet<Ipv6> ipv6_;
};

}  // namespace harden
