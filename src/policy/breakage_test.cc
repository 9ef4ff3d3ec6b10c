// SPDX-License-Identifier: LGPL-2.1-or-later
// Hardening that broke real services, or did not protect, as public reports tell it: for each that a grant,
// a form or a version of systemd answers, the policy that its unit needs and what is written for it.
// Whether the kernel agrees is for the tests in guests.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "policy/policy.h"
#include "policy/word_lines_test.h"

namespace harden {
namespace {

struct Case {
  std::string_view report;
  std::string_view profile, grants;
  RunsAs runs_as;
  unsigned systemd;
  std::vector<std::string_view> written, absent;  // lines; names of directives
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"AgOpenWeb#70: getifaddrs goes through netlink, and a refusal becomes an empty list",
       "strict@1",
       "netlink",
       RunsAs::user,
       257,
       {"RestrictAddressFamilies=AF_NETLINK", "RestrictAddressFamilies=AF_UNIX"},
       {"PrivateNetwork"}},
      {"nixpkgs#119687, pdns#11065: an engine makes code executable",
       "strict@1",
       "jit",
       RunsAs::user,
       257,
       {"SystemCallFilter=memfd_create"},
       {"MemoryDenyWriteExecute"}},
      {"nixpkgs#199778: a runtime raises its limit of files and is killed",
       "strict@1",
       "resources",
       RunsAs::user,
       252,
       {"SystemCallFilter=@resources", "SystemCallErrorNumber=EPERM"},
       {}},
      {"nixpkgs#379850: copying a file calls fchown",
       "strict@1",
       "chown",
       RunsAs::user,
       252,
       {"SystemCallFilter=@chown", "PrivateUsers=yes", "CapabilityBoundingSet="},
       {"AmbientCapabilities"}},
      {"oidc-pam#202: root without CAP_CHOWN",
       "strict@1",
       "chown",
       RunsAs::root,
       252,
       {"SystemCallFilter=@chown", "CapabilityBoundingSet=CAP_CHOWN"},
       {"PrivateUsers", "AmbientCapabilities"}},
      {"nixpkgs#347056, peertube_ynh#296: a node and its rule open together",
       "strict@1",
       "gpu",
       RunsAs::user,
       252,
       {"DevicePolicy=closed", "DeviceAllow=char-drm rw"},
       {"PrivateDevices"}},
      {"borgbackupserver#485: /proc/meminfo is gone",
       "baseline@1",
       "proc",
       RunsAs::user,
       257,
       {"ProtectProc=invisible"},
       {"ProcSubset"}},
      {"nixpkgs#103446: a set-group-ID helper, and ten directives that imply NoNewPrivileges=",
       "strict@1",
       "setuid-programs",
       RunsAs::user,
       252,
       {"ProtectSystem=strict"},
       {"NoNewPrivileges", "PrivateUsers", "LockPersonality", "SystemCallFilter", "RestrictSUIDSGID",
        "ProtectClock", "PrivateDevices", "RestrictNamespaces", "SystemCallArchitectures"}},
      {"the same where filters come before privileges are dropped",
       "strict@1",
       "setuid-programs",
       RunsAs::user,
       257,
       {"LockPersonality=yes", "SystemCallFilter=@system-service"},
       {"NoNewPrivileges", "PrivateUsers"}},
      {"logrotate#345: a folder that hands its group on",
       "strict@1",
       "suid-files",
       RunsAs::root,
       257,
       {"NoNewPrivileges=yes"},
       {"RestrictSUIDSGID"}},
      {"bees#197: a path on a file system that is mounted later",
       "strict@1",
       "write:/srv/disk",
       RunsAs::root,
       257,
       {"ReadWritePaths=/srv/disk", "RequiresMountsFor=/srv/disk"},
       {}},
      {"SubZeroFramework#72: strict and full cover /etc",
       "strict@1",
       "write:/etc/app",
       RunsAs::root,
       257,
       {"ReadWritePaths=/etc/app", "ProtectSystem=strict"},
       {}},
      {"systemd#7153: nothing to open below an inaccessible /home",
       "strict@1",
       "write:/home/x",
       RunsAs::user,
       252,
       {"ProtectHome=tmpfs", "BindPaths=/home/x"},
       {"ReadWritePaths"}},
      {"headscale#422021: the group of a control socket",
       "strict@1",
       "group-writable",
       RunsAs::user,
       257,
       {"UMask=0007"},
       {}},
      {"fwupd#74: events of devices come from the host's network namespace",
       "strict@1",
       "netlink",
       RunsAs::root,
       257,
       {"RestrictAddressFamilies=AF_NETLINK"},
       {"PrivateNetwork"}},
      {"systemd#31112: access lists and names of other users",
       "baseline@1",
       "host-users",
       RunsAs::user,
       252,
       {"CapabilityBoundingSet="},
       {"PrivateUsers"}},
      {"systemd#33406: the kernel's symbols are hidden",
       "baseline@1",
       "sysctl",
       RunsAs::root,
       257,
       {"ProtectKernelModules=yes"},
       {"ProtectKernelTunables"}},
      {"systemd#26413: reading the clock's state is the call that sets it",
       "strict@1",
       "clock-read",
       RunsAs::user,
       257,
       {"SystemCallFilter=adjtimex", "CapabilityBoundingSet="},
       {"ProtectClock"}},
      {"go-plugin#282, webhook#551: a peer looks for a socket in /tmp",
       "strict@1",
       "tmp",
       RunsAs::user,
       257,
       {"ReadWritePaths=-/tmp"},
       {"PrivateTmp"}},
      {"supabase/postgres#488: shared memory has to outlive a stop",
       "strict@1",
       "keep-ipc",
       RunsAs::user,
       257,
       {"PrivateIPC=yes"},
       {"RemoveIPC"}},
      {"bluez-alsa#652: real-time threads take three settings",
       "strict@1",
       "realtime",
       RunsAs::user,
       257,
       {"SystemCallFilter=sched_setscheduler", "CapabilityBoundingSet=CAP_SYS_NICE",
        "AmbientCapabilities=CAP_SYS_NICE"},
       {"RestrictRealtime", "PrivateUsers"}},
      {"systemd#30556: SocketBindDeny=any alone is its opposite to 254 and 255; 252 was built without",
       "strict@1",
       "",
       RunsAs::user,
       252,
       {"IPAddressDeny=any"},
       {"SocketBindDeny"}},
      {"nixpkgs#333533, #329384: a low port needs its capability outside of a user namespace",
       "strict@1",
       "listen:80",
       RunsAs::user,
       252,
       {"CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "AmbientCapabilities=CAP_NET_BIND_SERVICE"},
       {"PrivateUsers"}},
      {"meta-seapath#283: the alias table of the modules is read",
       "strict@1",
       "module-files",
       RunsAs::root,
       257,
       {"CapabilityBoundingSet="},
       {"ProtectKernelModules"}},
      {"the same under light@1, which has no other way to keep modules out",
       "light@1",
       "module-files",
       RunsAs::root,
       257,
       {"CapabilityBoundingSet=~CAP_SYS_MODULE", "SystemCallFilter=~@module"},
       {"ProtectKernelModules"}},
      {"earlyoom#312: IPAddressDeny= takes addresses, not yes",
       "baseline@1",
       "",
       RunsAs::user,
       257,
       {"IPAddressDeny=any", "IPAddressAllow=localhost"},
       {}},
      {"ExecPaths= below a read-only tree opens it for writing",
       "strict@1",
       "exec:/opt/app",
       RunsAs::user,
       257,
       {"ExecPaths=/opt/app", "BindReadOnlyPaths=/opt/app", "BindReadOnlyPaths=/usr"},
       {}},
  };
  return all;
}

Compiled compiled(const Case& one) {
  std::vector<Grant> grants;
  if (!one.grants.empty()) grants = parse_grants(one.grants).value();
  const Target target{
      catalogue::find_systemd(one.systemd), catalogue::find_layout("usr"), one.runs_as, {}, {}};
  return compile(Policy{catalogue::find_profile(one.profile), normalized(std::move(grants)), {}, {}}, {},
                 target, nullptr);
}

TEST(Breakage, IsAnsweredByAGrantAFormOrAVersion) {
  for (const Case& one : cases()) {
    const std::vector<std::string> lines = word_lines(compiled(one));
    for (const std::string_view line : one.written)
      EXPECT_NE(std::ranges::find(lines, line), lines.end()) << one.report << ": no " << line;
    for (const std::string_view name : one.absent)
      EXPECT_TRUE(std::ranges::none_of(
          lines, [&](const std::string& line) { return line.starts_with(std::string(name) + "="); }))
          << one.report << ": " << name;
  }
}

// systemd#25014, #6008, #9513, PR#9852: mounts and filters that a manager without the privilege passes
// over.
TEST(Breakage, OfAClaimIsCalledVoid) {
  struct Place {
    catalogue::Fact fact;
    catalogue::DirectiveId directive;
    unsigned systemd;
  };
  using catalogue::DirectiveId;
  using catalogue::Fact;
  for (const Place& place : {Place{Fact::user_manager, DirectiveId::IPAddressDeny, 257},
                             Place{Fact::cgroup_v1, DirectiveId::IPAddressDeny, 257},
                             Place{Fact::container, DirectiveId::ProtectSystem, 252},
                             Place{Fact::container, DirectiveId::ProtectHome, 257}}) {
    const Target target{catalogue::find_systemd(place.systemd),
                        catalogue::find_layout("usr"),
                        RunsAs::user,
                        {place.fact},
                        {}};
    const Compiled all =
        compile(Policy{catalogue::find_profile("strict@1"), {}, {}, {}}, {}, target, nullptr);
    EXPECT_TRUE(std::ranges::any_of(all.voids, [&](const Void& one) {
      return one.directive == place.directive;
    })) << catalogue::directive(place.directive).name;
  }
}

}  // namespace
}  // namespace harden
