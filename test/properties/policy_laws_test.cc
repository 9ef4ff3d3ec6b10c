// SPDX-License-Identifier: LGPL-2.1-or-later
// What must hold of every policy, over the whole catalogue and on random units and targets. Decided on what
// the compiled settings let through, not on their text.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "policy/closed.h"
#include "policy/upgrade.h"
#include "properties/any_policy_test.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using testing::any_bare_target;
using testing::any_grant;
using testing::any_grants;
using testing::any_profile;
using testing::any_target;
using testing::any_unit;
using testing::lines_of;
using testing::policy_of;

// What a has that b has not, as a line; of paths what the host has there.
std::string extra(const Privileges& a, const Privileges& b, Rights rights = testing::kHostOnly) {
  return join(harden::excess(a, b, rights), ", ");
}

// Claimed: one setting more may well mend a hole that others tear into each other, and an opening tear one.
Privileges privileges_of(const Compiled& compiled, const Target& target, const LoadedUnit* unit) {
  return interpret(merged_settings(compiled, target, unit), *target.systemd, Reading::claimed);
}

RC_GTEST_PROP(PolicyLaws, OrderAndRepetitionOfGrantsMeanNothing, ()) {
  const Target target = any_bare_target();
  const catalogue::Profile& profile = any_profile();
  std::vector<Grant> grants = any_grants();
  const auto expected = lines_of(compile(policy_of(profile, grants), {}, target, nullptr));
  // Not normalized, so that it is the compiler that does not care.
  std::vector<Grant> shuffled = grants;
  shuffled.insert(shuffled.end(), grants.begin(), grants.end());
  for (std::size_t i = shuffled.size(); i > 1; --i)
    std::swap(shuffled[i - 1], shuffled[*rc::gen::inRange<std::size_t>(0, i)]);
  RC_ASSERT(lines_of(compile(Policy{&profile, shuffled, {}, {}}, {}, target, nullptr)) == expected);
}

RC_GTEST_PROP(PolicyLaws, OneMoreGrantTakesNothingAway, ()) {
  const Target target = any_bare_target();
  const catalogue::Profile& profile = any_profile();
  const std::vector<Grant> grants = any_grants();
  const Grant more = any_grant();
  std::vector<Grant> all = grants;
  all.push_back(more);
  const Privileges before =
      privileges_of(compile(policy_of(profile, grants), {}, target, nullptr), target, nullptr);
  const Privileges after =
      privileges_of(compile(policy_of(profile, all), {}, target, nullptr), target, nullptr);
  const std::string lost = extra(before, after);
  if (!lost.empty())
    RC_LOG() << profile.name << ": " << testing::texts_of(grants) << "+ " << more.text() << ": " << lost;
  RC_ASSERT(lost.empty());
}

RC_GTEST_PROP(PolicyLaws, WhatIsForAnyUserTakesNothingFromEither, ()) {
  Target target = any_bare_target();
  const Policy policy = policy_of(any_profile(), any_grants());
  target.runs_as = RunsAs::any;
  const Compiled for_any = compile(policy, {}, target, nullptr);
  target.runs_as = *rc::gen::element(RunsAs::root, RunsAs::user);
  const Compiled for_one = compile(policy, {}, target, nullptr);
  const std::string lost =
      extra(privileges_of(for_one, target, nullptr), privileges_of(for_any, target, nullptr));
  if (!lost.empty()) RC_LOG() << policy.profile->name << ": " << testing::texts_of(policy.grants) << lost;
  RC_ASSERT(lost.empty());
}

RC_GTEST_PROP(PolicyLaws, OneMoreGrantTakesNothingAwayFromAUnit, ()) {
  const LoadedUnit unit = any_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = any_target(unit);
  const catalogue::Profile& profile = any_profile();
  const std::vector<Grant> grants = any_grants();
  const Grant more = any_grant();
  std::vector<Grant> all = grants;
  all.push_back(more);
  // Claimed: a grant may well mend a hole that the unit's own lines tear into each other.
  const auto read = [&](std::vector<Grant> with) {
    const Compiled compiled = compile(policy_of(profile, std::move(with)), target, &unit);
    return interpret(merged_settings(compiled, target, &unit), *target.systemd, Reading::claimed);
  };
  const Privileges before = read(grants);
  const Privileges after = read(all);
  const std::string lost = extra(before, after);
  if (!lost.empty())
    RC_LOG() << unit.unit.fragment->text() << unit.unit.drop_ins[0].text() << profile.name << ": "
             << testing::texts_of(grants) << "+ " << more.text() << ": " << lost;
  RC_ASSERT(lost.empty());
}

