// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/harden_conf.h"

#include <gtest/gtest.h>

#include "support/fake_file_system.h"

namespace harden {
namespace {

std::string patterns(const HardenConf& conf) {
  std::string text;
  for (const Exemption& one : conf.exempt) text += one.pattern + " ";
  return text;
}

TEST(HardenConf, ReadsTheFileAndItsDropIns) {
  FakeFileSystem fs;
  fs.add_file("/etc/harden/harden.conf", "[Harden]\nDefault=light@1\nExempt=a.service b*\nLayout=nix\n");
  fs.add_file("/etc/harden/harden.conf.d/20-more.conf", "[Harden]\nExempt=c.service\n");
  fs.add_file("/etc/harden/harden.conf.d/10-less.conf", "[Harden]\nDefault=none\n");
  const HardenConf conf = read_harden_conf(fs);
  EXPECT_TRUE(conf.diagnostics.empty());
  EXPECT_EQ(conf.default_profile, nullptr);
  EXPECT_EQ(patterns(conf), "a.service b* c.service ");
  EXPECT_EQ(conf.layout->name, "nix");
}

TEST(HardenConf, IsEmptyWithoutFilesAndNamesFaults) {
  FakeFileSystem fs;
  EXPECT_FALSE(read_harden_conf(fs).has_error());
  fs.add_file("/etc/harden/harden.conf", "[Harden]\nDefault=light\n[Other]\n");
  const HardenConf conf = read_harden_conf(fs);
  ASSERT_EQ(conf.diagnostics.size(), 2U);
  EXPECT_EQ(conf.diagnostics[0].where, (SourcePos{"/etc/harden/harden.conf", 2}));
  EXPECT_EQ(conf.diagnostics[0].hint, "did you mean light@1?");
}

TEST(HardenConf, OfTwoFilesWithOneNameTheAdministratorsCounts) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/harden/harden.conf.d/10-a.conf", "[Exempt]\na.service=why\n");
  fs.add_file("/usr/lib/harden/harden.conf.d/20-b.conf", "[Exempt]\nb.service=why\n*c*=it logs in\n");
  fs.add_file("/etc/harden/harden.conf.d/10-a.conf", "");
  fs.add_file("/etc/harden/harden.conf.d/30-c.conf", "[Exempt]\nb.service=\n");
  const HardenConf conf = read_harden_conf(fs);
  EXPECT_TRUE(conf.diagnostics.empty());
  ASSERT_EQ(patterns(conf), "*c* ");
  EXPECT_EQ(conf.exempt[0].reason, "it logs in");
  EXPECT_EQ(conf.exempt[0].where, (SourcePos{"/usr/lib/harden/harden.conf.d/20-b.conf", 3}));
}

EffectivePolicy policy_of(std::string_view name, std::string_view text, const FakeFileSystem& fs) {
  Unit unit{*parse_unit_name(name), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file(std::string(text), "/etc/a");
  return find_policy(load_settings(std::move(unit), {catalogue::find_systemd(257), {}}),
                     read_harden_conf(fs), fs);
}

TEST(FindPolicy, TakesTheUnitsThenTheShippedThenTheDefault) {
  FakeFileSystem fs;
  EXPECT_EQ(policy_of("a.service", "[Service]\n", fs).origin, PolicyOrigin::none);
  fs.add_file("/etc/harden/harden.conf", "[Harden]\nDefault=light@1\nPolicies=b@*\nExempt=d.service\n");
  fs.add_file("/usr/share/harden/policies/b@.service.conf",
              "[X-Harden]\nProfile=strict@1\nAllow=read:/srv/%i\n");

  const EffectivePolicy own = policy_of("b@x.service", "[X-Harden]\nAllow=jit\n", fs);
  EXPECT_EQ(own.origin, PolicyOrigin::unit);
  EXPECT_EQ(own.policy.policy.profile->name, "baseline@1");
  const EffectivePolicy shipped = policy_of("b@x.service", "[Service]\n", fs);
  EXPECT_EQ(shipped.origin, PolicyOrigin::shipped);
  EXPECT_EQ(shipped.policy.policy.profile->name, "strict@1");
  EXPECT_EQ(joined_texts(shipped.policy.policy.grants), "read:/srv/x");
  EXPECT_EQ(joined_texts(policy_of("b@.service", "[Service]\n", fs).policy.policy.grants), "read:/srv/%i");

  const EffectivePolicy by_default = policy_of("c.service", "[Service]\n", fs);
  EXPECT_EQ(by_default.origin, PolicyOrigin::machine_default);
  EXPECT_EQ(by_default.policy.policy.profile->name, "light@1");
  EXPECT_EQ(policy_of("c.socket", "[Socket]\n", fs).origin, PolicyOrigin::none);
}

TEST(FindPolicy, PassesByWhatIsExemptOffOrFaulty) {
  FakeFileSystem fs;
  fs.add_file("/etc/harden/harden.conf", "[Harden]\nDefault=light@1\nExempt=getty@*\n");
  const EffectivePolicy exempt = policy_of("getty@.service", "[Service]\n", fs);
  EXPECT_EQ(exempt.origin, PolicyOrigin::none);
  ASSERT_TRUE(exempt.exemption);
  EXPECT_EQ(exempt.exemption->pattern, "getty@*");
  EXPECT_TRUE(policy_of("a.service", "[Unit]\nDefaultDependencies=no\n", fs).exemption);
  EXPECT_EQ(policy_of("a.service", "[X-Harden]\nEnable=no\n", fs).origin, PolicyOrigin::none);
  const EffectivePolicy faulty = policy_of("a.service", "[X-Harden]\nAllow=everything\n", fs);
  EXPECT_EQ(faulty.origin, PolicyOrigin::none) << "a fault does not fall back to something else";
  EXPECT_TRUE(faulty.policy.has_error());
}

}  // namespace
}  // namespace harden
