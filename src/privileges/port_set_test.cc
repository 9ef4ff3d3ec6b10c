// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/port_set.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "privileges/address_set.h"

namespace harden {
namespace {

PortSet ports(std::vector<std::string> rules) { return PortSet::of(Words{std::move(rules)}); }
AddressSet addresses(std::set<std::string, std::less<>> prefixes) {
  return AddressSet::of(WordSet{std::move(prefixes)});
}

TEST(PortSet, ReadsEveryFormOfARule) {
  for (const char* rule :
       {"any", "ipv4", "ipv6:tcp", "udp", "443", "tcp:1-1023", "ipv4:udp:53", "ipv6:80-90"})
    EXPECT_TRUE(PortSet().add(rule)) << rule;
  for (const char* rule :
       {"", "0", "65536", "90-80", "tcp:ipv4", "443:tcp", "tcp:tcp", "ipv4:", "8 0", "-5"})
    EXPECT_FALSE(PortSet().add(rule)) << rule;
}

TEST(PortSet, ComparesBySetsNotByWords) {
  EXPECT_EQ(ports({"any"}), PortSet::all());
  EXPECT_EQ(ports({"ipv4", "ipv6"}), PortSet::all());
  EXPECT_EQ(ports({"tcp:1-80", "tcp:81-90"}), ports({"tcp:1-90"}));
  EXPECT_TRUE(ports({"ipv4:tcp:80"}).is_subset_of(ports({"80-90"})));
  EXPECT_FALSE(ports({"80"}).is_subset_of(ports({"tcp:80-90"})));
}

TEST(AddressSet, ComparesBySetsNotByPrefixes) {
  EXPECT_EQ(addresses({"0.0.0.0/1", "128.0.0.0/1", "::/0"}), AddressSet::all());
  EXPECT_TRUE(addresses({"10.1.0.0/16"}).is_subset_of(addresses({"10.0.0.0/8"})));
  EXPECT_FALSE(addresses({"10.0.0.0/8"}).is_subset_of(addresses({"10.1.0.0/16"})));
  EXPECT_FALSE(addresses({"::1/128"}).is_subset_of(addresses({"0.0.0.0/0"})));
}

// The interval set against a set of bits.
RC_GTEST_PROP(IntervalSet, AgreesWithANaiveSet, ()) {
  IntervalSet<std::uint8_t> set;
  std::bitset<256> bits;
  IntervalSet<std::uint8_t> other;
  std::bitset<256> other_bits;
  for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
    auto first = *rc::gen::arbitrary<std::uint8_t>();
    auto last = *rc::gen::arbitrary<std::uint8_t>();
    if (first > last) std::swap(first, last);
    const bool to_other = *rc::gen::arbitrary<bool>();
    (to_other ? other : set).add(first, last);
    for (unsigned at = first; at <= last; ++at) (to_other ? other_bits : bits).set(at);
  }
  const auto same = [](const IntervalSet<std::uint8_t>& intervals, const std::bitset<256>& naive) {
    std::bitset<256> found;
    for (const auto& one : intervals.intervals())
      for (unsigned at = one.first; at <= one.last; ++at) found.set(at);
    return found == naive;
  };
  RC_ASSERT(same(set, bits));
  RC_ASSERT(same(set.complement(), ~bits));
  RC_ASSERT(set.complement().complement() == set);
  RC_ASSERT(set.is_subset_of(other) == (bits & ~other_bits).none());
  IntervalSet<std::uint8_t> both = set;
  both.add(other);
  RC_ASSERT(same(both, bits | other_bits));
}

}  // namespace
}  // namespace harden
