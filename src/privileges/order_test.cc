// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/order.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "privileges/test_settings.h"

namespace harden {
namespace {

using testing::any_settings;
using testing::any_systemd;
using testing::assign_any;
using testing::settings_of;
using testing::systemd;

// The order of one change, whatever the directive.
Order change(std::string_view before, std::string_view after, unsigned version = 257) {
  return compare_settings(settings_of(before, systemd(version)), settings_of(after, systemd(version)),
                          systemd(version))
      .order;
}

void expect_tighter(std::string_view before, std::string_view after) {
  EXPECT_EQ(change(before, after), Order::tighter) << before << " → " << after;
  EXPECT_EQ(change(after, before), Order::looser) << after << " → " << before;
}
void expect_same(std::string_view before, std::string_view after, Order order) {
  EXPECT_EQ(change(before, after), order) << before << " → " << after;
  EXPECT_EQ(change(after, before), order) << after << " → " << before;
}

TEST(Order, FollowsTheOrderOfChoices) {
  expect_tighter("", "ProtectHome=read-only");
  expect_tighter("ProtectHome=read-only", "ProtectHome=tmpfs");
  expect_tighter("ProtectSystem=full", "ProtectSystem=strict");
  expect_same("", "ProtectHome=no", Order::equal);
}

TEST(Order, PutsAnUnsetChoiceWithoutDefaultBetweenItsEnds) {
  expect_tighter("", "PrivateMounts=yes");
  expect_tighter("PrivateMounts=no", "");
  expect_same("", "IOSchedulingClass=best-effort", Order::different);
}

TEST(Order, DoesNotCompareChoicesWithoutOrder) {
  expect_same("Restart=no", "Restart=always", Order::different);
  expect_same("", "Restart=no", Order::equal);
}

TEST(Order, ComparesMasksByInclusion) {
  expect_tighter("", "CapabilityBoundingSet=~CAP_SYS_ADMIN");
  expect_tighter("CapabilityBoundingSet=CAP_CHOWN CAP_KILL", "CapabilityBoundingSet=CAP_KILL");
  expect_tighter("CapabilityBoundingSet=CAP_KILL", "CapabilityBoundingSet=");
  expect_same("", "CapabilityBoundingSet=~", Order::equal);
  expect_same("CapabilityBoundingSet=CAP_CHOWN", "CapabilityBoundingSet=CAP_KILL", Order::different);
  expect_tighter("AmbientCapabilities=CAP_KILL", "");
  expect_tighter("", "RestrictNamespaces=~user");
  expect_tighter("RestrictNamespaces=user net", "RestrictNamespaces=net");
  expect_same("", "RestrictNamespaces=no", Order::equal);
  expect_same("RestrictNamespaces=net", "RestrictNamespaces=net time", Order::equal);
}

TEST(Order, ExpandsSystemCallGroups) {
  expect_tighter("", "SystemCallFilter=~@clock");
  expect_tighter("", "SystemCallFilter=@system-service");
  expect_tighter("SystemCallFilter=@system-service", "SystemCallFilter=@basic-io");
  expect_tighter("SystemCallFilter=~@clock", "SystemCallFilter=@basic-io");
  expect_same("SystemCallFilter=~@clock @privileged", "SystemCallFilter=~@privileged", Order::equal);
  expect_same("SystemCallFilter=~@clock", "SystemCallFilter=~@mount", Order::different);
  expect_same("SystemCallFilter=~@clock", "SystemCallFilter=@clock", Order::different);
}

TEST(Order, TellsFiltersApartThatFailInOtherWays) {
  expect_same("SystemCallFilter=~chown", "SystemCallFilter=~chown:EIO", Order::different);
  expect_same("SystemCallFilter=~chown:EACCES", "SystemCallFilter=~chown:EIO", Order::different);
  expect_tighter("SystemCallFilter=~chown:EIO", "SystemCallFilter=~chown:EIO reboot");
  expect_same("SystemCallErrorNumber=EPERM", "SystemCallErrorNumber=EACCES", Order::different);
}

TEST(Order, DoesNotCompareWhatIsLogged) {
  expect_same("", "SystemCallLog=@clock", Order::different);
  expect_same("SystemCallLog=@clock", "SystemCallLog=@clock reboot", Order::different);
}

TEST(Order, ComparesFamiliesByWhatTheyAllow) {
  expect_tighter("", "RestrictAddressFamilies=AF_UNIX AF_INET");
  expect_tighter("RestrictAddressFamilies=AF_UNIX AF_INET", "RestrictAddressFamilies=AF_UNIX");
  expect_tighter("RestrictAddressFamilies=AF_UNIX", "RestrictAddressFamilies=none");
  expect_tighter("RestrictAddressFamilies=~AF_PACKET", "RestrictAddressFamilies=~AF_PACKET AF_NETLINK");
  expect_tighter("RestrictAddressFamilies=~AF_PACKET", "RestrictAddressFamilies=AF_UNIX");
  expect_same("RestrictAddressFamilies=~AF_PACKET", "RestrictAddressFamilies=AF_PACKET", Order::different);
}

TEST(Order, LeavesAnEmptiedAllowListOfNamesAlone) {
  expect_same("", "RestrictNetworkInterfaces=lo\nRestrictNetworkInterfaces=~lo", Order::different);
}

TEST(Order, ComparesArchitecturesBySet) {
  expect_tighter("", "SystemCallArchitectures=native x86");
  expect_tighter("SystemCallArchitectures=native x86", "SystemCallArchitectures=native");
}

TEST(Order, ComparesAddressesByWhatTheyCover) {
  expect_tighter("", "IPAddressDeny=10.0.0.0/8");
  expect_tighter("IPAddressDeny=10.1.0.0/16", "IPAddressDeny=10.0.0.0/8");
  expect_tighter("IPAddressAllow=10.0.0.0/8", "IPAddressAllow=10.1.0.0/16");
  expect_same("IPAddressDeny=any", "IPAddressDeny=0.0.0.0/1 128.0.0.0/1 ::/0", Order::equal);
  expect_same("IPAddressDeny=10.0.0.0/8", "IPAddressDeny=10.0.0.0/8 10.1.0.0/16", Order::equal);
}

TEST(Order, ReadsListsInTheCataloguesDirection) {
  expect_tighter("ReadWritePaths=/srv", "");
  expect_tighter("", "ReadOnlyPaths=/srv");
  expect_tighter("ExecPaths=/usr /opt", "ExecPaths=/opt");
  expect_tighter("", "TemporaryFileSystem=/var:ro");
  expect_tighter("SupplementaryGroups=video audio", "SupplementaryGroups=audio");
  expect_tighter("SocketBindAllow=80-90", "SocketBindAllow=ipv4:tcp:80");
  expect_tighter("SocketBindDeny=tcp:80", "SocketBindDeny=any");
  expect_same("ReadWritePaths=/a /b", "ReadWritePaths=/b /a", Order::equal);
  expect_same("", "BindReadOnlyPaths=/usr", Order::different);
  expect_same("", "Environment=A=1", Order::different);
}

TEST(Order, CountsAPathThatMayBeMissingAsLooser) {
  expect_tighter("InaccessiblePaths=-/srv", "InaccessiblePaths=/srv");
  expect_same("InaccessiblePaths=/srv", "InaccessiblePaths=/srv -/srv", Order::equal);
}

TEST(Order, ComparesModesByBits) {
  expect_tighter("", "UMask=0077");
  expect_tighter("UMask=0000", "UMask=0022");
  expect_same("UMask=0070", "UMask=0007", Order::different);
  expect_same("", "UMask=0022", Order::equal);
  expect_tighter("", "StateDirectoryMode=0700");
}

TEST(Order, KnowsRootFromOthers) {
  expect_tighter("", "User=alice");
  expect_tighter("User=0", "User=alice");
  expect_tighter("", "DynamicUser=yes");
  expect_same("", "User=root", Order::equal);
  expect_same("User=alice", "User=bob", Order::different);
}

TEST(Order, TakesTheFirstDeviceEntryForWhatItCloses) {
  expect_tighter("", "DeviceAllow=/dev/sda rw");
  expect_tighter("", "DevicePolicy=closed");
  expect_tighter("", "DevicePolicy=closed\nDeviceAllow=/dev/sda rw");
  expect_tighter("DevicePolicy=closed\nDeviceAllow=/dev/sda rw", "DevicePolicy=closed");
  expect_tighter("DeviceAllow=/dev/sda rw", "DeviceAllow=/dev/sda r");
  expect_tighter("DeviceAllow=/dev/sda rw\nDeviceAllow=/dev/sdb", "DeviceAllow=/dev/sda rw");
  expect_same("DeviceAllow=/dev/sda r", "DeviceAllow=/dev/sda w", Order::different);
  expect_same("DeviceAllow=/dev/sda", "DeviceAllow=/dev/sda rwm", Order::equal);
}

TEST(Order, ComparesDelegationStepByStep) {
  expect_tighter("Delegate=", "");
  expect_tighter("Delegate=cpu", "Delegate=");
  expect_tighter("Delegate=yes", "Delegate=cpu");
  expect_same("", "Delegate=no", Order::equal);
}

TEST(Order, NamesEachDirectiveThatDiffers) {
  const auto comparison =
      compare_settings(settings_of("ProtectHome=yes\nPrivateTmp=yes\nUMask=0022"),
                       settings_of("ProtectHome=read-only\nPrivateTmp=yes\nPrivateNetwork=yes"), systemd());
  EXPECT_EQ(comparison.order, Order::different);
  ASSERT_EQ(comparison.directives.size(), 2U);
  EXPECT_EQ(comparison.directives[0], (DirectiveOrder{catalogue::DirectiveId::ProtectHome, Order::looser}));
  EXPECT_EQ(comparison.directives[1],
            (DirectiveOrder{catalogue::DirectiveId::PrivateNetwork, Order::tighter}));
}

Settings nearby(const Settings& settings, const catalogue::Systemd& systemd) {
  Settings copy = settings;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) assign_any(copy, systemd);
  return copy;
}

RC_GTEST_PROP(OrderLaws, IsReflexive, ()) {
  const auto& version = any_systemd();
  const Settings a = any_settings(version);
  RC_ASSERT(compare_settings(a, a, version).order == Order::equal);
  for (const auto& directive : catalogue::directives())
    RC_ASSERT(compare_directive(directive.id, a, a, version) == Order::equal);
}

RC_GTEST_PROP(OrderLaws, MirrorsWhenSwapped, ()) {
  const auto& version = any_systemd();
  const Settings a = any_settings(version);
  const Settings b = nearby(a, version);
  RC_ASSERT(compare_settings(a, b, version).order == mirrored(compare_settings(b, a, version).order));
  for (const auto& directive : catalogue::directives())
    RC_ASSERT(compare_directive(directive.id, a, b, version) ==
              mirrored(compare_directive(directive.id, b, a, version)));
}

bool at_most(Order order) { return order == Order::equal || order == Order::tighter; }

// One directive at a time, so that the values of the sample often form chains.
RC_GTEST_PROP(OrderLaws, IsTransitive, ()) {
  const auto& version = any_systemd();
  const auto& [key, texts] = *rc::gen::elementOf(testing::sample_lines());
  Settings base = any_settings(version, 4);
  std::vector<Settings> chain(3, base);
  for (Settings& settings : chain)
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
      testing::assign(settings, key, *rc::gen::elementOf(texts), version);
  for (const auto& directive : catalogue::directives()) {
    const Order ab = compare_directive(directive.id, chain[0], chain[1], version);
    const Order bc = compare_directive(directive.id, chain[1], chain[2], version);
    if (!at_most(ab) || !at_most(bc)) continue;
    const Order ac = compare_directive(directive.id, chain[0], chain[2], version);
    RC_ASSERT(at_most(ac));
    RC_ASSERT((ac == Order::equal) == (ab == Order::equal && bc == Order::equal));
  }
}

}  // namespace
}  // namespace harden
