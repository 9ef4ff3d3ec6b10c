// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/privileges.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "privileges/order.h"
#include "privileges/test_settings.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using testing::any_settings;
using testing::any_systemd;
using testing::settings_of;
using testing::systemd;

Settings load(Settings settings, const catalogue::Systemd& version) {
  apply_implications(settings, version, catalogue::Stage::load, nullptr);
  return settings;
}

Settings start(Settings settings, const catalogue::Systemd& version) {
  apply_implications(settings, version, catalogue::Stage::start, nullptr);
  return settings;
}

Privileges privileges(std::string_view lines, unsigned version = 257) {
  return interpret(load(settings_of(lines, systemd(version)), systemd(version)), systemd(version));
}

// "rwxs" with a dash for what is missing.
std::string rights(std::string_view lines, std::string_view path) {
  const Rights at = privileges(lines).paths.at(path);
  std::string text = "----";
  if (has_right(at, Right::read)) text[0] = 'r';
  if (has_right(at, Right::write)) text[1] = 'w';
  if (has_right(at, Right::execute)) text[2] = 'x';
  // Who may write to the host's needs none of its own.
  if (has_right(at, Right::scratch) && !has_right(at, Right::write)) text[3] = 's';
  return text;
}

TEST(Privileges, AreEverythingWhereNothingIsSet) {
  const Privileges all = privileges("");
  for (const std::string_view lines :
       {"ProtectSystem=strict", "SystemCallFilter=@system-service", "User=alice", "IPAddressDeny=any",
        "RestrictAddressFamilies=none", "UMask=0077"})
    EXPECT_TRUE(privileges(lines) <= all && privileges(lines) != all) << lines;
  EXPECT_EQ(privileges("ProtectHome=no\nUser=root\nSystemCallFilter="), all);
}

TEST(Privileges, TakeInWhatSystemdMakesOfDirectives) {
  EXPECT_FALSE(privileges("PrivateDevices=yes").calls.named.test(*catalogue::find_syscall("ioperm")));
  EXPECT_EQ(privileges("CapabilityBoundingSet=CAP_KILL\nAmbientCapabilities=CAP_KILL CAP_CHOWN").ambient,
            privileges("AmbientCapabilities=CAP_KILL").ambient);
  const auto no_new = static_cast<std::size_t>(DirectiveId::NoNewPrivileges);
  EXPECT_EQ(privileges("User=alice\nLockPersonality=yes", 252).choices[no_new], 0);
  EXPECT_EQ(privileges("User=alice\nLockPersonality=yes", 257).choices[no_new], 1);
  EXPECT_EQ(privileges("PrivateNetwork=yes").peers, AddressSet());
}

TEST(Privileges, LetWhatIsAllowedWinOverWhatIsDenied) {
  const Privileges local = privileges("IPAddressDeny=any\nIPAddressAllow=localhost");
  EXPECT_TRUE(privileges("IPAddressDeny=any") <= local);
  EXPECT_FALSE(local <= privileges("IPAddressDeny=any"));
  EXPECT_EQ(privileges("IPAddressAllow=localhost"), privileges(""));
  EXPECT_EQ(privileges("SocketBindDeny=any\nSocketBindAllow=any"), privileges(""));
}

TEST(Privileges, KnowTheDevicesOfEachPolicy) {
  EXPECT_EQ(privileges("DeviceAllow=/dev/sda r").devices,
            privileges("DevicePolicy=closed\nDeviceAllow=/dev/sda r").devices);
  EXPECT_TRUE(privileges("DevicePolicy=closed").devices.words.contains(kStandardDevices));
  EXPECT_EQ(privileges("DevicePolicy=strict").devices, WordGroup());
}

TEST(Privileges, TakeRootForEverybody) {
  EXPECT_TRUE(privileges("User=alice") <= privileges("User=root"));
  EXPECT_FALSE(privileges("User=alice") <= privileges("User=bob"));
  EXPECT_TRUE(privileges("User=alice\nSupplementaryGroups=root").groups.everything);
}

TEST(Paths, FollowProtectSystem) {
  EXPECT_EQ(rights("ProtectSystem=yes", "/usr/bin"), "r-x-");
  EXPECT_EQ(rights("ProtectSystem=yes", "/etc"), "rwx-");
  EXPECT_EQ(rights("ProtectSystem=full", "/etc/a"), "r-x-");
  EXPECT_EQ(rights("ProtectSystem=full", "/var"), "rwx-");
  EXPECT_EQ(rights("ProtectSystem=strict", "/var"), "r-x-");
  EXPECT_EQ(rights("ProtectSystem=strict", "/home/a"), "rwx-");
  EXPECT_EQ(rights("ProtectSystem=strict", "/proc/sys"), "rwx-");
  EXPECT_EQ(rights("ProtectSystem=strict\nStateDirectory=a", "/var/lib/a/b"), "rwx-");
  EXPECT_EQ(rights("ProtectSystem=strict\nReadWritePaths=/srv", "/srv/a"), "rwx-");
}