// ProtectClock= lets the hardware clock be read where a device policy would deny it: systemd's own doing.
Privileges with_rtc(Privileges privileges) {
  if (!privileges.devices.everything) privileges.devices.words.emplace("char-rtc r");
  return privileges;
}

// With no grant but what the unit itself asks for; AmbientCapabilities= alone can add to a unit.
RC_GTEST_PROP(PolicyLaws, OutputIsNeverLooserThanTheUnit, ()) {
  const LoadedUnit unit = any_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = any_target(unit);
  const Compiled compiled = compile(policy_of(any_profile(), {}), target, &unit);
  const Privileges own = with_rtc(interpret(unit.settings, *target.systemd, Reading::claimed));
  const Privileges with =
      interpret(merged_settings(compiled, target, &unit), *target.systemd, Reading::claimed);
  const std::string more = extra(with, own);
  if (!more.empty()) {
    std::string lines;
    for (const std::string& line : lines_of(compiled)) lines += line + "\n";
    RC_LOG() << unit.unit.fragment->text() << unit.unit.drop_ins[0].text() << compiled.policy.profile->name
             << ": " << more << "\n"
             << lines;
  }
  RC_ASSERT(more.empty());
}

// What a policy with grants adds to a unit, each grant adds alone to one that is shut as far.
RC_GTEST_PROP(PolicyLaws, OutputIsNeverLooserThanTheUnitAndTheGrants, ()) {
  const LoadedUnit unit = any_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = any_target(unit);
  const Compiled compiled = compile(policy_of(any_profile(), any_grants()), target, &unit);
  Privileges bound = with_rtc(interpret(unit.settings, *target.systemd, Reading::claimed));
  for (const Grant& grant : compiled.policy.grants)
    bound.add(interpret(
        merged_settings(compile(policy_of(*compiled.policy.profile, {grant}), {}, target, nullptr), target,
                        nullptr),
        *target.systemd, Reading::claimed));
  const Privileges with =
      interpret(merged_settings(compiled, target, &unit), *target.systemd, Reading::claimed);
  // To execute takes a path that is shown and a tree that lets it, which may be two grants.
  const std::string more = extra(with, bound, Right::read | Right::write);
  if (!more.empty())
    RC_LOG() << unit.unit.fragment->text() << unit.unit.drop_ins[0].text() << compiled.policy.profile->name
             << ": " << testing::texts_of(compiled.policy.grants) << ": " << more;
  RC_ASSERT(more.empty());
}

RC_GTEST_PROP(PolicyLaws, OverrideIsAsTightAsTheUnitAndThePolicy, ()) {
  const LoadedUnit unit = any_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = any_target(unit);
  Policy policy = policy_of(any_profile(), any_grants());
  for (const catalogue::Directive& directive : catalogue::directives())
    policy.overrides.push_back(directive.id);
  Policy plain = policy;
  plain.overrides.clear();
  const Compiled with = compile(policy, target, &unit);
  const Compiled without = compile(plain, target, &unit);
  const Privileges tight = privileges_of(with, target, &unit);
  const Privileges loose = with_rtc(privileges_of(without, target, &unit));
  const std::string more = extra(tight, loose);
  if (!more.empty()) {
    std::string lines;
    for (const std::string& line : lines_of(with)) lines += line + "\n";
    RC_LOG() << unit.unit.fragment->text() << unit.unit.drop_ins[0].text() << policy.profile->name << ": "
             << testing::texts_of(policy.grants) << ": " << more << "\n"
             << lines;
  }
  RC_ASSERT(more.empty());
  for (const Kept& kept : with.kept) RC_ASSERT(!kept.looser_than_profile);
}

