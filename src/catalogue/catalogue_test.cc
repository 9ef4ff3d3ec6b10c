// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold over the whole tables. What the build step checks (every name resolves, nothing stands
// twice) is asked here once more where it can be asked of the tables themselves: an independent reading.
#include "catalogue/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "catalogue/hash.h"
#include "catalogue/tables.h"

namespace harden::catalogue {
namespace {

constexpr std::uint32_t kWeightSum = 56460;   // measured on 252 and 257

// A spelling that no table has, made from one that a table may have.
std::string spoiled(std::string_view name) { return std::string(name) + "?"; }

std::vector<std::string_view> sections_of(Context context) {
  switch (context) {
    case Context::exec:
      return {"Service", "Socket", "Mount", "Swap"};
    case Context::cgroup:
      return {"Service", "Socket", "Mount", "Swap", "Slice", "Scope"};
    case Context::kill:
      return {"Service", "Socket", "Mount", "Swap", "Scope"};
    case Context::service:
      return {"Service"};
    case Context::unit:
      return {"Unit"};
  }
  return {};
}

const Systemd& v252() { return *find_systemd(252); }
const Systemd& v257() { return *find_systemd(257); }

// --- Directives ---

TEST(Directives, StandAtTheirIdAndAreFoundByNameAndAlias) {
  std::size_t id = 0;
  for (const Directive& d : directives()) {
    EXPECT_EQ(static_cast<std::size_t>(d.id), id++);
    EXPECT_EQ(&directive(d.id), &d);
    EXPECT_EQ(find_directive(d.name), &d);
    for (const std::string_view alias : d.aliases) EXPECT_EQ(find_directive(alias), &d);
    EXPECT_EQ(find_directive(spoiled(d.name)), nullptr);
  }
  EXPECT_EQ(id, kDirectiveCount);
  EXPECT_EQ(find_directive("ReadWriteDirectories")->id, DirectiveId::ReadWritePaths);
  EXPECT_EQ(find_directive("protecthome"), nullptr) << "case matters";
  EXPECT_EQ(find_directive(""), nullptr);
}

TEST(Directives, AreKeysOfExactlyTheVersionsSinceTheirOwn) {
  for (const Directive& d : directives())
    for (const Systemd& systemd : systemds())
      for (const std::string_view section : sections_of(d.context))
        EXPECT_EQ(find_key(systemd, section, d.name).has_value(), d.since <= systemd.version)
            << systemd.version << " [" << section << "] " << d.name;
}

TEST(Directives, HaveASummaryOfOneLine) {
  for (const Directive& d : directives()) {
    EXPECT_TRUE(d.summary.ends_with('.')) << d.name;
    EXPECT_LE(d.summary.size(), 120U) << d.name;
    EXPECT_EQ(std::ranges::count(d.summary, '\n'), 0) << d.name;
  }
}

TEST(Directives, HaveValuesOnlyIfTheyAreChoices) {
  for (const Directive& d : directives()) {
    EXPECT_EQ(d.kind == Kind::choice, !d.values.empty()) << d.name;
    if (d.kind != Kind::choice) {
      EXPECT_FALSE(d.default_choice || d.default_outside_service) << d.name;
    }
    if (d.default_choice) {
      EXPECT_LT(*d.default_choice, d.values.size()) << d.name;
    }
    if (d.default_outside_service) {
      EXPECT_LT(*d.default_outside_service, d.values.size()) << d.name;
    }
    EXPECT_EQ(d.mask_starts_full, d.id == DirectiveId::CapabilityBoundingSet) << d.name;
    for (const ChoiceValue& value : d.values)
      EXPECT_GE(value.since, d.since) << d.name << "=" << value.name;
  }
}

// A boolean of systemd's is a choice of yes and no here, and the other way round.
TEST(Directives, AreBooleansWhereSystemdSaysSo) {
  for (const Directive& d : directives())
    for (const Systemd& systemd : systemds()) {
      const auto key = find_key(systemd, sections_of(d.context).front(), d.name);
      if (!key || key->type != "BOOLEAN") continue;
      std::set<std::string_view> known;
      for (const ChoiceValue& value : d.values)
        if (value.since <= systemd.version) known.insert(value.name);
      EXPECT_EQ(known, (std::set<std::string_view>{"no", "yes"})) << systemd.version << " " << d.name;
    }
}

// The tightest value stands last: the order of the lattice. Spot checks over what the profiles use.
TEST(Directives, EndInTheTightestValue) {
  const std::map<std::string_view, std::string_view> tightest = {
      {"ProtectSystem", "strict"}, {"ProtectHome", "yes"},           {"ProtectProc", "ptraceable"},
      {"ProcSubset", "pid"},       {"PrivateUsers", "yes"},          {"PrivateTmp", "disconnected"},
      {"DevicePolicy", "strict"},  {"KeyringMode", "private"},       {"ProtectControlGroups", "strict"},
      {"NotifyAccess", "none"},    {"KillMode", "control-group"},    {"MountFlags", "private"},
      {"MemoryKSM", "no"},         {"RootDirectoryStartOnly", "no"}, {"CoredumpReceive", "no"}};
  for (const Directive& d : directives()) {
    if (const auto expected = tightest.find(d.name); expected != tightest.end()) {
      EXPECT_EQ(d.values.back().name, expected->second) << d.name;
    }
    if (d.name.starts_with("Protect") || d.name.starts_with("Private") || d.name.starts_with("Restrict") ||
        d.name == "NoNewPrivileges" || d.name == "LockPersonality" || d.name == "MemoryDenyWriteExecute")
      if (d.kind == Kind::choice) {
        EXPECT_EQ(d.values.front().name, d.id == DirectiveId::ProtectProc ? "default" : "no");
      }
  }
}

TEST(Directives, TakeValuesAsTheVersionDoes) {
  const Directive& tmp = directive(DirectiveId::PrivateTmp);
  EXPECT_EQ(find_choice(tmp, "yes", 252), 1);
  EXPECT_EQ(find_choice(tmp, "TRUE", 252), 1);
  EXPECT_EQ(find_choice(tmp, "Off", 257), 0);
  EXPECT_EQ(find_choice(tmp, "disconnected", 252), std::nullopt);
  EXPECT_EQ(find_choice(tmp, "disconnected", 257), 2);
  EXPECT_EQ(find_choice(tmp, "Disconnected", 257), std::nullopt) << "only booleans have no case";
  EXPECT_EQ(find_choice(tmp, "connected", 252), std::nullopt);
  EXPECT_EQ(find_choice(tmp, "connected", 257), 1);
  EXPECT_EQ(find_choice(tmp, "", 257), std::nullopt);
  EXPECT_EQ(find_choice(directive(DirectiveId::Restart), "no", 252), 0);
  EXPECT_EQ(find_choice(directive(DirectiveId::Restart), "off", 252), std::nullopt) << "not a boolean";
  EXPECT_EQ(find_choice(directive(DirectiveId::PrivateUsers), "full", 257), std::nullopt);
}

TEST(Directives, ResetOnAnEmptyAssignmentAsTheVersionDoes) {
  for (const unsigned version : kVersions) {
    EXPECT_FALSE(directive(DirectiveId::PrivateTmp).empty_resets(version));
    EXPECT_FALSE(directive(DirectiveId::UMask).empty_resets(version));
    EXPECT_TRUE(directive(DirectiveId::ReadWritePaths).empty_resets(version));
    EXPECT_TRUE(directive(DirectiveId::KillMode).empty_resets(version));
    EXPECT_FALSE(directive(DirectiveId::Sockets).empty_resets(version));
  }
  EXPECT_FALSE(directive(DirectiveId::PrivateMounts).empty_resets(252));
  EXPECT_TRUE(directive(DirectiveId::PrivateMounts).empty_resets(257));
}

TEST(Booleans, HaveTwelveSpellingsWhateverTheCase) {
  for (const std::string_view word : {"1", "yes", "y", "true", "t", "on", "Yes", "ON", "T"})
    EXPECT_EQ(parse_boolean(word), true) << word;
  for (const std::string_view word : {"0", "no", "n", "false", "f", "off", "NO", "False"})
    EXPECT_EQ(parse_boolean(word), false) << word;
  for (const std::string_view word : {"", "2", "ye", "yess", " yes", "enable"})
    EXPECT_EQ(parse_boolean(word), std::nullopt) << word;
}

// --- Implications ---

TEST(Implications, NameChoicesThatExist) {
  for (const Implication& row : implications()) {
    EXPECT_LE(row.since, row.until);
    EXPECT_FALSE(row.reason.empty());
    EXPECT_FALSE(row.effects.empty());
    for (const auto& conditions : {row.when, row.any})
      for (const Condition& c : conditions) {
        const Directive& d = directive(c.directive);
        if (c.test != catalogue::Test::choice) continue;
        ASSERT_EQ(d.kind, Kind::choice) << d.name;
        EXPECT_NE(c.choices, 0U);
        EXPECT_EQ(c.choices >> d.values.size(), 0U) << d.name;
      }
    for (const Effect& effect : row.effects) {
      const Directive& d = directive(effect.directive);
      if (effect.kind == EffectKind::set_choice) {
        EXPECT_LT(effect.choice, d.values.size()) << d.name;
      }
      if (effect.kind == EffectKind::drop_capabilities) {
        EXPECT_EQ(d.kind, Kind::capabilities);
      }
      if (effect.kind == EffectKind::append_line) {
        EXPECT_EQ(d.kind, Kind::devices);
      }
      if (effect.kind == EffectKind::deny_syscalls) {
        EXPECT_EQ(d.kind, Kind::syscalls);
      }
    }
  }
}

// One pass in order is the closure: what a row changes is not what an earlier row of the stage asked
// about, unless both make the same demand `any` on it, and then the earlier row has held already.
TEST(Implications, ReferForwardOnly) {
  const auto rows = implications();
  for (std::size_t later = 0; later < rows.size(); ++later)
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      ASSERT_LE(rows[earlier].stage, rows[later].stage);
      if (rows[earlier].stage != rows[later].stage || rows[earlier].since > rows[later].until ||
          rows[later].since > rows[earlier].until)
        continue;
      for (const Effect& effect : rows[later].effects) {
        if (effect.kind == EffectKind::drop_capabilities || effect.kind == EffectKind::deny_syscalls)
          continue;
        EXPECT_EQ(std::ranges::count(rows[earlier].when, effect.directive, &Condition::directive), 0)
            << rows[earlier].reason << " / " << rows[later].reason;
        if (!std::ranges::equal(rows[earlier].any, rows[later].any)) {
          EXPECT_EQ(std::ranges::count(rows[earlier].any, effect.directive, &Condition::directive), 0)
              << rows[earlier].reason << " / " << rows[later].reason;
        }
      }
    }
}

// An implication may tighten; it never gives back. The one exception is the notification socket.
TEST(Implications, TightenOrderedChoices) {
  for (const Implication& row : implications())
    for (const Effect& effect : row.effects) {
      if (effect.kind != EffectKind::set_choice || effect.directive == DirectiveId::NotifyAccess) continue;
      EXPECT_GT(effect.choice, 0) << directive(effect.directive).name;
    }
}

TEST(Implications, TakeCapabilitiesByTheirNumber) {
  std::uint64_t dropped = 0;
  for (const Implication& row : implications())
    if (row.stage == Stage::load)
      for (const Effect& effect : row.effects) dropped |= effect.capabilities;
  std::uint64_t expected = 0;
  for (const std::string_view name :
       {"CAP_MKNOD", "CAP_SYS_RAWIO", "CAP_SYS_MODULE", "CAP_SYSLOG", "CAP_SYS_TIME", "CAP_WAKE_ALARM"})
    expected |= std::uint64_t{1} << *find_capability(v252(), name);
  EXPECT_EQ(dropped, expected);
}

// --- System calls ---

TEST(Syscalls, AreSortedAndFoundByName) {
  EXPECT_TRUE(std::ranges::is_sorted(syscalls(), std::ranges::less{}, &Syscall::name));
  for (std::size_t id = 0; id < kSyscallCount; ++id) {
    EXPECT_EQ(find_syscall(syscalls()[id].name), id);
    EXPECT_EQ(find_syscall(spoiled(syscalls()[id].name)), std::nullopt);
  }
  EXPECT_EQ(find_syscall("READ"), std::nullopt);
  EXPECT_EQ(find_syscall(""), std::nullopt);
}

TEST(Syscalls, AreEachKnownToSomeVersion) {
  SyscallSet known;
  for (const Systemd& systemd : systemds()) {
    EXPECT_TRUE(systemd.native_syscalls.is_subset_of(systemd.known_syscalls));
    known |= systemd.known_syscalls;
  }
  EXPECT_EQ(known, SyscallSet::full());
  EXPECT_TRUE(v257().native_syscalls.test(*find_syscall("read")));
  EXPECT_FALSE(v257().native_syscalls.test(*find_syscall("socketcall"))) << "of i386 only";
  EXPECT_TRUE(v257().known_syscalls.test(*find_syscall("socketcall")));
}

// A slow second reading of each group: members and members of members, from the names alone.
TEST(Groups, HoldTheirMembersExpanded) {
  for (const Systemd& systemd : systemds()) {
    EXPECT_TRUE(std::ranges::is_sorted(systemd.groups, std::ranges::less{}, &SyscallGroup::name));
    for (const SyscallGroup& group : systemd.groups) {
      EXPECT_EQ(find_group(systemd, group.name), &group);
      SyscallSet expected;
      std::vector<std::string_view> waiting(group.members.begin(), group.members.end());
      while (!waiting.empty()) {
        const std::string_view member = waiting.back();
        waiting.pop_back();
        if (const SyscallGroup* nested = find_group(systemd, member))
          waiting.insert(waiting.end(), nested->members.begin(), nested->members.end());
        else if (const auto id = find_syscall(member); id && systemd.known_syscalls.test(*id))
          expected.set(*id);
      }
      EXPECT_EQ(group.calls, expected) << systemd.version << " " << group.name;
    }
    EXPECT_EQ(find_group(systemd, "clock"), nullptr);
    EXPECT_EQ(find_group(systemd, "@zzz"), nullptr);
    EXPECT_TRUE(find_group(systemd, "@system-service")->calls.test(*find_syscall("io_uring_setup")));
  }
}

// --- Names of a version ---

TEST(Versions, AreFoundExactlyOrByTheNearestBelow) {
  ASSERT_EQ(systemds().size(), kVersions.size());
  for (std::size_t i = 0; i < kVersions.size(); ++i) EXPECT_EQ(systemds()[i].version, kVersions[i]);
  EXPECT_EQ(find_systemd(255), nullptr);
  EXPECT_EQ(nearest_systemd(249).version, 252U);
  EXPECT_EQ(nearest_systemd(252).version, 252U);
  EXPECT_EQ(nearest_systemd(256).version, 252U);
  EXPECT_EQ(nearest_systemd(262).version, 257U);
}

TEST(Capabilities, AreFoundByNameAndNumber) {
  for (const Systemd& systemd : systemds()) {
    for (unsigned number = 0; number < systemd.capabilities.size(); ++number)
      EXPECT_EQ(find_capability(systemd, systemd.capabilities[number]), number);
    EXPECT_EQ(cap_last(systemd), 40U);
    EXPECT_EQ(find_capability(systemd, "cap_sys_admin"), 21U);
    EXPECT_EQ(find_capability(systemd, "Cap_Sys_Admin"), 21U);
    EXPECT_EQ(find_capability(systemd, "SYS_ADMIN"), std::nullopt);
    EXPECT_EQ(find_capability(systemd, "21"), 21U);
    EXPECT_EQ(find_capability(systemd, "0x15"), 21U);
    EXPECT_EQ(find_capability(systemd, "025"), 21U);
    EXPECT_EQ(find_capability(systemd, "0b10101"), 21U);
    EXPECT_EQ(find_capability(systemd, "0o25"), 21U);
    EXPECT_EQ(find_capability(systemd, "+21"), 21U);
    EXPECT_EQ(find_capability(systemd, "0"), 0U);
    EXPECT_EQ(find_capability(systemd, "-0"), 0U);
    EXPECT_EQ(find_capability(systemd, "62"), 62U) << "a number without a name";
    for (const std::string_view word :
         {"", "-1", "64", "21x", "0x", "08", "--1", "+-1", "99999999999999999999", "~1"})
      EXPECT_EQ(find_capability(systemd, word), std::nullopt) << word;
  }
  EXPECT_EQ(find_capability(v252(), "63"), 63U);
  EXPECT_EQ(find_capability(v257(), "63"), std::nullopt);
}

TEST(Families, AreFoundByEveryNameWhateverTheCase) {
  for (const Systemd& systemd : systemds()) {
    std::set<std::uint16_t> numbers;
    for (const AddressFamily& family : systemd.families) {
      EXPECT_TRUE(numbers.insert(family.number).second) << family.name;
      EXPECT_EQ(find_family(systemd, family.name), family.number);
    }
    EXPECT_EQ(find_family(systemd, "AF_LOCAL"), 1);
    EXPECT_EQ(find_family(systemd, "af_unix"), 1);
    EXPECT_EQ(find_family(systemd, "AF_NETLINK"), find_family(systemd, "AF_ROUTE"));
    EXPECT_EQ(find_family(systemd, "UNIX"), std::nullopt);
    EXPECT_EQ(find_family(systemd, "1"), std::nullopt);
  }
}

TEST(Keys, AreSortedAndFoundInTheirSection) {
  for (const Systemd& systemd : systemds()) {
    EXPECT_GT(systemd.keys.size(), 1000U);
    std::pair<std::string_view, std::string_view> last;
    for (const KnownKey known : systemd.keys) {
      const std::pair here{known.section, known.key};
      EXPECT_LT(last, here);
      last = here;
      const auto found = find_key(systemd, known.section, known.key);
      ASSERT_TRUE(found) << known.section << " " << known.key;
      EXPECT_EQ(found->type, known.type);
      EXPECT_FALSE(find_key(systemd, known.section, spoiled(known.key)));
    }
    EXPECT_FALSE(find_key(systemd, "Unit", "ProtectHome"));
    EXPECT_FALSE(find_key(systemd, "", ""));
    EXPECT_TRUE(knows_section(systemd, "Service"));
    EXPECT_FALSE(knows_section(systemd, "X-Harden"));
  }
}

TEST(Namespaces, AreTheKernelsFlags) {
  std::uint64_t all = 0;
  for (const NamespaceKind& kind : namespaces()) {
    EXPECT_EQ(all & kind.bit, 0U);
    all |= kind.bit;
  }
  EXPECT_EQ(all, 0x7e020000U);
}

// --- The exposure score ---

TEST(Exposure, HasAWeightForEachRowOnEachVersion) {
  ASSERT_EQ(exposure_rows().size(), 81U);
  for (const Systemd& systemd : systemds()) {
    ASSERT_EQ(systemd.exposure.size(), exposure_rows().size());
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < systemd.exposure.size(); ++i) {
      EXPECT_EQ(systemd.exposure[i].json_field, exposure_rows()[i].json_field);
      EXPECT_GE(systemd.exposure[i].range, 1U);
      sum += systemd.exposure[i].weight;
    }
    EXPECT_EQ(sum, kWeightSum) << systemd.version;
  }
}

