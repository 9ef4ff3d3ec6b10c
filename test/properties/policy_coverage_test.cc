// SPDX-License-Identifier: LGPL-2.1-or-later
// The catalogue of grants against the profiles, one by one and not at random: each effect of a grant is of
// use somewhere, no grant closes anything, and each directive of a profile has a grant that lifts it and
// nothing beside but what is named here.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "privileges/order.h"
#include "properties/any_policy_test.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using catalogue::GrantOp;
using testing::policy_of;
using enum DirectiveId;

const std::vector<Target>& targets() {
  static const std::vector<Target> all = [] {
    std::vector<Target> made;
    for (const catalogue::Systemd& systemd : catalogue::systemds())
      for (const RunsAs runs_as : {RunsAs::root, RunsAs::user, RunsAs::dynamic_user})
        made.push_back({&systemd, catalogue::find_layout("usr"), runs_as, {}, {}});
    return made;
  }();
  return all;
}

using Words = std::map<DirectiveId, std::vector<std::string>>;

Words words_of(const Compiled& compiled) {
  Words words;
  for (const Written& one : compiled.settings) words[one.directive] = one.words;
  return words;
}

Compiled compiled(const catalogue::Profile& profile, std::vector<Grant> grants, const Target& target) {
  return compile(policy_of(profile, std::move(grants)), {}, target, nullptr);
}

std::vector<DirectiveId> directives_of(const catalogue::GrantEffect& effect) {
  switch (effect.op) {
    case GrantOp::capability:
      return {CapabilityBoundingSet};
    case GrantOp::device:
      return {DeviceAllow};
    case GrantOp::path: {
      std::vector<DirectiveId> ids;
      for (const catalogue::Tree& tree : catalogue::trees())
        for (const catalogue::TreeAction& action : tree.actions) ids.push_back(action.directive);
      return ids;
    }
    default:
      return {effect.directive};
  }
}

bool holds(const catalogue::GrantCondition& condition, const Grant& grant, const Target& target) {
  const GrantArgument argument = read_argument(grant);
  bool is_so = false;
  switch (condition.fact) {
    case catalogue::GrantFact::argument:
      is_so = !grant.argument.empty();
      break;
    case catalogue::GrantFact::peers:
      is_so = !argument.peers.empty();
      break;
    case catalogue::GrantFact::low_port:
      is_so = argument.low_port;
      break;
    case catalogue::GrantFact::root:
      is_so = target.runs_as == RunsAs::root;
      break;
  }
  return is_so != condition.negated;
}

bool is_of_use(const catalogue::GrantEffect& effect, const Grant& grant) {
  for (const Target& target : targets()) {
    if (!std::ranges::all_of(effect.when,
                             [&](const auto& condition) { return holds(condition, grant, target); }))
      continue;
    for (const catalogue::Profile& profile : catalogue::profiles()) {
      const Words before = words_of(compiled(profile, {}, target));
      const Words after = words_of(compiled(profile, {grant}, target));
      for (const DirectiveId id : directives_of(effect)) {
        const auto now = after.find(id);
        const auto then = before.find(id);
        if ((now == after.end()) != (then == before.end()) ||
            (now != after.end() && now->second != then->second))
          return true;
      }
    }
  }
  return false;
}

// A limit keeps it from being written on any systemd that is known: what lifts it waits for one that mends
// it.
bool is_never_written(DirectiveId id) {
  return std::ranges::any_of(catalogue::limits(), [&](const catalogue::Limit& limit) {
    return !limit.write && !limit.fact && !limit.unless && limit.since <= catalogue::directive(id).since &&
           limit.until >= catalogue::kVersions.back() &&
           std::ranges::find(limit.directives, id) != limit.directives.end();
  });
}

TEST(PolicyCatalogue, EachEffectOfAGrantIsOfUseSomewhere) {
  for (const catalogue::Grant& row : catalogue::grants())
    for (const catalogue::GrantEffect& effect : row.effects)
      EXPECT_TRUE(is_never_written(effect.directive) ||
                  std::ranges::any_of(
                      testing::all_grants(),
                      [&](const Grant& grant) { return grant.id == row.id && is_of_use(effect, grant); }))
          << row.name << ": " << catalogue::directive(effect.directive).name << " " << effect.word;
}