// Compiled once more, with the drop-in in place, nothing changes.
RC_GTEST_PROP(PolicyLaws, CompilingAgainChangesNothing, ()) {
  const LoadedUnit unit = any_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = any_target(unit);
  const Policy policy = policy_of(any_profile(), any_grants());
  const Compiled compiled = compile(policy, target, &unit);
  std::string text = "[Service]\n";
  for (const std::string& line : lines_of(compiled))
    if (!line.starts_with("RequiresMountsFor=")) text += line + "\n";
  Unit with_drop_in = unit.unit;
  with_drop_in.drop_ins.push_back(parse_unit_file(text, "/run/systemd/system/a.service.d/10.conf"));
  const LoadedUnit again = load_settings(std::move(with_drop_in), {unit.systemd, {}});
  RC_PRE(!again.refusal);
  const Privileges once = interpret(merged_settings(compiled, target, &unit), *target.systemd);
  const Privileges twice = interpret(
      merged_settings(compile(policy, compiled.implied, target, &again), target, &again), *target.systemd);
  RC_LOG() << unit.unit.fragment->text() << unit.unit.drop_ins[0].text() << policy.profile->name << ": "
           << testing::texts_of(policy.grants) << ": " << extra(once, twice) << "| " << extra(twice, once)
           << "\n"
           << text;
  RC_ASSERT(once == twice);
}

// Filters are joined as words; their meaning is that of the sets.
RC_GTEST_PROP(PolicyLaws, FilterWordsMeanWhatTheirSetsMean, ()) {
  const Target target = any_bare_target();
  const std::vector<Grant> grants = any_grants();
  const Closed closed = close_with(any_profile(), grants, {}, {}, target, nullptr);
  const auto at = closed.slots.find(DirectiveId::SystemCallFilter);
  if (at == closed.slots.end() || !at->second.is_closed()) return;
  const auto calls = [&](const auto& words) {
    catalogue::SyscallSet set;
    for (const std::string& word : words)
      if (const auto* group = catalogue::find_group(*target.systemd, word))
        set |= group->calls;
      else
        set.set(*catalogue::find_syscall(word));
    return set;
  };
  const Slot& slot = at->second;
  const catalogue::SyscallSet denied = calls(slot.denied);
  const catalogue::SyscallSet granted = calls(slot.granted);
  Settings settings;
  for (const std::string& word : slot_words(closed, DirectiveId::SystemCallFilter))
    testing::assign(settings, "SystemCallFilter", word, *target.systemd);
  const Value* value = settings.find(DirectiveId::SystemCallFilter);
  if (value == nullptr) return;
  const auto& filter = std::get<SyscallFilter>(*value);
  const catalogue::SyscallSet base =
      slot.base.empty() ? catalogue::SyscallSet::full()
                        : calls(slot.base) | catalogue::find_group(*target.systemd, "@default")->calls;
  for (const std::uint16_t call : target.systemd->known_syscalls)
    RC_ASSERT(filter.allows(call) == ((base & ~denied) | granted).test(call));
}

// Today's privileges are kept, and without any one of the grants they are not.
RC_GTEST_PROP(PolicyLaws, UpgradeKeepsAllWithNoGrantToSpare, ()) {
  const LoadedUnit unit = any_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = any_target(unit);
  const Policy today = policy_of(any_profile(), any_grants(4));
  const bool has_policy = *rc::gen::arbitrary<bool>();
  const catalogue::Profile& to = any_profile();
  const Upgrade result = upgrade(has_policy ? &today : nullptr, to, target, unit);
  RC_PRE(result.lost.empty());
  std::vector<Grant> grants;
  grants.reserve(result.grants.size());
  for (const NeededGrant& one : result.grants) grants.push_back(one.grant);
  for (const Grant& spare : grants) {
    std::vector<Grant> fewer = grants;
    std::erase(fewer, spare);
    RC_ASSERT(!keeps_all(has_policy ? &today : nullptr, to, fewer, target, unit));
  }
  RC_ASSERT(keeps_all(has_policy ? &today : nullptr, to, grants, target, unit));
}

}  // namespace
}  // namespace harden