TEST(Exposure, IsJudgedWorseTheLooserTheChoice) {
  for (const ExposureRow& row : exposure_rows()) {
    EXPECT_FALSE(row.open.empty());
    if (row.check != Check::choice) continue;
    const Directive& d = directive(row.directive);
    ASSERT_EQ(row.badness.size(), d.values.size()) << row.json_field;
    EXPECT_TRUE(d.ordered) << row.json_field;
    EXPECT_TRUE(std::ranges::is_sorted(row.badness, std::ranges::greater{})) << row.json_field;
    EXPECT_GT(row.badness.front(), 0) << row.json_field;
    EXPECT_EQ(row.badness.back(), 0) << row.json_field;
    for (const Systemd& systemd : systemds()) {
      const auto weight = std::ranges::find(systemd.exposure, row.json_field, &ExposureWeight::json_field);
      EXPECT_EQ(row.badness.front(), weight->range) << row.json_field;
    }
  }
}

TEST(Exposure, CountsEachCapabilityOnce) {
  std::uint64_t seen = 0;
  for (const ExposureRow& row : exposure_rows()) {
    EXPECT_EQ(row.check == Check::capabilities || row.check == Check::namespaces, row.mask != 0)
        << row.json_field;
    if (row.check != Check::capabilities) continue;
    EXPECT_EQ(seen & row.mask, 0U) << row.json_field;
    seen |= row.mask;
  }
  // Two that no row judges.
  const std::uint64_t all = (std::uint64_t{1} << 41) - 1;
  std::set<std::string_view> left;
  for (unsigned number = 0; number < 41; ++number)
    if (((all & ~seen) >> number & 1) != 0) left.insert(v252().capabilities[number]);
  EXPECT_EQ(left, (std::set<std::string_view>{"CAP_CHECKPOINT_RESTORE", "CAP_PERFMON"}));
}