// Directive by directive, and with all that systemd makes of them: what a lifted one implied is left behind
// as words of its own, which are no news.
TEST(PolicyCatalogue, NoGrantClosesWhatAProfileLeavesOpen) {
  for (const catalogue::Profile& profile : catalogue::profiles())
    for (const Target& target : targets()) {
      const auto at_start = [&](std::vector<Grant> grants) {
        Settings settings = merged_settings(compiled(profile, std::move(grants), target), target, nullptr);
        apply_implications(settings, *target.systemd, catalogue::Stage::start, nullptr);
        return settings;
      };
      const Settings before = at_start({});
      const Privileges open = interpret(before, *target.systemd, Reading::claimed);
      for (const Grant& grant : testing::all_grants()) {
        const Settings after = at_start({grant});
        const std::string lost = join(
            excess(open, interpret(after, *target.systemd, Reading::claimed), testing::kHostOnly), ", ");
        EXPECT_EQ(lost, "") << profile.name << " on " << target.systemd->version << " with "
                            << grant.text();
        // A bind mount shows and guards at once: the paths are compared above. An answer without a filter
        // is none, nor is an exception without its rule; to wait for a file system shuts nothing; and a
        // path that is opened is named where it would be passed over.
        static const std::set<DirectiveId> kNoMeasure = {BindReadOnlyPaths, NoExecPaths,
                                                         SystemCallErrorNumber, RequiresMountsFor};
        for (const DirectiveOrder& one : compare_settings(before, after, *target.systemd).directives)
          EXPECT_TRUE(one.order == Order::looser || kNoMeasure.contains(one.directive) ||
                      catalogue::directive(one.directive).excepts)
              << profile.name << " on " << target.systemd->version << " with " << grant.text() << ": "
              << catalogue::directive(one.directive).name << "= is " << order_name(one.order);
      }
    }
}

TEST(PolicyCatalogue, WhatIsEnforcedIsWhatIsClaimed) {
  for (const catalogue::Profile& profile : catalogue::profiles())
    for (const Target& target : targets())
      for (const Grant& grant : testing::all_grants()) {
        const Settings settings = merged_settings(compiled(profile, {grant}, target), target, nullptr);
        EXPECT_EQ(join(excess(interpret(settings, *target.systemd, Reading::enforced),
                              interpret(settings, *target.systemd, Reading::claimed)),
                       ", "),
                  "")
            << profile.name << " on " << target.systemd->version << " with " << grant.text();
      }
}

// How a directive is lifted. `gone`: others that are no longer written; `changed`: those with other words.
struct Way {
  DirectiveId directive;
  std::string_view grants;
  std::vector<DirectiveId> gone, changed;
  std::string_view reason;
};

const std::vector<Way>& ways() {
  static const std::vector<Way> all = {
      {CapabilityBoundingSet,
       "cap",
       {PrivateUsers},
       {},
       "capabilities count only among the users of the host"},
      {UMask, "world-readable group-writable", {}, {}, "no grant is for files that all may write"},
      {KeyringMode, "keyring", {}, {}, "shared is the loosest that anybody asks for"},
      {RemoveIPC, "keep-ipc", {}, {}, ""},
      {LockPersonality, "personality", {}, {}, ""},
      {ProtectSystem,
       "system-write",
       {BindReadOnlyPaths, ReadOnlyPaths},
       {},
       "nothing is to be kept read-only"},
      {ProtectHome, "home", {}, {NoExecPaths}, "a home has a mount of its own then"},
      {ReadOnlyPaths, "write:/run", {}, {ReadWritePaths, RequiresMountsFor}, "the same path"},
      {InaccessiblePaths, "bus manager-sockets", {}, {}, ""},
      {ExecPaths, "exec", {NoExecPaths, BindReadOnlyPaths}, {}, "a rule and its exceptions"},
      {NoExecPaths, "exec", {ExecPaths, BindReadOnlyPaths}, {}, "a rule and its exceptions"},
      {BindReadOnlyPaths, "exec", {ExecPaths, NoExecPaths}, {}, "it is there for the exceptions"},
      {PrivateTmp,
       "tmp",
       {},
       {ReadWritePaths, NoExecPaths},
       "the rest of the tree is read-only, and a mount is gone"},
      {PrivateDevices, "device", {DevicePolicy}, {}, "a node and its rule"},
      {DevicePolicy, "device", {PrivateDevices}, {}, "a node and its rule"},
      {ProtectKernelTunables,
       "sysctl",
       {ProcSubset},
       {SystemCallFilter},
       "/proc/sys, and the old call for it"},
      {ProtectKernelModules,
       "module-files",
       {},
       {CapabilityBoundingSet, SystemCallFilter},
       "what it implied stays"},
      {ProtectKernelLogs,
       "kernel-log",
       {PrivateUsers, ProcSubset},
       {CapabilityBoundingSet, AmbientCapabilities, SystemCallFilter},
       "the log is /proc/kmsg, behind a capability, and a call"},
      {ProtectClock,
       "clock-read",
       {},
       {SystemCallFilter, DeviceAllow},
       "the call, and the hardware clock as it was"},
      {ProtectControlGroups, "cgroups", {}, {}, ""},
      {ProtectProc, "see-processes", {PrivatePIDs}, {}, "others are in the namespace of the host"},
      {ProcSubset, "proc", {}, {}, ""},
      {PrivateNetwork, "abstract-sockets", {}, {}, ""},
      {PrivateIPC, "shared-ipc", {}, {}, ""},
      {PrivatePIDs, "host-pids", {}, {}, ""},
      {PrivateUsers, "host-users", {}, {}, ""},
      {ProtectHostname,
       "hostname",
       {PrivateUsers},
       {CapabilityBoundingSet, AmbientCapabilities, SystemCallFilter},
       "the name is behind a capability and calls"},
      {RestrictNamespaces, "namespaces", {}, {}, ""},
      {SystemCallFilter, "syscalls", {SystemCallErrorNumber}, {}, "what a filter answers"},
      {SystemCallErrorNumber, "syscalls", {SystemCallFilter}, {}, "what a filter answers"},
      {SystemCallArchitectures, "foreign-abi", {}, {}, ""},
      {RestrictAddressFamilies, "family", {}, {}, ""},
      {MemoryDenyWriteExecute, "jit", {}, {SystemCallFilter}, "a memory file is mapped a second time"},
      {RestrictRealtime,
       "realtime",
       {PrivateUsers},
       {CapabilityBoundingSet, AmbientCapabilities, SystemCallFilter},
       "priorities are behind a capability and calls"},
      {RestrictSUIDSGID, "suid-files", {}, {}, ""},
      {IPAddressAllow,
       "connect",
       {IPAddressDeny, PrivateNetwork},
       {RestrictAddressFamilies},
       "peers take sockets"},
      {IPAddressDeny,
       "connect",
       {IPAddressAllow, PrivateNetwork},
       {RestrictAddressFamilies},
       "peers take sockets"},
      {SocketBindDeny,
       "listen:any listen:any/udp",
       {PrivateUsers, PrivateNetwork, IPAddressDeny},
       {RestrictAddressFamilies, SocketBindAllow, CapabilityBoundingSet, AmbientCapabilities},
       "ports take sockets, and low ones a capability"},
  };
  return all;
}

