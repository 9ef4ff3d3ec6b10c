// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <set>

#include "policy/policy.h"

namespace harden {
namespace {

std::string implied_by(const std::string& text, std::string_view name = "a.service") {
  Unit unit{*parse_unit_name(name), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file(text, "/etc/a.service");
  const LoadedUnit loaded = load_settings(std::move(unit), {catalogue::find_systemd(257), {}});
  std::string grants;
  for (const ImpliedUse& use : find_implied_grants(loaded, *catalogue::find_layout("usr")))
    grants += (grants.empty() ? "" : " ") + use.grant.text();
  return grants;
}
std::string implied_by_lines(const std::string& lines) {
  return implied_by("[Service]\nExecStart=/usr/bin/a\n" + lines);
}

TEST(ImpliedGrants, AreNoneForAUnitThatAsksForNothing) {
  EXPECT_EQ(implied_by_lines("User=a\nPrivateTmp=yes\n"), "");
}

TEST(ImpliedGrants, NameProgramsOutsideOfProgramFolders) {
  EXPECT_EQ(implied_by_lines("ExecStop=/etc/init.d/a stop\n"), "exec:-/etc/init.d/a");
  EXPECT_EQ(implied_by_lines("ExecStop=/opt/vendor/bin/a\n"), "exec:-/opt/vendor");
  EXPECT_EQ(implied_by_lines("ExecStop=//sbin/nbd-client\n"), "");
  EXPECT_EQ(implied_by_lines("ExecStop=+/etc/init.d/a stop\n"), "");
}

TEST(ImpliedGrants, NameTheFolderWhereTheServiceStarts) {
  EXPECT_EQ(implied_by_lines("WorkingDirectory=-/root\n"), "read:-/root");
  EXPECT_EQ(implied_by_lines("WorkingDirectory=~\n"), "home");
  EXPECT_EQ(implied_by_lines("WorkingDirectory=/tmp\n"), "");
  EXPECT_EQ(implied_by_lines("WorkingDirectory=/srv\nWorkingDirectory=\n"), "");
}

// PrivateTmp= would order these after what waits for them.
TEST(ImpliedGrants, LeaveEarlyServicesTheHostsTmp) {
  EXPECT_EQ(implied_by("[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/usr/bin/a\n"), "tmp");
}

struct Case {
  unsigned line;
  std::string_view text;  // after "[Service]\nExecStart=/usr/bin/a\n"
  std::string_view grants;
};

// One for each row of catalogue/implied.toml, and what is nearly one.
const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {4, "User=a\nAmbientCapabilities=CAP_CHOWN CAP_KILL\n", "cap:CAP_CHOWN cap:CAP_KILL"},
      {0, "User=a\nAmbientCapabilities=~CAP_CHOWN\n", ""},
      {3, "CapabilityBoundingSet=CAP_CHOWN\n", "host-users"},
      {0, "CapabilityBoundingSet=~CAP_CHOWN\n", ""},
      {0, "CapabilityBoundingSet=\n", ""},
      {3, "DeviceAllow=/dev/sda r\n", "device:/dev/sda:r"},
      {3, "DeviceAllow=char-drm\n", "device:char-drm:rwm"},
      {3, "PrivateDevices=no\n", "device"},
      {0, "PrivateDevices=no\nDevicePolicy=closed\n", ""},
      {3, "Delegate=yes\n", "cgroups"},
      {3, "PAMName=login\n", "home host-users keyring"},
      {3, "NetworkNamespacePath=/run/netns/a\n", "abstract-sockets"},
      {3, "IPCNamespacePath=/run/a\n", "shared-ipc"},
      {3, "IPAddressAllow=10.0.0.0/8\n", "connect:10.0.0.0/8"},
      {3, "SocketBindAllow=tcp:80\n", "abstract-sockets family:AF_INET family:AF_INET6"},
      {3, "ReadWritePaths=/srv/a\n", "write:/srv/a"},
      {3, "ReadWritePaths=-/srv/%p +/b\n", "write:-/srv/a"},
      {3, "ReadOnlyPaths=/srv/a\n", "read:/srv/a"},
      {3, "ExecPaths=/srv/a\n", "exec:/srv/a"},
      {3, "WorkingDirectory=/srv/a\n", "read:/srv/a"},
      {3, "WorkingDirectory=~\n", "home"},
      {3, "RootDirectory=/srv/a\n", "exec"},
      {3, "RootImage=/srv/a\n", "exec"},
      {3, "NoNewPrivileges=no\n", "setuid-programs"},
      {0, "NoNewPrivileges=yes\n", ""},
      {3, "PrivateMounts=no\n", "host-mounts"},
      {3, "MountFlags=shared\n", "host-mounts"},
      {3, "MemoryDenyWriteExecute=no\n", "jit"},
      {3, "BusName=org.example.A\n", "bus"},
      {3, "Type=forking\n", "host-pids"},
      {3, "ExecReload=/bin/kill -HUP $MAINPID\n", "host-pids"},
      {0, "ExecReload=+/bin/kill -HUP $MAINPID\n", ""},
      {3, "PIDFile=/run/a/a.pid\n", "write:-/run/a"},
      {3, "PIDFile=a.pid\n", "write:/run"},
      {0, "PIDFile=/run/a/a.pid\nRuntimeDirectory=a\n", ""},
      {3, "StandardInput=tty\n", "device:/dev/console:rw"},
      {4, "StandardInput=tty\nTTYPath=/dev/tty9\n", "device:/dev/tty9:rw"},
      {3, "ExecStop=/srv/a/stop\n", "exec:-/srv/a/stop"},
      {4, "User=a\nExecStop=!/usr/bin/a\n", "switch-user"},
      {0, "ExecStop=!/usr/bin/a\n", ""},
      {5, "[Unit]\nDescription=a\nDefaultDependencies=no\n", "tmp"},
  };
  return all;
}

TEST(ImpliedGrants, AreFoundByTheirLines) {
  std::set<std::string_view> reasons;
  for (const Case& one : cases()) {
    Unit unit{*parse_unit_name("a.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
    unit.fragment =
        parse_unit_file("[Service]\nExecStart=/usr/bin/a\n" + std::string(one.text), "/etc/a.service");
    const LoadedUnit loaded = load_settings(std::move(unit), {catalogue::find_systemd(257), {}});
    std::string grants;
    for (const ImpliedUse& use : find_implied_grants(loaded, *catalogue::find_layout("usr"))) {
      grants += (grants.empty() ? "" : " ") + use.grant.text();
      EXPECT_EQ(use.because, (SourcePos{"/etc/a.service", one.line})) << one.text;
      reasons.insert(use.reason);
    }
    EXPECT_EQ(grants, one.grants) << one.text;
  }
  for (const catalogue::ImpliedGrant& row : catalogue::implied_grants()) {
    const bool is_known = row.when.empty() || catalogue::directive(row.when.front().directive).since <= 257;
    EXPECT_TRUE(!is_known || reasons.contains(row.reason)) << "no case: " << row.reason;
  }
}

TEST(ImpliedGrants, AreNamedByTheirDropIn) {
  Unit unit{*parse_unit_name("a.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file("[Service]\nType=forking\nExecStart=/usr/bin/a\n", "/etc/a.service");
  unit.drop_ins.push_back(parse_unit_file("\n[Service]\nType=forking\n", "/etc/a.service.d/1.conf"));
  const LoadedUnit loaded = load_settings(std::move(unit), {catalogue::find_systemd(257), {}});
  const std::vector<ImpliedUse> uses = find_implied_grants(loaded, *catalogue::find_layout("usr"));
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(uses[0].because, (SourcePos{"/etc/a.service.d/1.conf", 3}));
}

}  // namespace
}  // namespace harden
