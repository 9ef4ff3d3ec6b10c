// SPDX-License-Identifier: LGPL-2.1-or-later
#include "advise/suggest.h"

#include <gtest/gtest.h>

#include "advise/any_service_test.h"

namespace harden {
namespace {

using testing::file;
using testing::recording_of;
using testing::target_of;
using testing::texts;
using testing::unit_of;

constexpr FileAccess kWrite = FileAccess::write;

std::string suggested(std::vector<NeedDetail> details, std::string_view lines = "",
                      std::string_view profile = "strict@1", SuggestOptions options = {}) {
  const LoadedUnit unit = unit_of(lines);
  const Target target = target_of(unit);
  const Recording recording = recording_of(std::move(details));
  const std::vector<Judged> needs = judge(recording, unit);
  const Suggestion one =
      suggest_on(*catalogue::find_profile(profile), needs, recording, options, target, unit);
  return texts(one.policy.grants) + (one.lost.empty() ? "" : " lost");
}

TEST(Suggest, NothingNeededGrantsNothing) {
  EXPECT_EQ(suggested({}), "");
  EXPECT_EQ(suggested({file(FileAccess::read, "/etc/web.conf"), SyscallUse{"x86-64", "read"},
                       DeviceUse{false, 1, 3, DeviceAccess::write, "/dev/null"}}),
            "");
}

TEST(Suggest, FilesOfOneFolderBecomeTheFolderOfTheService) {
  EXPECT_EQ(
      suggested({file(kWrite, "/var/lib/web/a"), file(FileAccess::create, "/var/lib/web/tmp/00001234")}),
      "write:/var/lib/web");
  // Not its own name: no wider than what was seen.
  EXPECT_EQ(suggested({file(kWrite, "/srv/data/in/a"), file(kWrite, "/srv/data/in/b")}),
            "write:/srv/data/in");
  // A file of a shared folder stands for itself, unless its name comes and goes.
  EXPECT_EQ(suggested({file(kWrite, "/var/log/web.log")}), "write:/var/log/web.log");
  EXPECT_EQ(suggested({file(FileAccess::create, "/var/log/web.log")}), "write:/var/log");
}

TEST(Suggest, FoldersOfTheUnitNeedNoGrant) {
  EXPECT_EQ(suggested({file(FileAccess::create, "/var/lib/web/a"), file(kWrite, "/var/log/web/b"),
                       file(FileAccess::create, "/run/web/c")},
                      "StateDirectory=web\nLogsDirectory=web\nRuntimeDirectory=web\n"),
            "");
}

TEST(Suggest, WhatMovesBetweenFoldersGetsTheirParent) {
  EXPECT_EQ(suggested({file(kWrite, "/srv/mail/tmp/a"), file(kWrite, "/srv/mail/new/a"),
                       file(FileAccess::rename, "/srv/mail/tmp/a", NodeType::regular, "/srv/mail/new/a")}),
            "write:/srv/mail");
  EXPECT_EQ(suggested({file(kWrite, "/srv/mail/tmp/a"), file(kWrite, "/srv/mail/new/a")}),
            "write:/srv/mail/new write:/srv/mail/tmp");
  // Of nothing less than the whole system, or all of /var, nobody makes one mount.
  for (const std::string_view to : {"/srv/site", "/var/www/site"})
    EXPECT_EQ(
        suggested({file(FileAccess::rename, "/var/lib/web/a", NodeType::regular, std::string(to) + "/a")}),
        std::string(to == "/srv/site" ? "write:/srv/site write:/var/lib/web"
                                      : "write:/var/lib/web write:/var/www/site"));
}

TEST(Suggest, OldNamesOfRunAreRun) {
  EXPECT_EQ(suggested({UnixUse{UnixAction::bind, "SOCK_STREAM", "/var/run/web/socket"}}), "write:/run/web");
  EXPECT_EQ(suggested({file(FileAccess::create, "/var/run/web/pid")}, "RuntimeDirectory=web\n"), "");
}

TEST(Suggest, PeersOfThisMachineUnderOtherNames) {
  for (const std::string_view address : {"::ffff:127.0.0.1", "0.0.0.0", "::"})
    EXPECT_EQ(
        suggested({PeerUse{PeerAction::connect, "AF_INET6", "SOCK_STREAM", std::string(address), 80}}),
        "connect:localhost");
}

TEST(Suggest, WhatLibrariesAskIdlyIsInDoubt) {
  const std::vector<NeedDetail> asked = {file(FileAccess::read, "/proc/sys/kernel/ngroups_max"),
                                         SysctlUse{"kernel/ngroups_max", false},
                                         file(FileAccess::read, "/proc/filesystems")};
  EXPECT_EQ(suggested(asked), "");
  EXPECT_EQ(suggested(asked, "", "strict@1", {{}, true}), "proc");
  EXPECT_EQ(suggested({SysctlUse{"net/core/somaxconn", false}}), "proc");
  EXPECT_NE(suggested({SysctlUse{"kernel/ngroups_max", true}}), "");
}

TEST(Suggest, PortsByWhoMayReachThem) {
  EXPECT_EQ(suggested({BindUse{"AF_INET", "SOCK_STREAM", "0.0.0.0", 8080},
                       SocketUse{"AF_INET", "SOCK_STREAM", 0}}),
            "listen:8080");
  EXPECT_EQ(suggested({BindUse{"AF_INET", "SOCK_STREAM", "127.0.0.1", 8080}}), "listen:8080@localhost");
  EXPECT_EQ(suggested({BindUse{"AF_INET", "SOCK_DGRAM", "0.0.0.0", 53},
                       BindUse{"AF_INET", "SOCK_STREAM", "0.0.0.0", 53}}),
            "listen:53 listen:53/udp");
  std::vector<NeedDetail> random_ports;
  for (std::uint16_t port = 20000; port < 20020; ++port)
    random_ports.emplace_back(BindUse{"AF_INET", "SOCK_DGRAM", "0.0.0.0", port});
  EXPECT_EQ(suggested(random_ports), "listen:1024-65535/udp");
}

TEST(Suggest, PortIsNamedWhereSystemdCannotTellPortsApart) {
  // The unit's own line keeps capabilities away, and 252 has no SocketBindDeny=.
  const LoadedUnit unit = unit_of("User=web\nCapabilityBoundingSet=\n", 252);
  Target target = target_of(unit);
  target.facts = {catalogue::Fact::no_bpf_framework};
  const Recording recording =
      recording_of({BindUse{"AF_INET", "SOCK_STREAM", "0.0.0.0", 6379},
                    PeerUse{PeerAction::accept, "AF_INET", "SOCK_STREAM", "127.0.0.1", 6379}});
  EXPECT_EQ(texts(suggest(judge(recording, unit), recording, {}, target, unit).policy.grants),
            "listen:6379");
}

TEST(Suggest, PeersOfThisMachineByNameAndOfTheWorldAtLarge) {
  EXPECT_EQ(suggested({PeerUse{PeerAction::connect, "AF_INET", "SOCK_STREAM", "127.0.0.1", 5432}}),
            "connect:localhost");
  EXPECT_EQ(suggested({PeerUse{PeerAction::connect, "AF_INET", "SOCK_STREAM", "10.1.2.3", 5432}}),
            "connect:10.1.2.3/32");
  EXPECT_EQ(suggested({PeerUse{PeerAction::connect, "AF_INET", "SOCK_STREAM", "93.184.216.34", 443}}),
            "connect");
}

TEST(Suggest, GrantWithAMeaningBeforeRawNames) {
  EXPECT_EQ(suggested({CapabilityUse{"CAP_SETUID", "setuid", "", CallOutcome::succeeded},
                       CapabilityUse{"CAP_SETGID", "setgid", "", CallOutcome::succeeded},
                       SyscallUse{"x86-64", "setuid"}, IdentityUse{IdKind::user, 33}}),
            "switch-user");
  EXPECT_EQ(suggested({CallUse<NeedKind::wx_memory>{"mprotect", "anonymous"}}), "jit");
  EXPECT_EQ(suggested({DeviceUse{false, 226, 128, DeviceAccess::write, "/dev/dri/renderD128"}}), "gpu");
  EXPECT_EQ(suggested({SocketUse{"AF_NETLINK", "SOCK_RAW", 0}}), "netlink");
  EXPECT_EQ(suggested({file(FileAccess::read, "/proc/meminfo")}), "proc");
  EXPECT_EQ(suggested({UnixUse{UnixAction::connect, "SOCK_STREAM", "/run/dbus/system_bus_socket"}}), "bus");
  // But not where it opens more that nobody asked for.
  EXPECT_EQ(suggested({SyscallUse{"x86-64", "memfd_create"}}), "syscalls:memfd_create");
  EXPECT_EQ(suggested({CapabilityUse{"CAP_DAC_OVERRIDE", "openat", "", CallOutcome::succeeded}}),
            "cap:CAP_DAC_OVERRIDE");
}

TEST(Suggest, HomesOfSeveralUsersAreNotNamed) {
  EXPECT_EQ(suggested({file(FileAccess::read, "/home/alice/.rc")}), "read:-/home/alice/.rc");
  EXPECT_EQ(suggested({file(FileAccess::read, "/home/alice/.rc"), file(FileAccess::read, "/home/bob/.rc")}),
            "home-read");
}

TEST(Suggest, PrivateTemporaryFilesAreItsOwn) {
  EXPECT_EQ(
      suggested({file(FileAccess::create, "/tmp/web.Ab12Cd"), file(kWrite, "/tmp/web.Ab12Cd"),
                 file(FileAccess::read, "/tmp/web.Ab12Cd"), file(FileAccess::remove, "/tmp/web.Ab12Cd")}),
      "");
  EXPECT_EQ(suggested({file(FileAccess::read, "/tmp/of-somebody-else")}), "read:-/tmp/of-somebody-else");
  // Others look for a socket.
  EXPECT_EQ(suggested({file(FileAccess::create, "/tmp/web.sock", NodeType::socket),
                       UnixUse{UnixAction::bind, "SOCK_STREAM", "/tmp/web.sock"}}),
            "tmp");
}

TEST(Suggest, FailedAttemptsAndIgnoredNeedsAreNone) {
  Recording recording = recording_of({file(kWrite, "/etc/passwd"), SyscallUse{"x86-64", "setpriority"}});
  recording.needs[0].error = recording.needs[1].error = 13;
  const LoadedUnit unit = unit_of("");
  const Target target = target_of(unit);
  EXPECT_EQ(texts(suggest(judge(recording, unit), recording, {}, target, unit).policy.grants), "");
  EXPECT_EQ(suggested({CallUse<NeedKind::personality>{"personality", "0x40000"}, file(kWrite, "/srv/a/b")},
                      "", "strict@1", {{"personality:*", "file:/srv/?/b"}, false}),
            "");
}

TEST(Suggest, ImpliedGrantsAreNotRepeated) {
  EXPECT_EQ(suggested({CapabilityUse{"CAP_NET_RAW", "socket", "", CallOutcome::succeeded}},
                      "User=a\nAmbientCapabilities=CAP_NET_RAW\n"),
            "");
}

TEST(Suggest, LooserProfileWhereTheStrictestLoses) {
  // A line of the unit itself wins over every grant.
  const LoadedUnit unit = unit_of("MemoryDenyWriteExecute=yes\n");
  const Target target = target_of(unit);
  const Recording recording = recording_of({CallUse<NeedKind::wx_memory>{"mprotect", "anonymous"}});
  const Suggestion one = suggest(judge(recording, unit), recording, {}, target, unit);
  ASSERT_EQ(one.lost.size(), 1U);
  EXPECT_EQ(one.lost.front().refusal.directive, catalogue::DirectiveId::MemoryDenyWriteExecute);
  EXPECT_EQ(one.policy.profile->name, "strict@1");
}

TEST(Suggest, NeverASharedFolderWithoutAWord) {
  const LoadedUnit unit = unit_of("");
  const Target target = target_of(unit);
  const Recording recording =
      recording_of({file(FileAccess::create, "/etc/web.new"), file(kWrite, "/var/lib/other/x")});
  for (const SuggestedGrant& one : suggest(judge(recording, unit), recording, {}, target, unit).grants)
    EXPECT_NE(one.caution, "") << one.grant.text();
}

}  // namespace
}  // namespace harden
