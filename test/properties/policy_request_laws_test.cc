// SPDX-License-Identifier: LGPL-2.1-or-later
// The laws of policies once more, on what meets in practice: grants with arguments of their whole grammar,
// units whose own text implies grants, machines of which facts are known.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "policy/drop_in.h"
#include "policy/policy.h"
#include "privileges/order.h"
#include "properties/any_request_test.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using testing::any_asking_unit;
using testing::any_bare_target;
using testing::any_place;
using testing::any_profile;
using testing::any_requests;
using testing::lines_of;
using testing::policy_of;
using testing::story;

Target target_of(const LoadedUnit& unit) {
  return any_place({unit.systemd, nullptr, runs_as_of(unit.settings), {}, {}});
}

Privileges claimed_by(const Compiled& compiled, const Target& target, const LoadedUnit* unit) {
  return interpret(merged_settings(compiled, target, unit), *target.systemd, Reading::claimed);
}

// Of the host: a folder of the host that is shown may cover one of the service's own.
std::string excess_of(const Privileges& a, const Privileges& b) {
  constexpr auto kHostOnly = static_cast<Rights>(kAllRights & ~static_cast<unsigned>(Right::scratch));
  return join(excess(a, b, kHostOnly), ", ");
}

std::vector<Grant> joined(std::vector<Grant> a, const std::vector<Grant>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return normalized(std::move(a));
}

RC_GTEST_PROP(PolicyRequests, AGrantIsReadBackFromItsText, ()) {
  const auto grants = parse_grants(testing::any_grant_word());
  RC_PRE(grants.has_value());
  for (const Grant& grant : *grants) {
    RC_LOG() << grant.text();
    const auto again = parse_grants(grant.text());
    RC_ASSERT(again.has_value());
    RC_ASSERT(again.value() == std::vector<Grant>{grant});
  }
}

RC_GTEST_PROP(PolicyRequests, OneMoreGrantTakesNothingAway, ()) {
  const Target target = any_place(any_bare_target());
  const catalogue::Profile& profile = any_profile();
  const std::vector<Grant> grants = any_requests();
  const Compiled fewer = compile(policy_of(profile, grants), {}, target, nullptr);
  const Compiled more = compile(policy_of(profile, joined(grants, any_requests(2))), {}, target, nullptr);
  const std::string lost = excess_of(claimed_by(fewer, target, nullptr), claimed_by(more, target, nullptr));
  RC_LOG() << lost << "\n" << story(fewer, target, nullptr) << story(more, target, nullptr);
  RC_ASSERT(lost.empty());
}

RC_GTEST_PROP(PolicyRequests, OneMoreGrantTakesNothingAwayFromAUnitThatAsks, ()) {
  const LoadedUnit unit = any_asking_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = target_of(unit);
  const catalogue::Profile& profile = any_profile();
  const std::vector<Grant> grants = any_requests();
  const Compiled fewer = compile(policy_of(profile, grants), target, &unit);
  const Compiled more = compile(policy_of(profile, joined(grants, any_requests(2))), target, &unit);
  const std::string lost = excess_of(claimed_by(fewer, target, &unit), claimed_by(more, target, &unit));
  RC_LOG() << lost << "\n" << story(fewer, target, &unit) << story(more, target, &unit);
  RC_ASSERT(lost.empty());
}

// What a unit asks for is given where the policy alone shuts it, and beyond what the unit has by itself
// there is nothing. systemd itself lets the hardware clock be read where ProtectClock= and a device policy
// meet.
RC_GTEST_PROP(PolicyRequests, WhatAUnitImpliesIsNeverMoreThanItHas, ()) {
  const LoadedUnit unit = any_asking_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = target_of(unit);
  const Compiled compiled = compile(policy_of(any_profile(), {}), target, &unit);
  Privileges own = interpret(unit.settings, *target.systemd, Reading::claimed);
  if (!own.devices.everything) own.devices.words.emplace("char-rtc r");
  const std::string more = excess_of(claimed_by(compiled, target, &unit), own);
  RC_LOG() << more << "\n" << story(compiled, target, &unit);
  RC_ASSERT(more.empty());
}

// But what a grant names: exec: shows a program behind an overridden ProtectSystem=strict, where a
// TemporaryFileSystem= of the unit would else leave nothing of it.
RC_GTEST_PROP(PolicyRequests, AnOverrideOfSomeOpensNothing, ()) {
  const LoadedUnit unit = any_asking_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = target_of(unit);
  const Policy plain = policy_of(any_profile(), any_requests());
  Policy policy = plain;
  for (const catalogue::Directive& directive : catalogue::directives())
    if (*rc::gen::arbitrary<bool>()) policy.overrides.push_back(directive.id);
  const Compiled with = compile(policy, target, &unit);
  const Compiled without = compile(plain, target, &unit);
  Privileges loose = claimed_by(without, target, &unit);
  if (!loose.devices.everything) loose.devices.words.emplace("char-rtc r");
  for (const Grant& grant : plain.grants)
    loose.add(claimed_by(compile(policy_of(*plain.profile, {grant}), {}, target, nullptr), target, nullptr));
  const std::string more = excess_of(claimed_by(with, target, &unit), loose);
  RC_LOG() << more << "\n" << story(with, target, &unit) << story(without, target, &unit);
  RC_ASSERT(more.empty());
}

// systemd reads the drop-in as what merged_settings() says, without a word of complaint.
RC_GTEST_PROP(PolicyRequests, TheDropInIsReadAsWhatWasCompiled, ()) {
  const LoadedUnit unit = any_asking_unit(testing::any_systemd());
  RC_PRE(!unit.refusal);
  const Target target = target_of(unit);
  Policy policy = policy_of(any_profile(), any_requests());
  if (*rc::gen::arbitrary<bool>())
    for (const catalogue::Directive& directive : catalogue::directives())
      policy.overrides.push_back(directive.id);
  const Compiled compiled = compile(policy, target, &unit);
  const std::string text = print_drop_in(compiled, target.systemd->version, "Service");
  Unit with_drop_in = unit.unit;
  with_drop_in.drop_ins.push_back(parse_unit_file(text, "/run/systemd/system/a.service.d/10.conf"));
  const LoadedUnit again = load_settings(std::move(with_drop_in), {unit.systemd, {}});
  RC_LOG() << story(compiled, target, &unit) << "-- drop-in:\n" << text;
  RC_ASSERT(!again.refusal);
  for (const Diagnostic& diagnostic : again.diagnostics) {
    RC_LOG() << diagnostic.where.file << ":" << diagnostic.where.line << ": " << diagnostic.message << "\n";
    RC_ASSERT(diagnostic.where.file != "/run/systemd/system/a.service.d/10.conf");
  }
  const Settings expected = merged_settings(compiled, target, &unit);
  for (const DirectiveId id : expected.ids()) {
    if (compare_directive(id, again.settings, expected, *unit.systemd) == Order::equal) continue;
    RC_LOG() << catalogue::directive(id).name;
    RC_FAIL("read otherwise");
  }
  RC_ASSERT(again.settings.ids() == expected.ids());
}

}  // namespace
}  // namespace harden
