// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/port_set.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>

namespace harden {
namespace {

constexpr std::uint16_t kPortMax = 0xffff;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || at != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

PortSet PortSet::of(const Words& rules) {
  PortSet set;
  for (const std::string& rule : rules.words) (void)set.add(rule);  // an unreadable one counts for nothing
  return set;
}

bool PortSet::add(std::string_view rule) {
  unsigned kinds = 0b1111;
  std::uint16_t first = 0;
  std::uint16_t last = kPortMax;
  if (rule != "any") {
    int step = 0;  // the parts come in this order: family, protocol, ports
    for (bool more = true; more;) {
      const std::size_t colon = rule.find(':');
      const std::string_view part = rule.substr(0, colon);
      more = colon != std::string_view::npos;
      if (more) rule.remove_prefix(colon + 1);
      if (step < 1 && (part == "ipv4" || part == "ipv6")) {
        kinds &= part == "ipv4" ? 0b0011U : 0b1100U;
        step = 1;
      } else if (step < 2 && (part == "tcp" || part == "udp")) {
        kinds &= part == "tcp" ? 0b0101U : 0b1010U;
        step = 2;
      } else if (step < 3) {
        const std::size_t dash = part.find('-');
        const auto low = parse_port(part.substr(0, dash));
        const auto high = dash == std::string_view::npos ? low : parse_port(part.substr(dash + 1));
        if (!low || !high || *low > *high) return false;
        first = *low;
        last = *high;
        step = 3;
      } else {
        return false;
      }
    }
  }
  for (std::size_t i = 0; i < ports_.size(); ++i)
    if ((kinds >> i & 1U) != 0) ports_[i].add(first, last);
  return true;
}

void PortSet::add(const PortSet& other) {
  for (std::size_t i = 0; i < ports_.size(); ++i) ports_[i].add(other.ports_[i]);
}

PortSet PortSet::complement() const {
  PortSet rest;
  for (std::size_t i = 0; i < ports_.size(); ++i) rest.ports_[i] = ports_[i].complement();
  return rest;
}

bool PortSet::is_subset_of(const PortSet& other) const {
  return std::ranges::equal(ports_, other.ports_,
                            [](const auto& a, const auto& b) { return a.is_subset_of(b); });
}

bool PortSet::contains(bool is_ipv6, bool is_udp, std::uint16_t port) const {
  const auto& ports = ports_.at((is_ipv6 ? 2U : 0U) + (is_udp ? 1U : 0U));
  return std::ranges::any_of(ports.intervals(),
                             [&](const auto& one) { return one.first <= port && port <= one.last; });
}

bool PortSet::empty() const {
  return std::ranges::all_of(ports_, [](const auto& ports) { return ports.empty(); });
}

}  // namespace harden