TEST(Paths, FollowProtectHome) {
  EXPECT_EQ(rights("ProtectHome=read-only", "/root/.ssh"), "r-x-");
  EXPECT_EQ(rights("ProtectHome=tmpfs", "/home/a"), "----");
  EXPECT_EQ(rights("ProtectHome=tmpfs\nBindPaths=/home/a", "/home/a"), "rwx-");
  EXPECT_EQ(rights("ProtectHome=tmpfs\nReadWritePaths=/home/a", "/home/a"), "----");
  // The folder is gone with all below it, so that there is nothing to open again.
  EXPECT_EQ(rights("ProtectHome=yes\nReadWritePaths=/home/a\nBindPaths=/home/a", "/home/a"), "----");
}

TEST(Paths, LetReadOnlyWinAtOnePathAndTheLongerOneElsewhere) {
  EXPECT_EQ(rights("ReadOnlyPaths=/srv\nReadWritePaths=/srv", "/srv"), "r-x-");
  EXPECT_EQ(rights("ReadOnlyPaths=/srv\nReadWritePaths=/srv/a", "/srv/a/b"), "rwx-");
  EXPECT_EQ(rights("ProtectSystem=full\nReadWritePaths=/etc", "/etc"), "r-x-");
  EXPECT_EQ(rights("InaccessiblePaths=/srv\nReadOnlyPaths=/srv/a", "/srv/a"), "----");
}

TEST(Paths, TellTheServicesOwnFilesFromTheHosts) {
  EXPECT_EQ(rights("PrivateTmp=yes", "/tmp/a"), "--xs");
  EXPECT_EQ(rights("TemporaryFileSystem=/var", "/var/lib"), "--xs");
  EXPECT_EQ(rights("TemporaryFileSystem=/var:ro", "/var/lib"), "--x-");
  EXPECT_EQ(rights("TemporaryFileSystem=/var\nBindReadOnlyPaths=/srv:/var/lib", "/var/lib/a"), "r-x-");
  EXPECT_EQ(rights("PrivateDevices=yes", "/dev/sda"), "---s");
  EXPECT_EQ(rights("PrivateDevices=yes", "/dev/shm/a"), "rwx-");
}

// Measured on 252 and 257: a program copied there runs.
TEST(Paths, KnowThatAMountOfItsOwnStaysExecutable) {
  const std::string shut = "NoExecPaths=/\nExecPaths=/usr\n";
  EXPECT_EQ(rights(shut, "/srv/a"), "rw--");
  EXPECT_EQ(rights(shut + "ReadWritePaths=/srv/a", "/srv/a"), "rwx-");
  EXPECT_EQ(rights(shut + "ReadWritePaths=/srv/a", "/srv"), "rw--");
  EXPECT_EQ(rights(shut + "BindPaths=/srv/a", "/srv/a/b"), "rwx-");
  EXPECT_EQ(rights(shut + "ReadOnlyPaths=/srv/a", "/srv/a"), "r-x-");
  EXPECT_EQ(rights(shut + "StateDirectory=a", "/var/lib/a"), "rwx-");
  EXPECT_EQ(rights(shut + "PrivateTmp=yes", "/tmp"), "--xs");
  EXPECT_EQ(rights(shut + "PrivateTmp=yes\nNoExecPaths=-/tmp", "/tmp"), "---s");
  EXPECT_EQ(rights(shut + "ProtectSystem=strict", "/home/a"), "rwx-");
  EXPECT_EQ(rights(shut + "ProtectSystem=strict", "/tmp"), "r---");
  EXPECT_EQ(rights(shut + "PrivateDevices=yes", "/dev/shm"), "rwx-");
  EXPECT_EQ(rights(shut + "PrivateDevices=yes\nNoExecPaths=/dev/shm", "/dev/shm"), "rw--");
  EXPECT_EQ(rights(shut + "PrivateDevices=yes\nNoExecPaths=/dev", "/dev/shm"), "rw--");
}

TEST(Paths, KnowThatExecutablePathsOpenTheReadOnlyTree) {
  EXPECT_EQ(rights("ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr", "/usr/bin"), "rwx-");
  EXPECT_EQ(
      rights("ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr\nBindReadOnlyPaths=/usr", "/usr/bin"),
      "r-x-");
  EXPECT_EQ(rights("ProtectSystem=full\nNoExecPaths=/\nExecPaths=/usr", "/usr/bin"), "r-x-");
  EXPECT_EQ(rights("ProtectSystem=strict\nNoExecPaths=/opt", "/opt/a"), "rw--");
}

