// SPDX-License-Identifier: LGPL-2.1-or-later
// Words of IPAddressAllow= and IPAddressDeny=. Source: systemd.resource-control(5).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace harden {

// The prefixes a word stands for in canonical form, host bits cleared: "127.0.0.0/8". Names (any,
// localhost, link-local, multicast) stand for an IPv4 and an IPv6 one. Empty if it is neither.
[[nodiscard]] std::vector<std::string> parse_address_prefixes(std::string_view word);

// Of a canonical prefix: does its address lie in 127.0.0.0/8 or is it ::1? The length does not count.
[[nodiscard]] bool is_localhost_prefix(std::string_view prefix);

inline constexpr std::string_view kAnyIpv4 = "0.0.0.0/0";
inline constexpr std::string_view kAnyIpv6 = "::/0";

}  // namespace harden
