// SPDX-License-Identifier: LGPL-2.1-or-later
// The real tool is the judge (test/differential); these pin what a reader would ask first.
#include "exposure/exposure.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/fake_file_system.h"

namespace harden {
namespace {

using catalogue::Stage;

Exposure score(const std::string& settings, ScoreMode mode = ScoreMode::offline, unsigned version = 252,
               const SecurityPolicy& policy = {}) {
  FakeFileSystem fs;
  fs.add_file("/etc/systemd/system/a.service", "[Service]\nExecStart=/bin/true\n" + settings);
  const UnitTree tree = UnitTree::scan(fs, default_search_path(Scope::system, false));
  const Stage stage = mode == ScoreMode::offline ? Stage::offline : Stage::bus;
  const LoadedUnit unit = load_settings(tree.load(*parse_unit_name("a.service")),
                                        {catalogue::find_systemd(version), std::span(&stage, 1)});
  return score_unit(unit, mode, policy).value();
}

std::optional<std::uint64_t> badness(const Exposure& exposure, std::string_view json_field) {
  const auto row = std::ranges::find_if(
      exposure.rows, [&](const RowScore& r) { return r.name->json_field == json_field; });
  return row->badness;
}

TEST(Score, ABareServiceIsUnsafe) {
  EXPECT_EQ(score("").tenths, 96U);
  EXPECT_EQ(score("", ScoreMode::offline, 257).tenths, 94U);
  EXPECT_EQ(exposure_predicate(96), "UNSAFE");
}

TEST(Score, NamesEveryStepAsTheToolDoes) {
  EXPECT_EQ(exposure_predicate(100), "DANGEROUS");
  EXPECT_EQ(exposure_predicate(89), "EXPOSED");
  EXPECT_EQ(exposure_predicate(50), "MEDIUM");
  EXPECT_EQ(exposure_predicate(10), "OK");
  EXPECT_EQ(exposure_predicate(1), "SAFE");
  EXPECT_EQ(exposure_predicate(0), "PERFECT");
}

TEST(Score, RowsForUnprivilegedUnitsDoNotApplyToRoot) {
  EXPECT_EQ(badness(score(""), "RemoveIPC"), std::nullopt);
  EXPECT_EQ(badness(score("User=x\n"), "RemoveIPC"), 1U);
}

TEST(Score, EarlyUnitsAreNotJudgedByTheirFileTree) {
  EXPECT_EQ(badness(score("[Unit]\nDefaultDependencies=no\n"), "ProtectHome"), std::nullopt);
}

TEST(Score, NobodyIsWorseThanATransientUser) {
  EXPECT_EQ(badness(score("DynamicUser=yes\n"), "UserOrDynamicUser"), 0U);
  EXPECT_EQ(badness(score("DynamicUser=yes\nUser=nobody\n"), "UserOrDynamicUser"), 9U);
}

TEST(Score, ATighterClockRaisesTheDeviceRow) {
  EXPECT_EQ(badness(score("DevicePolicy=closed\n"), "DeviceAllow"), 0U);
  EXPECT_EQ(badness(score("DevicePolicy=closed\nProtectClock=yes\n"), "DeviceAllow"), 5U);
}

TEST(Score, OneLoopbackAddressIsLocalhostOfflineOnly) {
  const std::string rules = "IPAddressDeny=any\nIPAddressAllow=127.0.0.1\n";
  EXPECT_EQ(badness(score(rules), "IPAddressDeny"), 2U);
  EXPECT_EQ(badness(score(rules, ScoreMode::online), "IPAddressDeny"), 5U);
}

TEST(Score, AManagerInfersPrivateMounts) {
  EXPECT_EQ(badness(score("PrivateTmp=yes\n"), "PrivateMounts"), 1U);
  EXPECT_EQ(badness(score("PrivateTmp=yes\n", ScoreMode::online), "PrivateMounts"), 0U);
  EXPECT_EQ(badness(score("", ScoreMode::offline, 257), "PrivateMounts"), 0U);
  EXPECT_EQ(badness(score("", ScoreMode::online, 257), "PrivateMounts"), 1U);
}

TEST(Score, APolicyOfWeightZeroLeavesARowOut) {
  SecurityPolicy policy;
  policy.rows["UserOrDynamicUser"].weight = 0;
  EXPECT_EQ(badness(score("", ScoreMode::offline, 252, policy), "UserOrDynamicUser"), std::nullopt);
}

TEST(Score, ARangeBelowTheBadnessIsAnError) {
  FakeFileSystem fs;
  fs.add_file("/etc/systemd/system/a.service", "[Service]\nExecStart=/bin/true\n");
  const UnitTree tree = UnitTree::scan(fs, default_search_path(Scope::system, false));
  const LoadedUnit unit =
      load_settings(tree.load(*parse_unit_name("a.service")), {catalogue::find_systemd(252), {}});
  SecurityPolicy policy;
  policy.rows["UserOrDynamicUser"].range = 5;
  const auto scored = score_unit(unit, ScoreMode::offline, policy);
  ASSERT_FALSE(scored);
  EXPECT_EQ(scored.error().code, Errc::invalid);
}

TEST(SecurityPolicyFile, LeavesOutWhatHasTheWrongType) {
  Diagnostics diagnostics;
  const auto policy = parse_security_policy(
      R"({"PrivateTmp": {"weight": 5, "range": "x"}, "ProtectHome": 3, "UMask": {"weight": -1}})", "p.json",
      diagnostics);
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->rows.at("PrivateTmp").weight, 5U);
  EXPECT_FALSE(policy->rows.at("PrivateTmp").range);
  EXPECT_FALSE(policy->rows.contains("ProtectHome"));
  EXPECT_EQ(diagnostics.size(), 3U);
  EXPECT_FALSE(parse_security_policy("{", "p.json", diagnostics));
}

}  // namespace
}  // namespace harden
