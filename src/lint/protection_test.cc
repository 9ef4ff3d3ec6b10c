// SPDX-License-Identifier: LGPL-2.1-or-later
// Each row of catalogue/pitfalls.toml with a unit that falls into it and one, close by, that does not.
#include <gtest/gtest.h>

#include <set>

#include "lint/load_unit_test.h"

namespace harden {
namespace {

struct Case {
  std::string_view id;
  unsigned version;
  std::string_view bad;    // lines of [Service]
  std::string_view good;
  unsigned good_version = 0;   // if not the same
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.id << ": " << one.bad; }

constexpr Case kCases[] = {
    {"ip-allow-any", 252, "IPAddressDeny=any\nIPAddressAllow=any",
     "IPAddressDeny=any\nIPAddressAllow=localhost"},
    {"ip-allow-any-slice", 252, "IPAddressAllow=any", "IPAddressAllow=localhost"},
    {"ip-deny-packet", 252, "IPAddressDeny=any", "IPAddressDeny=any\nRestrictAddressFamilies=AF_INET"},
    {"ip-deny-packet-ambient", 252, "User=a\nIPAddressDeny=any\nAmbientCapabilities=CAP_NET_RAW",
     "User=a\nIPAddressDeny=any"},
    {"ip-deny-cgroup", 252, "IPAddressDeny=any", "IPAddressDeny=any\nProtectControlGroups=yes"},
    {"inherited-sockets", 252, "Sockets=a.socket\nPrivateNetwork=yes", "Sockets=a.socket"},
    {"inherited-files", 257, "OpenFile=/etc/a\nProtectSystem=full", "OpenFile=/etc/a"},
    {"socket-bind-void", 254, "SocketBindDeny=any", "SocketBindDeny=any\nSocketBindAllow=80"},
    {"socket-bind-listen", 257, "SocketBindDeny=any", "SocketBindDeny=any\nSystemCallFilter=~listen"},
    {"bpf-not-built", 252, "RestrictNetworkInterfaces=lo", "RestrictNetworkInterfaces=lo", 257},
    {"file-systems-need-lsm", 257, "RestrictFileSystems=ext4", "RestrictFileSystems="},
    {"interfaces-empty", 257, "RestrictNetworkInterfaces=lo\nRestrictNetworkInterfaces=~lo",
     "RestrictNetworkInterfaces=lo"},
    {"filter-empty", 252, "SystemCallFilter=~sethostnam", "SystemCallFilter=~sethostname"},
    {"filter-empty", 252, "RestrictAddressFamilies=~AF_BOGUS", "RestrictAddressFamilies=none"},
    {"families-other-abi", 252, "RestrictAddressFamilies=AF_UNIX",
     "RestrictAddressFamilies=AF_UNIX\nSystemCallArchitectures=native"},
    {"families-other-abi", 252, "RestrictAddressFamilies=AF_UNIX\nSystemCallArchitectures=native x86",
     "RestrictAddressFamilies=AF_UNIX\nSystemCallFilter=~socket socketcall"},
    {"mdwe-other-abi", 252, "MemoryDenyWriteExecute=yes",
     "MemoryDenyWriteExecute=yes\nSystemCallArchitectures=native"},
    {"mdwe-other-abi", 252, "MemoryDenyWriteExecute=yes", "MemoryDenyWriteExecute=yes", 257},
    {"io-uring-bypass", 252, "RestrictSUIDSGID=yes",
     "RestrictSUIDSGID=yes\nSystemCallFilter=~io_uring_setup"},
    {"io-uring-network", 252, "SystemCallFilter=~@network-io",
     "SystemCallFilter=~@network-io io_uring_setup"},
    {"mdwe-memfd", 252, "MemoryDenyWriteExecute=yes",
     "MemoryDenyWriteExecute=yes\nSystemCallFilter=~memfd_create"},
    {"mdwe-proc-mem", 252, "MemoryDenyWriteExecute=yes", "MemoryDenyWriteExecute=no"},
    {"no-exec-reads", 252, "NoExecPaths=/srv", "ReadOnlyPaths=/srv"},
    {"mounts-come-later", 252, "ProtectSystem=strict", "ProtectSystem=full"},
    {"hidden-by-path", 252, "InaccessiblePaths=/srv", "ReadOnlyPaths=/srv"},
    {"door-comes-later", 252, "InaccessiblePaths=-/run/dbus", "InaccessiblePaths=-/run/dbus\nUser=a"},
    {"realtime-setattr", 252, "RestrictRealtime=yes",
     "RestrictRealtime=yes\nCapabilityBoundingSet=~CAP_SYS_NICE"},
    {"realtime-setattr-ambient", 252, "User=a\nRestrictRealtime=yes\nAmbientCapabilities=CAP_SYS_NICE",
     "User=a\nRestrictRealtime=yes"},
    {"ambient-beyond-bounding", 252,
     "AmbientCapabilities=CAP_KILL CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL",
     "AmbientCapabilities=CAP_KILL\nCapabilityBoundingSet=CAP_KILL"},
    {"ambient-beyond-bounding", 252, "AmbientCapabilities=CAP_MKNOD\nPrivateDevices=yes",
     "AmbientCapabilities=CAP_MKNOD"},
    {"capabilities-empty", 252, "CapabilityBoundingSet=CAP_BOGUS", "CapabilityBoundingSet="},
    {"capabilities-empty", 252, "AmbientCapabilities=CAP_BOGUS", "AmbientCapabilities=CAP_KILL"},
    {"ambient-in-user-namespace", 252, "User=a\nPrivateUsers=yes\nAmbientCapabilities=CAP_KILL",
     "User=a\nAmbientCapabilities=CAP_KILL"},
    {"capabilities-in-user-namespace", 252, "PrivateUsers=yes\nCapabilityBoundingSet=CAP_NET_ADMIN",
     "PrivateUsers=yes\nCapabilityBoundingSet="},
    {"user-namespace-keeps-root", 252, "PrivateUsers=yes", "PrivateUsers=yes\nUser=a"},
    {"root-without-capabilities", 252,
     "CapabilityBoundingSet=", "CapabilityBoundingSet=\nProtectSystem=strict"},
    {"set-id-programs", 257, "User=a\nProtectSystem=strict",
     "User=a\nProtectSystem=strict\nNoNewPrivileges=yes"},
    {"new-privileges-implied", 252, "User=a\nNoNewPrivileges=no\nLockPersonality=yes",
     "ExecStart=!/bin/true\nUser=a\nNoNewPrivileges=no\nLockPersonality=yes"},
    {"new-privileges-implied", 252, "User=a\nNoNewPrivileges=no\nLockPersonality=yes",
     "User=a\nNoNewPrivileges=no"},
    {"new-privileges-implied", 252, "User=a\nNoNewPrivileges=no\nLockPersonality=yes",
     "User=a\nNoNewPrivileges=no\nLockPersonality=yes", 257},
    {"new-privileges-implied-by-filter", 257, "User=a\nNoNewPrivileges=no\nSystemCallFilter=~@privileged",
     "User=a\nNoNewPrivileges=no\nSystemCallFilter=~@mount"},
    {"dynamic-user-overrules", 252, "DynamicUser=yes\nProtectSystem=no",
     "DynamicUser=yes\nProtectSystem=strict"},
    {"dynamic-user-overrules", 257, "DynamicUser=yes\nPrivateTmp=no", "User=a\nPrivateTmp=no"},
    {"dynamic-user-is-stricter", 252, "DynamicUser=yes\nProtectSystem=full", "User=a\nProtectSystem=full"},
    {"remove-ipc-root", 252, "RemoveIPC=yes", "RemoveIPC=yes\nUser=a"},
    {"protect-proc-root", 252, "ProtectProc=invisible", "ProtectProc=invisible\nUser=a"},
    {"protect-proc-group", 252, "User=a\nSupplementaryGroups=adm root\nProtectProc=invisible",
     "User=a\nSupplementaryGroups=adm\nProtectProc=invisible"},
    {"protect-proc-group", 252, "User=a\nGroup=0\nProtectProc=invisible", "User=a\nGroup=0"},
    {"outside-the-sandbox", 252, "ExecStart=+/bin/true\nProtectSystem=strict",
     "ExecStart=/bin/true\nProtectSystem=strict"},
    {"outside-the-sandbox", 252, "ExecStart=+/bin/true\nProtectSystem=strict",
     "Type=oneshot\nExecStart=+/bin/a\nExecStart=/bin/b\nProtectSystem=strict"},
    {"start-outside-the-sandbox", 252, "Type=oneshot\nExecStart=+/bin/a\nExecStart=/bin/b",
     "ExecStart=/bin/true"},
    {"helper-outside-the-sandbox", 252, "ExecStartPre=+/bin/true", "ExecStartPre=-/bin/true"},
    {"device-policy-reaches-all", 252, "ExecStartPre=+/bin/true\nDevicePolicy=closed",
     "ExecStartPre=+/bin/true"},
    {"keeps-root", 252, "ExecStart=!/bin/true\nUser=a", "ExecStart=/bin/true\nUser=a"},
    {"exec-path-reopens", 252, "ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr",
     "ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr\nBindReadOnlyPaths=/usr"},
    {"exec-path-reopens", 257, "ProtectSystem=strict\nNoExecPaths=-/srv/data",
     "ProtectSystem=full\nNoExecPaths=-/srv/data"},
    {"exec-path-reopens-tmp", 252, "ProtectSystem=strict\nNoExecPaths=/tmp",
     "ProtectSystem=strict\nNoExecPaths=/tmp\nPrivateTmp=yes"},
    {"exec-path-reopens-system", 257, "ProtectSystem=full\nNoExecPaths=/\nExecPaths=/lib",
     "ProtectSystem=full\nNoExecPaths=/\nExecPaths=/usr"},
    {"exec-path-reopens-system", 257, "ProtectSystem=full\nExecPaths=/usr/lib",
     "ProtectSystem=full\nExecPaths=/usr/lib", 252},
    {"exec-path-reopens-etc", 257, "ProtectSystem=full\nNoExecPaths=/etc/x",
     "ProtectSystem=full\nNoExecPaths=/etc"},
    {"exec-path-lost", 252, "ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr\nReadOnlyPaths=/usr",
     "ProtectSystem=full\nNoExecPaths=/\nExecPaths=/usr\nReadOnlyPaths=/usr"},
    {"no-exec-path-lost", 252, "ProtectSystem=strict\nNoExecPaths=/opt\nReadOnlyPaths=/opt",
     "ProtectSystem=full\nNoExecPaths=/opt\nReadOnlyPaths=/opt"},
    {"home-hidden", 252, "ProtectHome=yes\nReadWritePaths=-/home/x",
     "ProtectHome=read-only\nReadWritePaths=-/home/x"},
    {"home-hidden", 252, "ProtectHome=tmpfs\nReadWritePaths=/home/x",
     "ProtectHome=tmpfs\nReadWritePaths=/home/x\nBindPaths=/home/x"},
    {"write-path-loses-root", 252, "ProtectSystem=strict\nReadWritePaths=/",
     "ProtectSystem=strict\nReadWritePaths=/srv"},
    {"write-path-loses-system", 252, "ProtectSystem=yes\nReadWritePaths=/usr",
     "ProtectSystem=yes\nReadWritePaths=/usr/x"},
    {"write-path-loses-etc", 252, "ProtectSystem=full\nReadWritePaths=/etc",
     "ProtectSystem=yes\nReadWritePaths=/etc"},
    {"write-path-loses-list", 252, "ReadOnlyPaths=/srv\nReadWritePaths=-/srv",
     "ReadOnlyPaths=/srv\nReadWritePaths=/srv/x"},
    {"strict-leaves-home", 252, "ProtectSystem=strict", "ProtectSystem=strict\nProtectHome=yes"},
    {"mounts-undone", 252, "ProtectSystem=strict", "ProtectSystem=strict\nSystemCallFilter=~@mount"},
    {"mounts-passed-by", 252, "ProtectSystem=strict",
     "ProtectSystem=strict\nCapabilityBoundingSet=~CAP_SYS_PTRACE"},
    {"manager-door", 252, "ProtectSystem=strict",
     "ProtectSystem=strict\nInaccessiblePaths=-/run/systemd/private -/run/dbus"},
    {"manager-door", 252, "ProtectSystem=strict\nInaccessiblePaths=/run/dbus",
     "ProtectSystem=strict\nInaccessiblePaths=/run"},
    {"manager-door", 252, "ProtectSystem=strict", "ProtectSystem=strict\nRestrictAddressFamilies=AF_INET"},
    {"shares-a-namespace", 252, "PrivateTmp=yes\n[Unit]\nJoinsNamespaceOf=b.service",
     "[Unit]\nJoinsNamespaceOf=b.service"},
    {"outside-the-root", 252, "RootDirectoryStartOnly=yes\nExecStartPre=/bin/true",
     "RootDirectoryStartOnly=yes"},
    {"cgroups-need-v2", 257, "ProtectControlGroups=strict", "ProtectControlGroups=yes"},
    {"tunables-in-container", 257, "ProtectKernelTunables=yes",
     "ProtectKernelTunables=yes\nPrivateNetwork=yes"},
    {"hostname-and-proc-subset", 250, "ProtectHostname=yes\nProcSubset=pid",
     "ProtectHostname=yes\nProcSubset=pid\nProtectKernelTunables=yes"},
    {"hostname-and-proc-subset", 250, "ProtectHostname=yes\nProcSubset=pid",
     "ProtectHostname=yes\nProcSubset=pid", 252},
    {"empty-root", 249, "RootDirectory=/srv\nTemporaryFileSystem=/:ro\nBindReadOnlyPaths=/usr",
     "RootDirectory=/srv\nTemporaryFileSystem=/var\nBindReadOnlyPaths=/usr"},
    {"device-not-there", 252, "PrivateDevices=yes\nDeviceAllow=/dev/dri/card0 rw",
     "PrivateDevices=yes\nDeviceAllow=/dev/null rw"},
    {"device-not-there", 252, "PrivateDevices=yes\nDeviceAllow=/dev/kvm",
     "PrivateDevices=yes\nDeviceAllow=/dev/kvm\nBindPaths=/dev/kvm"},
    {"device-policy-auto", 252, "DevicePolicy=auto", "DevicePolicy=auto\nDeviceAllow=/dev/null"},
};

class Pitfall : public testing::TestWithParam<Case> {};

TEST_P(Pitfall, IsFoundWhereItIsAndNotBeside) {
  const Case& one = GetParam();
  const Diagnostics bad = lint_lines(one.bad, one.version);
  EXPECT_NE(find_finding(bad, one.id), nullptr) << ids_of(bad);
  const Diagnostics good = lint_lines(one.good, one.good_version == 0 ? one.version : one.good_version);
  EXPECT_EQ(find_finding(good, one.id), nullptr) << one.good;
}
INSTANTIATE_TEST_SUITE_P(Lint, Pitfall, testing::ValuesIn(kCases));

TEST(Pitfalls, EachHasACase) {
  std::set<std::string_view> tested;
  for (const Case& one : kCases) tested.insert(one.id);
  for (const catalogue::Pitfall& pitfall : catalogue::pitfalls())
    EXPECT_TRUE(tested.contains(pitfall.id)) << pitfall.id;
}

TEST(Pitfalls, PointAtTheLineAndNameWhatIsThere) {
  Diagnostics findings = lint_lines("ProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr /lib");
  const Diagnostic* found = find_finding(findings, "exec-path-reopens");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->where, (SourcePos{std::string(kFragment), 5}));
  EXPECT_EQ(found->message, "ExecPaths=/usr makes /usr writable again below ProtectSystem=strict");
  EXPECT_EQ(found->hint, "add BindReadOnlyPaths=/usr");

  findings = lint_lines("AmbientCapabilities=CAP_KILL CAP_CHOWN\nCapabilityBoundingSet=CAP_KILL");
  found = find_finding(findings, "ambient-beyond-bounding");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->where.line, 3U);
  EXPECT_TRUE(found->message.starts_with("CAP_CHOWN: ")) << found->message;
}

TEST(Pitfalls, AListPointsAtTheLineWithTheItem) {
  const Diagnostics findings = lint_lines("IPAddressDeny=any\nIPAddressAllow=localhost", 252,
                                          "IPAddressAllow=any\nIPAddressAllow=10.0.0.1");
  const Diagnostic* found = find_finding(findings, "ip-allow-any");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->where, (SourcePos{std::string(kDropIn), 2}));
}

TEST(Pitfalls, OfTheUnitAsAWholeHaveNoLine) {
  const Diagnostics findings = lint_lines("ProtectSystem=strict");
  const Diagnostic* found = find_finding(findings, "manager-door");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->where, (SourcePos{std::string(kFragment), 0}));
  EXPECT_EQ(found->severity, Severity::note);
}

}  // namespace
}  // namespace harden
