// SPDX-License-Identifier: LGPL-2.1-or-later
#include "advise/check.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "advise/any_service_test.h"
#include "advise/need_text.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using testing::file;
using testing::recording_of;
using testing::target_of;
using testing::texts;
using testing::unit_of;

Policy policy_of(std::string_view profile, std::vector<std::string_view> words,
                 std::vector<std::string> ignores = {}) {
  std::vector<Grant> grants;
  for (const std::string_view word : words) {
    const auto parsed = parse_grants(word);
    grants.insert(grants.end(), parsed->begin(), parsed->end());
  }
  return {catalogue::find_profile(profile), normalized(std::move(grants)), {}, std::move(ignores)};
}

TEST(Check, NamesSettingResultAndGrant) {
  const LoadedUnit unit = unit_of("");
  const Target target = target_of(unit);
  const Recording recording =
      recording_of({file(FileAccess::write, "/srv/a/b"), SyscallUse{"x86-64", "mount"}});
  const Policy policy = policy_of("strict@1", {});
  const Check result = check(recording, &policy, target, unit);
  ASSERT_EQ(result.denials.size(), 2U);
  EXPECT_EQ(result.denials[0].refusal, (Refusal{DirectiveId::SystemCallFilter, "EPERM"}));
  EXPECT_EQ(result.denials[0].opened_by.value().text(), "mount");
  EXPECT_EQ(result.denials[1].refusal, (Refusal{DirectiveId::ProtectSystem, "EROFS"}));
  EXPECT_EQ(result.denials[1].opened_by.value().text(), "write:/srv/a");
  EXPECT_TRUE(result.has_denial());
}

TEST(Check, WithoutAPolicyTheUnitsOwnSettingsCount) {
  const LoadedUnit unit = unit_of("ProtectSystem=strict\nUser=a\n");
  const Recording recording = recording_of({file(FileAccess::write, "/srv/a/b")});
  const Check result = check(recording, nullptr, target_of(unit), unit);
  ASSERT_EQ(result.denials.size(), 1U);
  EXPECT_EQ(result.denials[0].opened_by, std::nullopt);
}

TEST(Check, GrantsThatNothingUsedAreTold) {
  const LoadedUnit unit = unit_of("");
  const Recording recording = recording_of({file(FileAccess::write, "/srv/a/b")});
  const Policy policy = policy_of("strict@1", {"write:/srv", "jit", "listen:80"});
  const Target target = target_of(unit);
  const Check result = check(recording, &policy, target, unit);
  EXPECT_FALSE(result.has_denial());
  EXPECT_EQ(texts(result.unused), "listen:80 jit");
}

TEST(Check, IgnoredDenialIsNone) {
  const LoadedUnit unit = unit_of("");
  const Recording recording = recording_of({SyscallUse{"x86-64", "mount"}});
  const Policy policy = policy_of("strict@1", {}, {"syscall:mo*"});
  const Target target = target_of(unit);
  const Check result = check(recording, &policy, target, unit);
  ASSERT_EQ(result.denials.size(), 1U);
  EXPECT_TRUE(result.denials[0].is_ignored);
  EXPECT_FALSE(result.has_denial());
}

TEST(Check, ShruggedOffRefusalsAreNoNeedOrInDoubt) {
  const LoadedUnit unit = unit_of("");
  const Target target = target_of(unit);
  Recording recording = recording_of({file(FileAccess::write, "/srv/a/b")});
  recording.needs[0].error = EROFS;
  const Policy policy = policy_of("strict@1", {});
  EXPECT_TRUE(check(recording, &policy, target, unit).denials.empty());
  EXPECT_TRUE(check(recording, &policy, target, unit).doubtful.empty());
  // What a sandbox refused during the recording may have been wanted.
  recording.sources[0].sandbox = {"ProtectSystem="};
  EXPECT_TRUE(check(recording, &policy, target, unit).denials.empty());
  EXPECT_EQ(check(recording, &policy, target, unit).doubtful.size(), 1U);
}

TEST(Check, WhatRunsOutsideTheSandboxAsksOnlyTheControlGroup) {
  const LoadedUnit unit = unit_of("ExecStartPre=+/usr/bin/prepare\n");
  const Target target = target_of(unit);
  Recording recording = recording_of(
      {file(FileAccess::write, "/srv/a"), DeviceUse{true, 8, 0, DeviceAccess::write, "/dev/sda"}});
  for (Need& need : recording.needs) need.seen[0].first.exec_line = "ExecStartPre";
  const Policy policy = policy_of("strict@1", {});
  const Check result = check(recording, &policy, target, unit);
  ASSERT_EQ(result.denials.size(), 1U);
  EXPECT_EQ(result.denials[0].need->need->kind(), NeedKind::device);
}

TEST(Check, SocketsByAPathWithoutABeginningAreInDoubt) {
  const LoadedUnit unit = unit_of("");
  const Policy policy = policy_of("strict@1", {});
  const Recording recording = recording_of({UnixUse{UnixAction::bind, "SOCK_STREAM", "private/smtp"}});
  const Check result = check(recording, &policy, target_of(unit), unit);
  ASSERT_EQ(result.needs.size(), 1U);
  EXPECT_EQ(result.needs[0].standing, Standing::doubtful);
}

TEST(Check, IdleQuestionsForCapabilitiesAreInDoubt) {
  const LoadedUnit unit = unit_of("");
  const Target target = target_of(unit);
  const Policy policy = policy_of("strict@1", {});
  const Recording recording =
      recording_of({CapabilityUse{"CAP_NET_ADMIN", "setsockopt", "", CallOutcome::succeeded},
                    CapabilityUse{"CAP_NET_ADMIN", "ioctl", "", CallOutcome::succeeded},
                    CapabilityUse{"CAP_CHOWN", "chown", "", CallOutcome::failed}});
  const Check result = check(recording, &policy, target, unit);
  EXPECT_EQ(result.denials.size(), 1U);
  EXPECT_EQ(result.doubtful.size(), 1U);
}

TEST(NeedWord, NamesEachKindShortly) {
  const auto word = [](NeedDetail detail) { return need_word({std::move(detail), 0, {{}}}); };
  EXPECT_EQ(word(SyscallUse{"x86-64", "mount"}), "syscall:mount");
  EXPECT_EQ(word(file(FileAccess::write, "/srv/a")), "file:/srv/a");
  EXPECT_EQ(word(CapabilityUse{"CAP_KILL", "kill", "", CallOutcome::succeeded}), "capability:CAP_KILL");
  EXPECT_EQ(word(BindUse{"AF_INET", "SOCK_DGRAM", "0.0.0.0", 53}), "bind:53/udp");
  EXPECT_EQ(word(CallUse<NeedKind::name_space>{"unshare", "mnt"}), "namespace:mnt");
  EXPECT_EQ(word(CallUse<NeedKind::perf>{"perf_event_open", ""}), "perf:perf_event_open");
  EXPECT_EQ(word(IdentityUse{IdKind::user, 33}), "identity:user:33");
}

}  // namespace
}  // namespace harden