TEST(Paths, KeepWhatOnlyTheMachineKnowsAsOpened) {
  const Privileges unknown = privileges("ProtectSystem=strict\nReadWritePaths=/srv/%m");
  EXPECT_FALSE(unknown <= privileges("ProtectSystem=strict"));
  EXPECT_EQ(unknown.unknown_paths.size(), 1U);
  EXPECT_TRUE(privileges("ReadOnlyPaths=/srv/%m").unknown_paths.empty());
}

Privileges any_privileges(const catalogue::Systemd& version) {
  return interpret(load(any_settings(version), version), version);
}

RC_GTEST_PROP(PrivilegesLaws, JoinIsTheLeastUpperBound, ()) {
  const auto& version = any_systemd();
  const Privileges a = any_privileges(version);
  const Privileges b = any_privileges(version);
  const Privileges c = any_privileges(version);
  RC_ASSERT(join(a, a) == a);
  RC_ASSERT(join(a, b) == join(b, a));
  RC_ASSERT(join(join(a, b), c) == join(a, join(b, c)));
  RC_ASSERT(a <= join(a, b));
  RC_ASSERT((join(a, b) == b) == (a <= b));
  RC_ASSERT(join(a, b) <= join(join(a, b), c));
}

// Systemd has places where a tighter directive opens something. Each is shown below; here they are left
// out, those of mount options by what is claimed.
bool opens_by_coupling(const Comparison& comparison, const Settings& a, const Settings& b) {
  const bool has_rules_at_system_trees =
      a.words(DirectiveId::ReadWritePaths) != nullptr || b.words(DirectiveId::ReadOnlyPaths) != nullptr;
  return std::ranges::any_of(comparison.directives, [&](const DirectiveOrder& one) {
    return one.directive == DirectiveId::ProtectSystem && has_rules_at_system_trees;
  });
}

RC_GTEST_PROP(PrivilegesLaws, ATighterDirectiveNeverGivesMore, ()) {
  const auto& version = any_systemd();
  const auto& [key, texts] = *rc::gen::elementOf(testing::sample_lines());
  if (catalogue::find_directive(key)->since > version.version) return;
  Settings changed = any_settings(version);
  const Settings a = start(load(changed, version), version);
  testing::assign(changed, key, *rc::gen::elementOf(texts), version);
  const Settings b = start(load(changed, version), version);
  const Comparison comparison = compare_settings(a, b, version);
  if (comparison.order != Order::tighter && comparison.order != Order::equal) return;
  if (opens_by_coupling(comparison, a, b)) return;
  RC_CLASSIFY(comparison.order == Order::tighter, "tighter");
  // Of the host: a private /var/tmp below a read-only TemporaryFileSystem=/var may be written.
  constexpr auto kHostOnly = static_cast<Rights>(kAllRights & ~static_cast<unsigned>(Right::scratch));
  RC_ASSERT(interpret(b, version, Reading::claimed)
                .is_subset_of(interpret(a, version, Reading::claimed), kHostOnly));
}

TEST(TighterOpens, WhereNoExecPathsMeetsAReadOnlyTree) {
  EXPECT_FALSE(privileges("ProtectSystem=strict\nNoExecPaths=/srv") <= privileges("ProtectSystem=strict"));
}

// A path that is made read-only is a mount of its own, and runs what the rule above it keeps from running.
TEST(TighterOpens, WhereReadOnlyPathsMeetNoExecPaths) {
  EXPECT_FALSE(privileges("NoExecPaths=/\nReadOnlyPaths=/srv") <= privileges("NoExecPaths=/"));
}

// As a change of the unit it is tighter; compare_settings() sees the opening once systemd's implications
// have been carried out.
TEST(TighterOpens, WhereProtectClockMeetsADevicePolicy) {
  EXPECT_FALSE(privileges("DevicePolicy=closed\nProtectClock=yes") <= privileges("DevicePolicy=closed"));
}

// A writable path loses to the same path made read-only, and wins over a read-only tree above it.
TEST(TighterOpens, WhereStrictReplacesFullAroundAWritablePath) {
  const std::string_view writable = "ReadWritePaths=/etc\n";
  EXPECT_EQ(rights(std::string(writable) + "ProtectSystem=full", "/etc"), "r-x-");
  EXPECT_EQ(rights(std::string(writable) + "ProtectSystem=strict", "/etc"), "rwx-");
}

}  // namespace
}  // namespace harden
