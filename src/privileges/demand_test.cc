// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/demand.h"

#include <gtest/gtest.h>

#include "privileges/test_settings.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using testing::settings_of;
using testing::systemd;

Sandbox box(std::string_view lines, unsigned version = 257) {
  return make_sandbox(settings_of(lines, systemd(version)), systemd(version));
}

// "ProtectHome EACCES", or "open".
std::string answer(const Demand& demand, const Sandbox& sandbox) {
  if (is_met(demand, sandbox)) return "open";
  const Refusal refusal = find_refusal(demand, sandbox);
  return std::string(catalogue::directive(refusal.directive).name) + " " + refusal.result;
}

TEST(Demand, BareUnitRefusesNothing) {
  const Sandbox bare = box("");
  for (const Demand& demand :
       {Demand(CapabilityDemand{21}), Demand(CallDemand{"mount", "native"}),
        Demand(CallDemand{"getpid", "x86"}), Demand(FamilyDemand{"AF_PACKET"}),
        Demand(PathDemand{"/etc/shadow", PathUse::write}), Demand(MoveDemand{"/a", "/b"}),
        Demand(DeviceDemand{true, 8, 0, 'w', "/dev/sda"}), Demand(PeerDemand{"192.0.2.1", true}),
        Demand(PortDemand{false, false, 80}), Demand(NamespaceDemand{0x10000000})})
    EXPECT_EQ(answer(demand, bare), "open") << demand.index();
}

TEST(Demand, CapabilityIsHeldByRootOrAmbientAndOnlyInTheHostsUsers) {
  const Demand demand = CapabilityDemand{0};   // CAP_CHOWN
  EXPECT_EQ(answer(demand, box("CapabilityBoundingSet=CAP_KILL")), "CapabilityBoundingSet EPERM");
  EXPECT_EQ(answer(demand, box("User=alice")), "AmbientCapabilities EPERM");
  EXPECT_EQ(answer(demand, box("User=alice\nAmbientCapabilities=CAP_CHOWN")), "open");
  EXPECT_EQ(answer(demand, box("PrivateUsers=yes")), "PrivateUsers EPERM");
}

TEST(Demand, CallFailsAsTheFilterSays) {
  const Demand demand = CallDemand{"chown", "native"};
  EXPECT_EQ(answer(demand, box("SystemCallFilter=~chown")), "SystemCallFilter SIGSYS");
  EXPECT_EQ(answer(demand, box("SystemCallFilter=~chown\nSystemCallErrorNumber=EACCES")),
            "SystemCallFilter EACCES");
  EXPECT_EQ(answer(demand, box("SystemCallFilter=~chown:EPERM")), "SystemCallFilter EPERM");
  EXPECT_EQ(answer(demand, box("SystemCallFilter=@system-service")), "open");
  EXPECT_EQ(answer(CallDemand{"execve", "native"}, box("SystemCallFilter=chown")),
            "open");   // always let through
  EXPECT_EQ(answer(CallDemand{"getpid", "x86"}, box("SystemCallArchitectures=native")),
            "SystemCallArchitectures SIGSYS");
  EXPECT_EQ(answer(CallDemand{"a_call_of_tomorrow", "native"}, box("SystemCallFilter=@system-service")),
            "SystemCallFilter SIGSYS");
  EXPECT_EQ(answer(CallDemand{"a_call_of_tomorrow", "native"}, box("SystemCallFilter=~chown")), "open");
}

TEST(Demand, CallThatAnotherDirectiveDeniesIsBlamedOnIt) {
  EXPECT_EQ(answer(CallDemand{"clock_settime", "native"}, box("ProtectClock=yes")), "ProtectClock EPERM");
  EXPECT_EQ(answer(CallDemand{"syslog", "native"}, box("ProtectKernelLogs=yes")),
            "ProtectKernelLogs EPERM");
  EXPECT_EQ(answer(CallDemand{"sethostname", "native"}, box("ProtectHostname=yes")),
            "ProtectHostname EPERM");
}

TEST(Demand, PathIsRefusedByTheDirectiveThatStandsInItsWay) {
  const auto write = [](const char* path) { return PathDemand{path, PathUse::write}; };
  const auto read = [](const char* path) { return PathDemand{path, PathUse::read}; };
  EXPECT_EQ(answer(write("/srv/a"), box("ProtectSystem=strict")), "ProtectSystem EROFS");
  EXPECT_EQ(answer(write("/srv/a/b"), box("ProtectSystem=strict\nReadWritePaths=/srv/a")), "open");
  EXPECT_EQ(answer(write("/etc/a"), box("ProtectSystem=full")), "ProtectSystem EROFS");
  EXPECT_EQ(answer(read("/home/a"), box("ProtectHome=yes")), "ProtectHome ENOENT");
  EXPECT_EQ(answer(read("/home/a"), box("ProtectHome=yes\nUser=alice")), "ProtectHome EACCES");
  EXPECT_EQ(answer(read("/tmp/a"), box("PrivateTmp=yes")), "PrivateTmp ENOENT");
  EXPECT_EQ(answer(PathDemand{"/tmp/a", PathUse::scratch}, box("PrivateTmp=yes")), "open");
  EXPECT_EQ(answer(write("/proc/sys/net"), box("ProtectKernelTunables=yes")),
            "ProtectKernelTunables EROFS");
  EXPECT_EQ(answer(PathDemand{"/opt/a", PathUse::execute}, box("NoExecPaths=/\nExecPaths=/usr")),
            "NoExecPaths EACCES");
  EXPECT_EQ(answer(PathDemand{"/opt/a.so", PathUse::map_execute}, box("NoExecPaths=/\nExecPaths=/usr")),
            "NoExecPaths EPERM");
  EXPECT_EQ(answer(read("/run/dbus/socket"), box("InaccessiblePaths=/run/dbus")),
            "InaccessiblePaths ENOENT");
}

