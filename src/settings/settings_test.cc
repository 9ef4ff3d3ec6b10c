// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/settings.h"

#include <gtest/gtest.h>

#include "support/fake_file_system.h"

namespace harden {
namespace {

using catalogue::DirectiveId;

constexpr const char* kUnit = "/usr/lib/systemd/system/a.service";
constexpr const char* kDropIn = "/etc/systemd/system/a.service.d/50-local.conf";

LoadedUnit load(const std::string& main, const std::string& drop_in = {}, unsigned version = 252,
                std::vector<catalogue::Stage> stages = {}) {
  FakeFileSystem fs;
  fs.add_file(kUnit, main);
  if (!drop_in.empty()) fs.add_file(kDropIn, drop_in);
  const UnitTree tree = UnitTree::scan(fs, default_search_path(Scope::system, true));
  return load_settings(tree.load(*parse_unit_name("a.service")),
                       {catalogue::find_systemd(version), stages});
}

std::string choice(const LoadedUnit& loaded, DirectiveId id) {
  const auto index = loaded.settings.choice(id);
  return index ? std::string(catalogue::directive(id).values[*index].name) : std::string();
}

const std::string kStart = "[Service]\nExecStart=/bin/true\n";

TEST(LoadSettings, TellsWhereEachValueComesFrom) {
  const LoadedUnit loaded = load(kStart + "PrivateTmp=no\n", "[Service]\nPrivateTmp=yes\n");
  EXPECT_EQ(choice(loaded, DirectiveId::PrivateTmp), "yes");
  ASSERT_EQ(loaded.contributions.size(), 3U);
  EXPECT_EQ(loaded.contributions[1].fate, Fate::overridden);
  EXPECT_EQ(loaded.contributions[2].fate, Fate::counts);
  EXPECT_EQ(loaded.file_path(loaded.contributions[2].file), kDropIn);
  EXPECT_EQ(loaded.contributions[2].line, 2U);
}

TEST(LoadSettings, AnEmptyListAssignmentResetsWhatStoodBefore) {
  const LoadedUnit loaded =
      load(kStart + "ReadWritePaths=/a\n", "[Service]\nReadWritePaths=\nReadWritePaths=/b\n");
  ASSERT_NE(loaded.settings.words(DirectiveId::ReadWritePaths), nullptr);
  EXPECT_EQ(loaded.settings.words(DirectiveId::ReadWritePaths)->words, std::vector<std::string>{"/b"});
  EXPECT_EQ(loaded.contributions[1].fate, Fate::overridden);
  EXPECT_EQ(loaded.contributions[2].fate, Fate::resets);
}

TEST(LoadSettings, IgnoresDirectivesInTheWrongSectionOrTooNew) {
  EXPECT_EQ(load("[Unit]\nPrivateTmp=yes\n" + kStart).settings.find(DirectiveId::PrivateTmp), nullptr);
  EXPECT_EQ(load(kStart + "PrivatePIDs=yes\n", {}, 252).settings.find(DirectiveId::PrivatePIDs), nullptr);
  EXPECT_NE(load(kStart + "PrivatePIDs=yes\n", {}, 257).settings.find(DirectiveId::PrivatePIDs), nullptr);
}

TEST(LoadSettings, WhatVoidsAUnitOnlyEndsADropIn) {
  EXPECT_TRUE(load(kStart + "User=a:b\n").refusal.has_value());
  const LoadedUnit loaded = load(kStart, "[Service]\nPrivateTmp=yes\nUser=a:b\nPrivateDevices=yes\n");
  EXPECT_FALSE(loaded.refusal.has_value());
  EXPECT_EQ(choice(loaded, DirectiveId::PrivateTmp), "yes");
  EXPECT_EQ(choice(loaded, DirectiveId::PrivateDevices), "no");
}

TEST(LoadSettings, RefusesWhatSystemdRefuses) {
  EXPECT_TRUE(load("[Service]\nType=simple\n").refusal.has_value());
  EXPECT_TRUE(load(kStart + "ExecStart=/bin/false\n").refusal.has_value());
  EXPECT_FALSE(load(kStart + "ExecStart=/bin/false\nType=oneshot\n").refusal.has_value());
  EXPECT_TRUE(load(kStart + "Type=dbus\n").refusal.has_value());
  EXPECT_TRUE(load(kStart + "Type=oneshot\nRestart=always\n").refusal.has_value());
  EXPECT_TRUE(load(kStart + "PAMName=login\nKillMode=process\n").refusal.has_value());
  EXPECT_TRUE(load("[Service]\nExecStart=/bin/\n").refusal.has_value());
  EXPECT_TRUE(load(kStart + "[Broken\n").refusal.has_value());
}

TEST(LoadSettings, DynamicUserBringsItsSandbox) {
  const LoadedUnit loaded = load(kStart + "DynamicUser=yes\nProtectSystem=no\n");
  EXPECT_EQ(choice(loaded, DirectiveId::ProtectSystem), "strict");
  EXPECT_EQ(choice(loaded, DirectiveId::ProtectHome), "read-only");
  EXPECT_EQ(choice(loaded, DirectiveId::NoNewPrivileges), "yes");
  EXPECT_EQ(choice(loaded, DirectiveId::PrivateTmp), "yes");
  EXPECT_FALSE(loaded.implied.empty());
  EXPECT_EQ(choice(load(kStart + "DynamicUser=yes\n", {}, 257), DirectiveId::PrivateTmp), "disconnected");
}

TEST(LoadSettings, PrivateDevicesClosesTheDevicePolicyUnlessOneIsSet) {
  EXPECT_EQ(choice(load(kStart + "PrivateDevices=yes\n"), DirectiveId::DevicePolicy), "closed");
  EXPECT_EQ(choice(load(kStart + "PrivateDevices=yes\nDevicePolicy=strict\n"), DirectiveId::DevicePolicy),
            "strict");
}

TEST(LoadSettings, ProtectClockAddsItsDeviceOnlyWhereAPolicyApplies) {
  EXPECT_EQ(load(kStart + "ProtectClock=yes\n").settings.find(DirectiveId::DeviceAllow), nullptr);
  EXPECT_NE(
      load(kStart + "ProtectClock=yes\nDevicePolicy=closed\n").settings.find(DirectiveId::DeviceAllow),
      nullptr);
}

TEST(LoadSettings, FiltersBringNoNewPrivilegesOn252OnlyAtStart) {
  const std::string unit = kStart + "User=x\nLockPersonality=yes\n";
  EXPECT_EQ(choice(load(unit), DirectiveId::NoNewPrivileges), "no");
  EXPECT_EQ(choice(load(unit, {}, 252, {catalogue::Stage::start}), DirectiveId::NoNewPrivileges), "yes");
  EXPECT_EQ(choice(load(unit, {}, 257, {catalogue::Stage::start}), DirectiveId::NoNewPrivileges), "no");
}

TEST(LoadSettings, FiltersThatDenyWhatLetsGoOfPrivilegesBringNoNewPrivileges) {
  const auto at_start = [](const std::string& lines, unsigned version) {
    return choice(load(kStart + lines, {}, version, {catalogue::Stage::start}),
                  DirectiveId::NoNewPrivileges);
  };
  for (const std::string call : {"capget", "capset", "prctl", "@privileged"})
    EXPECT_EQ(at_start("User=x\nSystemCallFilter=~" + call + "\n", 257), "yes") << call;
  EXPECT_EQ(at_start("User=x\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged\n", 257),
            "yes");
  EXPECT_EQ(at_start("User=x\nSystemCallFilter=@system-service\n", 257), "no");
  EXPECT_EQ(at_start("User=x\nSystemCallFilter=~@mount\nPrivateDevices=yes\n", 257), "no");
  EXPECT_EQ(at_start("SystemCallFilter=~capset\n", 257), "no");  // root
}

TEST(LoadSettings, LoadingTwiceGivesTheSame) {
  const std::string unit = kStart + "CapabilityBoundingSet=~CAP_KILL\nPrivateDevices=yes\nUser=x\n";
  EXPECT_TRUE(load(unit).settings == load(unit).settings);
  EXPECT_FALSE(load(unit).settings == load(kStart).settings);
}

TEST(LoadSettings, AMillionLinesOfOneDirectiveStayCheap) {
  std::string many = kStart;
  for (int i = 0; i < 300000; ++i) many += "PrivateTmp=yes\nReadWritePaths=/a\nProtectHome=maybe\n";
  const LoadedUnit loaded = load(many);
  EXPECT_EQ(loaded.diagnostics.size(), kDiagnosticsMax + 1);
  EXPECT_EQ(loaded.contributions.size(), 900001U);
}

TEST(Settings, TakesAndSetsWithoutGrowing) {
  Settings settings;
  settings.set(DirectiveId::PrivateTmp, Choice{1});
  settings.set(DirectiveId::User, Text{"x"});
  EXPECT_EQ(settings.take(DirectiveId::PrivateTmp), Value(Choice{1}));
  EXPECT_EQ(settings.find(DirectiveId::PrivateTmp), nullptr);
  EXPECT_EQ(settings.text(DirectiveId::User), "x");
  EXPECT_EQ(settings.ids(), std::vector<DirectiveId>{DirectiveId::User});
}

}  // namespace
}  // namespace harden
