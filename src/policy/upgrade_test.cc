// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/upgrade.h"

#include <gtest/gtest.h>

namespace harden {
namespace {

const catalogue::Systemd& systemd(unsigned version) { return *catalogue::find_systemd(version); }

LoadedUnit unit_of(std::string_view lines, unsigned version = 257) {
  Unit unit{*parse_unit_name("a.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment =
      parse_unit_file("[Service]\nExecStart=/usr/bin/a\n" + std::string(lines), "/etc/a.service");
  return load_settings(std::move(unit), {&systemd(version), {}});
}

Upgrade upgraded(const LoadedUnit& unit, std::string_view to, const Policy* today = nullptr) {
  const Target target{unit.systemd, catalogue::find_layout("usr"), runs_as_of(unit.settings), {}};
  return upgrade(today, *catalogue::find_profile(to), target, unit);
}

std::string texts(const Upgrade& upgrade) {
  std::string text;
  for (const NeededGrant& one : upgrade.grants)
    text += (text.empty() ? "" : " ") + one.grant.text() + (one.exceeds ? "!" : "");
  return text;
}

TEST(Upgrade, AsksForNothingWhereTheUnitIsAsTight) {
  const catalogue::Profile& profile = *catalogue::find_profile("baseline@1");
  std::string lines = "User=a\n";
  for (const catalogue::ProfileSetting& setting : profile.settings) {
    std::string line = std::string(catalogue::directive(setting.directive).name) + "=";
    for (const std::string_view word : setting.words)
      line += " " + std::string(word == "@programs" ? "/usr" : word);
    lines += line + "\n";
  }
  EXPECT_EQ(texts(upgraded(unit_of(lines), "baseline@1")), "");
}

TEST(Upgrade, KeepsAHardenedUnitWithAHandfulOfGrants) {
  const LoadedUnit unit = unit_of(
      "User=redis\nProtectSystem=strict\nProtectHome=yes\nReadWritePaths=-/var/lib/redis\nPrivateTmp=yes\n"
      "PrivateDevices=yes\nProtectKernelTunables=yes\nProtectKernelModules=yes\nProtectKernelLogs=yes\n"
      "ProtectClock=yes\nProtectControlGroups=yes\nProtectHostname=yes\nProtectProc=invisible\nProcSubset="
      "pid\n"
      "PrivateUsers=yes\nPrivateIPC=yes\nPrivatePIDs=yes\nRestrictNamespaces=yes\nRestrictRealtime=yes\n"
      "RestrictSUIDSGID=yes\nLockPersonality=yes\nRemoveIPC=yes\nNoNewPrivileges=yes\nUMask=0077\n"
      "MemoryDenyWriteExecute=yes\nCapabilityBoundingSet=\nRestrictAddressFamilies=AF_UNIX AF_INET "
      "AF_INET6\n"
      "SystemCallArchitectures=native\nSystemCallFilter=@system-service\n"
      "SystemCallFilter=~@privileged @resources io_uring_setup io_uring_enter io_uring_register "
      "memfd_create\n"
      "NoExecPaths=/\nExecPaths=/usr\nInaccessiblePaths=-/run/dbus -/run/systemd/private\n"
      "InaccessiblePaths=-/run/systemd/io.systemd.Manager\n");
  EXPECT_EQ(texts(upgraded(unit, "strict@1")), "listen! write:-/var/lib/redis");
}

TEST(Upgrade, LeavesOutWhatAPolicyDoesNotNeedAnyMore) {
  const LoadedUnit unit = unit_of("User=a\n");
  const Policy today{catalogue::find_profile("strict@1"),
                     normalized({*parse_grants("jit")->begin(), *parse_grants("write:/srv/a")->begin()}),
                     {},
                     {}};
  EXPECT_EQ(texts(upgraded(unit, "strict@1", &today)), "write:/srv/a jit");
  EXPECT_EQ(texts(upgraded(unit, "baseline@1", &today)), "");
}

TEST(Upgrade, LeavesTheUnitWhatTheProfileDoesNotSpeakOf) {
  const LoadedUnit unit = unit_of("User=a\nUMask=0007\nProtectSystem=strict\nReadWritePaths=/srv/a\n");
  const Upgrade result = upgraded(unit, "light@1");
  EXPECT_TRUE(result.lost.empty());
  EXPECT_TRUE(result.replaced.empty());
}

TEST(Upgrade, SaysWhichLinesCanGo) {
  const Upgrade result = upgraded(unit_of("User=a\nProtectHome=yes\nNice=5\n"), "baseline@1");
  EXPECT_EQ(result.replaced, std::vector{catalogue::DirectiveId::ProtectHome});
}

}  // namespace
}  // namespace harden