// What is lifted with all that brings it in, and what a dynamic user brings in by itself.
bool is_of_a_group(DirectiveId id, const Target& target) {
  return id == PrivateMounts || id == NoNewPrivileges || target.runs_as == RunsAs::dynamic_user;
}

TEST(PolicyCatalogue, EachDirectiveOfAProfileIsLiftedByItsGrantAndNothingBesideIt) {
  for (const catalogue::Profile& profile : catalogue::profiles())
    for (const Target& target : targets()) {
      const Compiled shut = compiled(profile, {}, target);
      const Words before = words_of(shut);
      const Privileges shut_privileges = interpret(merged_settings(shut, target, nullptr), *target.systemd);
      for (const auto& [id, words] : before) {
        if (is_of_a_group(id, target)) continue;
        const std::string place = std::string(profile.name) + " on " +
                                  std::to_string(target.systemd->version) + ": " +
                                  std::string(catalogue::directive(id).name) + "=";
        const auto way = std::ranges::find(ways(), id, &Way::directive);
        ASSERT_NE(way, ways().end()) << place << " has no grant that lifts it";
        std::vector<Grant> grants;
        for (const std::string_view word : split(way->grants, ' ')) {
          const std::vector<Grant> more = parse_grants(word).value();
          grants.insert(grants.end(), more.begin(), more.end());
        }
        const Compiled open = compiled(profile, grants, target);
        const Words after = words_of(open);
        const Privileges privileges = interpret(merged_settings(open, target, nullptr), *target.systemd);
        const bool stays = id == UMask || id == KeyringMode || id == SocketBindDeny;
        EXPECT_TRUE(stays || !after.contains(id)) << place << " is still written with " << way->grants;
        const auto names = [](const std::vector<DirectiveId>& list, DirectiveId one) {
          return std::ranges::find(list, one) != list.end();
        };
        for (const catalogue::Directive& other : catalogue::directives()) {
          if (other.id == id || names(way->gone, other.id)) continue;
          const bool is_lost = before.contains(other.id) && !after.contains(other.id);
          EXPECT_FALSE(is_lost) << place << " is not lifted alone by " << way->grants << ": " << other.name
                                << "=";
          const auto then = before.find(other.id);
          const auto now = after.find(other.id);
          const bool is_changed =
              now != after.end() && (then == before.end() || then->second != now->second);
          EXPECT_TRUE(!is_changed || names(way->changed, other.id))
              << place << " is not lifted alone by " << way->grants << ": " << other.name
              << "= has other words";
          const auto index = static_cast<std::size_t>(other.id);
          EXPECT_LE(privileges.choices.at(index), shut_privileges.choices.at(index))
              << place << " is not lifted alone by " << way->grants << ": " << other.name << "= is looser";
        }
      }
    }
}

// With all that brings them in, so that nothing does at the start.
TEST(PolicyCatalogue, NewPrivilegesAndTheHostsMountsAreGivenWhole) {
  for (const catalogue::Profile& profile : catalogue::profiles())
    for (const Target& target : targets())
      for (const auto& [word, id] :
           {std::pair{"setuid-programs", NoNewPrivileges}, std::pair{"host-mounts", PrivateMounts}}) {
        if (target.runs_as == RunsAs::dynamic_user) continue;

        Settings settings =
            merged_settings(compiled(profile, parse_grants(word).value(), target), target, nullptr);
        apply_implications(settings, *target.systemd, catalogue::Stage::start, nullptr);
        EXPECT_EQ(settings.choice(id).value_or(0), 0)
            << profile.name << " on " << target.systemd->version << " with " << word;
      }
}

}  // namespace
}  // namespace harden
