// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds of every suggestion, over recordings at random.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "advise/any_service_test.h"
#include "advise/check.h"

namespace harden {
namespace {

using testing::file;
using testing::recording_of;
using testing::target_of;
using testing::texts;
using testing::unit_of;

std::string any_path() {
  std::string path = *rc::gen::element<std::string>("/srv", "/var/lib/web", "/var/lib/db", "/var/log",
                                                    "/run", "/etc", "/tmp", "/home/alice", "/home/bob",
                                                    "/opt/v", "/proc/sys/net", "/usr/lib", "/root");
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    path += *rc::gen::element<std::string>("/a", "/b", "/c d", "/2024-11-30", "/x.Ab12Cd", "/a:b");
  return path;
}

NeedDetail any_use() {
  switch (*rc::gen::inRange(0, 12)) {
    case 0:
      return SyscallUse{*rc::gen::element<std::string>("x86-64", "x86"),
                        *rc::gen::element<std::string>("mount", "chown", "memfd_create", "setuid", "bpf",
                                                       "read", "clock_adjtime", "io_uring_setup",
                                                       "sched_setaffinity", "reboot", "quotactl")};
    case 1:
      return CapabilityUse{*rc::gen::element<std::string>(
                               "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SETUID", "CAP_SETGID", "CAP_SYS_ADMIN",
                               "CAP_NET_BIND_SERVICE", "CAP_KILL", "CAP_SYS_NICE"),
                           "open", "", CallOutcome::succeeded};
    case 2:
      return SocketUse{
          *rc::gen::element<std::string>("AF_INET", "AF_UNIX", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"),
          "SOCK_STREAM", 0};
    case 3:
      return BindUse{"AF_INET", *rc::gen::element<std::string>("SOCK_STREAM", "SOCK_DGRAM"),
                     *rc::gen::element<std::string>("0.0.0.0", "127.0.0.1"),
                     *rc::gen::element<std::uint16_t>(0, 53, 80, 8080, 9000)};
    case 4:
      return PeerUse{PeerAction::connect, "AF_INET", "SOCK_STREAM",
                     *rc::gen::element<std::string>("127.0.0.1", "10.0.0.7", "192.0.2.9"), 80};
    case 5:
      return DeviceUse{false, *rc::gen::element<std::uint32_t>(1, 226, 4, 10),
                       *rc::gen::element<std::uint32_t>(3, 64, 128), DeviceAccess::write,
                       *rc::gen::element<std::string>("/dev/null", "/dev/dri/card0", "/dev/ttyS0")};
    case 6:
      return CallUse<NeedKind::wx_memory>{"mprotect", "anonymous"};
    case 7:
      return CallUse<NeedKind::name_space>{"unshare", *rc::gen::element<std::string>("user", "mnt", "net")};
    case 8:
      return UnixUse{*rc::gen::element(UnixAction::bind, UnixAction::connect), "SOCK_STREAM",
                     *rc::gen::element<std::string>("/run/dbus/system_bus_socket", "/run/web.sock",
                                                    "/tmp/web.sock", "@web")};
    case 9:
      return IdentityUse{IdKind::user, 33};
    case 10: {
      const std::string from = any_path();
      return file(FileAccess::rename, from + "/f", NodeType::regular, any_path() + "/g");
    }
    default:
      return file(static_cast<FileAccess>(*rc::gen::inRange(0, 13)), any_path(),
                  *rc::gen::element(NodeType::regular, NodeType::directory));
  }
}

Recording any_recording() {
  std::vector<NeedDetail> details;
  for (int i = *rc::gen::inRange(0, 14); i > 0; --i) details.push_back(any_use());
  return recording_of(std::move(details));
}

LoadedUnit any_unit() {
  return unit_of(*rc::gen::element<std::string>("", "User=web\n", "StateDirectory=web\nPrivateTmp=yes\n",
                                                "ProtectHome=yes\nDynamicUser=yes\n"),
                 *rc::gen::element(252U, 257U));
}

// The needs that are refused, but for those that the suggestion says no grant opens.
std::size_t denials_of(const Recording& recording, const Policy& policy, const Suggestion& suggestion,
                       const Target& target, const LoadedUnit& unit) {
  const Check result = check(recording, &policy, target, unit);
  return static_cast<std::size_t>(std::ranges::count_if(result.denials, [&](const Denial& one) {
    return std::ranges::none_of(suggestion.lost, [&](const Suggestion::Lost& lost) {
      return lost.need->need->detail == one.need->need->detail;
    });
  }));
}

RC_GTEST_PROP(SuggestLaws, CheckFindsNoDenialAndNoGrantCanGo, ()) {
  const LoadedUnit unit = any_unit();
  const Target target = target_of(unit);
  const Recording recording = any_recording();
  const std::vector<Judged> needs = judge(recording, unit);
  const catalogue::Profile& profile =
      catalogue::profiles()[*rc::gen::inRange<std::size_t>(0, catalogue::profiles().size())];
  const Suggestion suggestion = suggest_on(profile, needs, recording, {}, target, unit);
  RC_LOG() << profile.name << ": " << texts(suggestion.policy.grants) << "\n";
  RC_ASSERT(denials_of(recording, suggestion.policy, suggestion, target, unit) == 0U);
  RC_ASSERT(check(recording, &suggestion.policy, target, unit).unused.empty());
  for (const SuggestedGrant& one : suggestion.grants) {
    Policy without = suggestion.policy;
    std::erase(without.grants, one.grant);
    RC_LOG() << "without " << one.grant.text() << "\n";
    RC_ASSERT(denials_of(recording, without, suggestion, target, unit) != 0U);
    RC_ASSERT(!one.evidence.empty());
  }
}

// Merged in the other order, or twice, it is the same recording and the same policy.
RC_GTEST_PROP(SuggestLaws, IsDeterministic, ()) {
  const LoadedUnit unit = any_unit();
  const Target target = target_of(unit);
  Recording recording = any_recording();
  const auto grants = [&](const Recording& one) {
    return texts(suggest(judge(one, unit), one, {}, target, unit).policy.grants);
  };
  Recording shuffled = recording;
  std::ranges::reverse(shuffled.needs);
  RC_ASSERT(grants(recording) == grants(shuffled));
}

}  // namespace
}  // namespace harden