TEST(Demand, TwoWritablePathsAreTwoMounts) {
  const Demand demand = MoveDemand{"/srv/a", "/srv/b"};
  EXPECT_EQ(answer(demand, box("ProtectSystem=strict\nReadWritePaths=/srv/a /srv/b")),
            "ReadWritePaths EXDEV");
  EXPECT_EQ(answer(demand, box("ProtectSystem=strict\nReadWritePaths=/srv")), "open");
}

TEST(Demand, DeviceGoesByNodeGroupAndStandardSet) {
  const Demand card = DeviceDemand{false, 226, 128, 'w', "/dev/dri/renderD128"};
  EXPECT_EQ(answer(card, box("DevicePolicy=closed")), "DevicePolicy EPERM");
  EXPECT_EQ(answer(card, box("DevicePolicy=closed\nDeviceAllow=char-drm rw")), "open");
  EXPECT_EQ(answer(card, box("DevicePolicy=closed\nDeviceAllow=char-drm r")), "DevicePolicy EPERM");
  EXPECT_EQ(answer(card, box("DevicePolicy=closed\nDeviceAllow=/dev/dri/renderD128 rw")), "open");
  EXPECT_EQ(answer(card, box("PrivateDevices=yes\nDeviceAllow=char-drm rw")), "PrivateDevices ENOENT");
  EXPECT_EQ(answer(DeviceDemand{false, 1, 3, 'w', "/dev/null"}, box("PrivateDevices=yes")), "open");
  EXPECT_EQ(answer(DeviceDemand{false, 1, 3, 'm', "/dev/null"}, box("PrivateDevices=yes")),
            "PrivateDevices EPERM");
}

TEST(Demand, NetworkTellsDropFromAbsence) {
  EXPECT_EQ(answer(PeerDemand{"192.0.2.1", true}, box("IPAddressDeny=any")), "IPAddressDeny timeout");
  EXPECT_EQ(answer(PeerDemand{"192.0.2.1", false}, box("IPAddressDeny=any")), "IPAddressDeny EPERM");
  EXPECT_EQ(answer(PeerDemand{"127.0.0.53", true}, box("IPAddressDeny=any\nIPAddressAllow=localhost")),
            "open");
  EXPECT_EQ(answer(PeerDemand{"fe80::1%eth0", true}, box("IPAddressDeny=any\nIPAddressAllow=link-local")),
            "open");
  EXPECT_EQ(answer(PeerDemand{"::1", true}, box("PrivateNetwork=yes")), "PrivateNetwork ENETUNREACH");
  EXPECT_EQ(answer(PortDemand{false, false, 80}, box("SocketBindDeny=any\nSocketBindAllow=tcp:80")),
            "open");
  EXPECT_EQ(answer(PortDemand{false, true, 80}, box("SocketBindDeny=any\nSocketBindAllow=tcp:80")),
            "SocketBindDeny EPERM");
  // A port that the kernel chooses is refused as any other, and only a rule for all ports lets it through.
  EXPECT_EQ(answer(PortDemand{true, true, 0}, box("SocketBindDeny=any\nSocketBindAllow=1024-65535")),
            "SocketBindDeny EPERM");
  EXPECT_EQ(answer(PortDemand{true, true, 0}, box("SocketBindDeny=any\nSocketBindAllow=any")), "open");
  EXPECT_EQ(answer(FamilyDemand{"AF_NETLINK"}, box("RestrictAddressFamilies=AF_UNIX")),
            "RestrictAddressFamilies EAFNOSUPPORT");
}

TEST(Demand, ChoiceIsLooseEnoughOrNot) {
  const Demand demand = ChoiceDemand{DirectiveId::MemoryDenyWriteExecute, 0, "EPERM"};
  EXPECT_EQ(answer(demand, box("MemoryDenyWriteExecute=yes")), "MemoryDenyWriteExecute EPERM");
  EXPECT_EQ(answer(demand, box("MemoryDenyWriteExecute=no")), "open");
  // What systemd brings in at the start counts.
  EXPECT_EQ(answer(ChoiceDemand{DirectiveId::NoNewPrivileges, 0, "no new identity"},
                   box("User=alice\nLockPersonality=yes", 252)),
            "NoNewPrivileges no new identity");
}

}  // namespace
}  // namespace harden
