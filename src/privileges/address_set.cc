// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/address_set.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <string>

namespace harden {
namespace {

// The addresses of a prefix of `length` bits.
template <typename T>
void add_block(IntervalSet<T>& set, std::span<const unsigned char> bytes, unsigned length) {
  const auto width = static_cast<unsigned>(bytes.size()) * 8;
  if (length > width) return;
  T first = 0;
  for (const unsigned char byte : bytes) first = static_cast<T>(first << 8U | byte);
  const T hosts = length == 0 ? static_cast<T>(~T{}) : static_cast<T>((T{1} << (width - length)) - 1);
  first &= static_cast<T>(~hosts);
  set.add(first, first | hosts);
}

}  // namespace

AddressSet AddressSet::of(const WordSet& prefixes) {
  AddressSet set;
  for (const std::string& prefix : prefixes.words) set.add(prefix);
  return set;
}

void AddressSet::add(std::string_view prefix) {
  const std::size_t slash = prefix.find('/');
  if (slash == std::string_view::npos) return;
  const std::string address(prefix.substr(0, slash));
  unsigned length = 0;
  const auto [at, error] =
      std::from_chars(prefix.data() + slash + 1, prefix.data() + prefix.size(), length);
  if (error != std::errc() || at != prefix.data() + prefix.size()) return;
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1)
    add_block(ipv4_, std::span(bytes).first(4), length);
  else if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1)
    add_block(ipv6_, std::span(bytes), length);
}

void AddressSet::add(const AddressSet& other) {
  ipv4_.add(other.ipv4_);
  ipv6_.add(other.ipv6_);
}

AddressSet AddressSet::complement() const {
  AddressSet rest;
  rest.ipv4_ = ipv4_.complement();
  rest.ipv6_ = ipv6_.complement();
  return rest;
}

bool AddressSet::is_subset_of(const AddressSet& other) const {
  return ipv4_.is_subset_of(other.ipv4_) && ipv6_.is_subset_of(other.ipv6_);
}

}  // namespace harden