// --- The set and the hash ---

TEST(SyscallSets, BehaveAsSets) {
  using Set = IndexSet<130>;
  static_assert(Set::full().count() == 130);
  static_assert((~Set::full()).none());
  static_assert(Set().set(3).set(129).count() == 2);
  Set set;
  const std::vector<std::uint16_t> members = {0, 1, 63, 64, 100, 127, 128, 129};
  for (const std::uint16_t member : members) set.set(member);
  EXPECT_EQ(std::vector<std::uint16_t>(set.begin(), set.end()), members);
  EXPECT_EQ((~set).count(), 130 - members.size());
  EXPECT_TRUE((set & ~set).empty());
  EXPECT_EQ(set | ~set, Set::full());
  EXPECT_TRUE(Set().set(63).is_subset_of(set));
  EXPECT_FALSE(set.is_subset_of(Set().set(63)));
  EXPECT_FALSE(set.test(130)) << "past the end";
  EXPECT_EQ(Set().set(500), Set());
  const Set nothing;
  EXPECT_TRUE(nothing.begin() == nothing.end());
  set.reset(64);
  EXPECT_FALSE(set.test(64));
}

TEST(NameTables, AreAtMostHalfFull) {
  for (const auto& slots : {tables::directive_slots(), tables::syscall_slots()})
    EXPECT_GE(static_cast<std::size_t>(std::ranges::count(slots, kEmptySlot)) * 2, slots.size());
}

}  // namespace
}  // namespace harden::catalogue
