// SPDX-License-Identifier: LGPL-2.1-or-later
// What is written beside a unit that has settings of its own.
#include <gtest/gtest.h>

#include <algorithm>

#include "policy/policy.h"
#include "policy/word_lines_test.h"

namespace harden {
namespace {

Compiled compiled_beside(const std::string& lines, std::string_view profile, std::string_view grant = "",
                         std::vector<catalogue::DirectiveId> overrides = {}) {
  Unit unit{*parse_unit_name("a.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file("[Service]\nExecStart=/usr/bin/a\n" + lines, "/etc/a.service");
  const LoadedUnit loaded = load_settings(std::move(unit), {catalogue::find_systemd(257), {}});
  const Target target{loaded.systemd, catalogue::find_layout("usr"), runs_as_of(loaded.settings), {}};
  std::vector<Grant> grants;
  if (!grant.empty()) grants = parse_grants(grant).value();
  const Policy policy{catalogue::find_profile(profile), grants, std::move(overrides), {}};
  Compiled compiled = compile(policy, target, &loaded);
  EXPECT_EQ(word_lines(compile_settings(policy, target, &loaded)), word_lines(compiled)) << lines;
  return compiled;
}
std::vector<std::string> written_beside(const std::string& lines, std::string_view profile,
                                        std::string_view grant = "") {
  return word_lines(compiled_beside(lines, profile, grant));
}

bool has(const std::vector<std::string>& lines, std::string_view line) {
  return std::ranges::find(lines, line) != lines.end();
}

bool has_any(const std::vector<std::string>& lines, std::string_view name) {
  return std::ranges::any_of(lines, [&](const std::string& line) { return line.starts_with(name); });
}

// ExecPaths=/usr alone takes /usr out of the read-only tree, as haproxy.service of Debian would have had
// it.
TEST(Compile, KeepsProgramsReadOnlyBesideBindsOfTheUnit) {
  const auto lines = written_beside("BindReadOnlyPaths=/dev/log:/var/lib/a/dev/log\n", "strict@1");
  EXPECT_TRUE(has(lines, "ExecPaths=/usr"));
  EXPECT_TRUE(has(lines, "BindReadOnlyPaths=/usr"));
}

TEST(Compile, LeavesProgramsExecutableBesideExecPathsOfTheUnit) {
  EXPECT_TRUE(has(written_beside("ExecPaths=/srv/a\n", "baseline@1"), "ExecPaths=/usr"));
  EXPECT_FALSE(has(written_beside("ExecPaths=/usr/bin\nNoExecPaths=/\n", "baseline@1"), "ExecPaths=/usr"));
}

// systemd's default is as tight as the profile: nothing but a line makes it looser.
TEST(Compile, WritesWhatIsLooserThanTheDefault) {
  EXPECT_TRUE(has(written_beside("", "strict@1", "keyring"), "KeyringMode=shared"));
  EXPECT_FALSE(has_any(written_beside("PAMName=login\n", "strict@1"), "KeyringMode="));
  EXPECT_FALSE(has_any(written_beside("DynamicUser=yes\n", "strict@1"), "PrivateTmp="));
}

// /var/tmp is not there before /var is mounted, and a path that is missing stops a service.
TEST(Compile, StandsMissingFoldersOfGrants) {
  const auto lines = written_beside("[Unit]\nDefaultDependencies=no\n", "strict@1");
  EXPECT_TRUE(has(lines, "ReadWritePaths=-/tmp"));
  EXPECT_TRUE(has(lines, "ReadWritePaths=-/var/tmp"));
}

TEST(Compile, NamesTheMountsOfTheUnitThatItsRulePassesOver) {
  const auto lines = written_beside(
      "BindPaths=/a:/srv/b\nStateDirectory=c\nTemporaryFileSystem=/d:ro\nReadWritePaths=-/e\n",
      "baseline@1");
  for (const std::string path : {"/", "/srv/b", "/var/lib/c", "/d", "-/e", "/tmp", "/run"})
    EXPECT_TRUE(has(lines, "NoExecPaths=" + path)) << path;
  EXPECT_TRUE(has(written_beside("DynamicUser=yes\nStateDirectory=c\n", "baseline@1"),
                  "NoExecPaths=-/var/lib/private/c"));
  EXPECT_FALSE(has_any(written_beside("ExecPaths=/\n", "baseline@1"), "NoExecPaths=/tmp"));
  EXPECT_FALSE(has_any(written_beside("NoExecPaths=/srv\nPrivateTmp=yes\n", "baseline@1"), "NoExecPaths"));
  EXPECT_FALSE(has_any(written_beside("ReadWritePaths=/run\n", "strict@1"), "ReadOnlyPaths"));
}

// /run is read-only in such a unit, until something brings the API file systems in.
TEST(Compile, OpensNothingInATreeThatTheUnitMakesReadOnly) {
  EXPECT_TRUE(has(written_beside("ProtectSystem=strict\n", "light@1"), "ReadOnlyPaths=/run"));
  EXPECT_TRUE(has(written_beside("DynamicUser=yes\n", "light@1"), "ReadOnlyPaths=/run"));
  EXPECT_TRUE(
      has(written_beside("ProtectSystem=strict\nReadOnlyPaths=/home\n", "light@1"), "ReadOnlyPaths=/run"));
  EXPECT_FALSE(
      has_any(written_beside("ProtectSystem=strict\nReadOnlyPaths=/run\n", "light@1"), "ReadOnlyPaths"));
  EXPECT_FALSE(
      has_any(written_beside("ProtectSystem=strict\nMountAPIVFS=yes\n", "light@1"), "ReadOnlyPaths"));
}

TEST(Compile, AddsNoPeersOfTheProfileToThoseOfTheUnit) {
  EXPECT_FALSE(has(written_beside("IPAddressAllow=10.0.0.1\n", "baseline@1"), "IPAddressAllow=localhost"));
}

TEST(Compile, LeavesWhatTheUnitSetsAndSaysWhetherItIsLooser) {
  const Compiled all = compiled_beside(
      "ProtectHome=read-only\nUMask=0177\nPrivateTmp=yes\nSystemCallFilter=@system-service\n", "strict@1");
  for (const std::string_view name : {"ProtectHome=", "UMask=", "PrivateTmp=", "SystemCallFilter="})
    EXPECT_FALSE(has_any(word_lines(all), name)) << name;
  std::string kept;
  for (const Kept& one : all.kept) {
    kept += std::string(catalogue::directive(one.directive).name);
    kept += one.looser_than_profile ? " looser, " : ", ";
  }
  EXPECT_EQ(kept, "UMask, ProtectHome looser, PrivateTmp, SystemCallFilter looser, ");
}

TEST(Compile, AddsToListsThatOnlyOpen) {
  const auto lines =
      written_beside("ReadWritePaths=/srv/a\nIPAddressAllow=10.0.0.1\n", "strict@1", "write:/srv/a,/srv/b");
  EXPECT_FALSE(has(lines, "ReadWritePaths=/srv/a"));
  EXPECT_TRUE(has(lines, "ReadWritePaths=/srv/b"));
  EXPECT_FALSE(has_any(lines, "IPAddressAllow="));
}

TEST(Compile, TightensWhatIsToBeOverridden) {
  using enum catalogue::DirectiveId;
  const Compiled all =
      compiled_beside("ProtectHome=no\nRestrictAddressFamilies=AF_UNIX AF_INET\nUMask=0177\n", "strict@1",
                      "", {UMask, ProtectHome, RestrictAddressFamilies});
  const auto lines = word_lines(all);
  EXPECT_TRUE(has(lines, "ProtectHome=yes"));
  EXPECT_TRUE(has(lines, "RestrictAddressFamilies="));
  EXPECT_TRUE(has(lines, "RestrictAddressFamilies=AF_UNIX"));
  EXPECT_FALSE(has_any(lines, "UMask="));
  for (const Written& one : all.settings)
    EXPECT_EQ(one.overrides, one.directive == ProtectHome || one.directive == RestrictAddressFamilies)
        << catalogue::directive(one.directive).name;
}

// A unit that shuts something and names more elsewhere has always been run like that.
TEST(Compile, OpensNothingThatTheUnitShutsItself) {
  EXPECT_FALSE(has(written_beside("TTYPath=/dev/tty9\nDeviceAllow=/dev/null rw\n", "strict@1"),
                   "DeviceAllow=/dev/tty9 rw"));
  EXPECT_TRUE(has(written_beside("TTYPath=/dev/tty9\n", "strict@1"), "DeviceAllow=/dev/tty9 rw"));
  EXPECT_FALSE(has(written_beside("PIDFile=/run/a/pid\nReadOnlyPaths=/run\n", "strict@1"),
                   "ReadWritePaths=-/run/a"));
  EXPECT_TRUE(has(written_beside("PIDFile=/run/a/pid\n", "strict@1"), "ReadWritePaths=-/run/a"));
  EXPECT_FALSE(has(written_beside("ExecStop=/srv/a\nNoExecPaths=/\nExecPaths=/usr\n", "baseline@1"),
                   "ExecPaths=-/srv/a"));
  EXPECT_TRUE(has(written_beside("ExecStop=/srv/a\n", "baseline@1"), "ExecPaths=-/srv/a"));
  EXPECT_FALSE(
      has_any(written_beside("ExecPaths=/tmp/a\nPrivateTmp=yes\n", "light@1"), "BindReadOnlyPaths="));
}

// DeviceAllow= alone would close all others.
TEST(Compile, WritesNoExceptionFromARuleThatTheUnitDoesNotHave) {
  const std::string open = "DevicePolicy=auto\nPrivateMounts=no\n";
  EXPECT_FALSE(has_any(written_beside(open, "baseline@1", "clock-read"), "DeviceAllow="));
  EXPECT_FALSE(has_any(written_beside(open, "baseline@1", "gpu"), "DeviceAllow="));
}

// The command behind the `!` is root's; all others would get the capabilities to become root.
TEST(Compile, GivesTheUsersCommandsNoCapabilitiesOfRoots) {
  const auto lines = written_beside("User=a\nExecStartPre=!/usr/bin/b\n", "strict@1");
  EXPECT_TRUE(has(lines, "CapabilityBoundingSet=CAP_SETUID"));
  EXPECT_FALSE(has_any(lines, "AmbientCapabilities="));
  EXPECT_TRUE(has(written_beside("User=a\n", "strict@1", "switch-user"), "AmbientCapabilities=CAP_SETUID"));
}

TEST(Compile, LeavesWritableWhatTheUnitBinds) {
  EXPECT_FALSE(
      has(written_beside("BindPaths=/srv\n", "strict@1", "exec:/srv/a"), "BindReadOnlyPaths=/srv/a"));
  EXPECT_TRUE(
      has(written_beside("BindPaths=/opt\n", "strict@1", "exec:/srv/a"), "BindReadOnlyPaths=/srv/a"));
}

}  // namespace
}  // namespace harden
