// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/policy_source.h"

#include <gtest/gtest.h>

#include <array>

namespace harden {
namespace {

Unit unit_of(std::string_view main, std::initializer_list<std::string_view> drop_ins = {}) {
  Unit unit{*parse_unit_name("web@blue.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file(std::string(main), "/etc/web@.service");
  for (const std::string_view text : drop_ins)
    unit.drop_ins.push_back(parse_unit_file(std::string(text), "/etc/web@.service.d/1.conf"));
  return unit;
}

std::string grants_of(const UnitPolicy& policy) {
  std::string text;
  for (const Grant& grant : policy.policy.grants) text += (text.empty() ? "" : " ") + grant.text();
  return text;
}

TEST(UnitPolicy, IsThereOnlyWithASection) {
  EXPECT_FALSE(read_unit_policy(unit_of("[Service]\nExecStart=/bin/a\n"), 257).is_present);
  const UnitPolicy empty = read_unit_policy(unit_of("[X-Harden]\n"), 257);
  EXPECT_TRUE(empty.is_present);
  EXPECT_TRUE(empty.is_enabled);
  EXPECT_EQ(empty.policy.profile->name, "baseline@1");
}

TEST(UnitPolicy, AddsGrantsUpAndResetsThem) {
  const UnitPolicy policy = read_unit_policy(unit_of("[X-Harden]\nProfile=light@1\nAllow=jit home\n",
                                                     {"[X-Harden]\nAllow=\nAllow=tmp\nAllow=clock\n"}),
                                             257);
  EXPECT_EQ(policy.policy.profile->name, "light@1");
  EXPECT_EQ(grants_of(policy), "tmp clock");
  ASSERT_EQ(policy.sources.size(), 2U);
  EXPECT_EQ(policy.sources[1].where, (SourcePos{"/etc/web@.service.d/1.conf", 4}));
}

TEST(UnitPolicy, ExpandsSpecifiersAndQuotes) {
  const UnitPolicy policy =
      read_unit_policy(unit_of("[X-Harden]\nAllow=write:/srv/%i \"write:/srv/a b\"\n"), 257);
  EXPECT_EQ(grants_of(policy), "write:/srv/a b write:/srv/blue");
  const UnitPolicy unknown = read_unit_policy(unit_of("[X-Harden]\nAllow=write:/srv/%b\n"), 257);
  EXPECT_TRUE(unknown.has_error());
}

TEST(UnitPolicy, NamesEveryFaultAndItsLine) {
  const UnitPolicy policy = read_unit_policy(
      unit_of("[X-Harden]\nProfile=strikt@1\nAllow=jit lissen:80\nOverride=ProtektHome\nEnable=perhaps\n"
              "Alow=jit\nX-Note=mine\nnonsense\n"),
      257);
  std::string faults;
  for (const Diagnostic& one : policy.diagnostics)
    faults += std::to_string(one.where.line) + " " + one.hint + "\n";
  EXPECT_EQ(faults,
            "2 did you mean strict@1?\n3 did you mean listen?\n4 did you mean ProtectHome?\n5 \n"
            "6 did you mean Allow?\n8 \n");
  EXPECT_TRUE(policy.has_error());
}

TEST(UnitPolicy, IsSwitchedOffByTheLastWord) {
  EXPECT_FALSE(read_unit_policy(unit_of("[X-Harden]\nEnable=no\n"), 257).is_enabled);
  EXPECT_TRUE(
      read_unit_policy(unit_of("[X-Harden]\nEnable=no\n", {"[X-Harden]\nEnable=yes\n"}), 257).is_enabled);
}

TEST(PolicySource, PrintsASectionThatReadsAsThePolicy) {
  Policy policy;
  policy.profile = parse_profile("strict@1").value();
  Diagnostics diagnostics;
  for (const char* word : {"listen:443", "write:/srv/a b", "jit"})
    add_grants(word, {}, false, policy.grants, diagnostics);
  ASSERT_TRUE(diagnostics.empty());
  policy.grants = normalized(std::move(policy.grants));
  policy.overrides = {catalogue::DirectiveId::ProtectHome};
  policy.ignores = {"cap:SYS_NICE", "file:/a b"};
  const Unit unit = unit_of("[Service]\n");
  const UnitFile earlier =
      parse_unit_file("[X-Harden]\nAllow=connect\nIgnore=x\nOverride=ProtectSystem\n", "a");
  const UnitFile file = parse_unit_file(print_policy_section(policy, false), "b");
  const UnitPolicy read = read_policy_files(unit, 257, std::array{&earlier, &file});
  EXPECT_FALSE(read.has_error());
  EXPECT_EQ(read.policy.profile, policy.profile);
  EXPECT_EQ(read.policy.grants, policy.grants);
  EXPECT_EQ(read.policy.overrides, policy.overrides);
  EXPECT_EQ(read.policy.ignores, policy.ignores);
}

}  // namespace
}  // namespace harden
