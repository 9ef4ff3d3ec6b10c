// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of settings against the exposure score, two judges that know nothing of each other: where
// every directive that differs is tighter, the score never rises. It is systemd's own score, and there are
// places where it does; each has a test of its own below, with what it rewards.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <utility>

#include "exposure/exposure.h"
#include "privileges/order.h"
#include "privileges/test_settings.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using catalogue::Stage;
using testing::settings_of;
using testing::systemd;

Result<Exposure> exposure_of(Settings settings, const catalogue::Systemd& version, ScoreMode mode) {
  apply_implications(settings, version, mode == ScoreMode::online ? Stage::bus : Stage::offline, nullptr);
  const Unit unit{*parse_unit_name("test.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  return score_unit({unit, &version, std::move(settings), {}, {}, {}, {}}, mode);
}

unsigned score(const Settings& settings, const catalogue::Systemd& version, ScoreMode mode) {
  return exposure_of(settings, version, mode)->tenths;
}

Settings loaded(Settings settings, const catalogue::Systemd& version) {
  apply_implications(settings, version, Stage::load, nullptr);
  return settings;
}

// A deny list of families scores well for a class as soon as it names one family of it.
bool turns_family_list(const Settings& a, const Settings& b) {
  const Value* of_a = a.find(DirectiveId::RestrictAddressFamilies);
  const Value* of_b = b.find(DirectiveId::RestrictAddressFamilies);
  return of_a != nullptr && of_b != nullptr &&
         std::get<NameFilter>(*of_a).allow_list != std::get<NameFilter>(*of_b).allow_list;
}

bool is_unless_equal(const Comparison& comparison, Order order) {
  return std::ranges::all_of(comparison.directives,
                             [order](const DirectiveOrder& one) { return one.order == order; });
}

// Two units between which each directive goes one way only, as random units hardly ever do: what goes the
// other way is swapped.
std::pair<Settings, Settings> any_tightening(const catalogue::Systemd& version) {
  Settings a = testing::any_settings(version);
  Settings b = a;
  for (int i = *rc::gen::inRange(1, 6); i > 0; --i) {
    const auto& [key, texts] = *rc::gen::elementOf(testing::sample_lines());
    const catalogue::Directive& directive = *catalogue::find_directive(key);
    if (directive.since > version.version) continue;
    Settings next = b;
    testing::assign(next, key, *rc::gen::elementOf(texts), version);
    const Order order = compare_directive(directive.id, b, next, version);
    if (order == Order::tighter) b = std::move(next);
    if (order == Order::looser && compare_directive(directive.id, a, b, version) == Order::equal) {
      const Value* value = next.find(directive.id);
      if (value != nullptr)
        a.set(directive.id, *value);
      else
        a.take(directive.id);
    }
  }
  return {std::move(a), std::move(b)};
}

RC_GTEST_PROP(OrderAndScore, NoTighterUnitScoresWorse, ()) {
  const auto& version = testing::any_systemd();
  auto [raw_a, raw_b] = any_tightening(version);
  const Settings a = loaded(std::move(raw_a), version);
  const Settings b = loaded(std::move(raw_b), version);
  const Comparison comparison = compare_settings(a, b, version);
  if (!is_unless_equal(comparison, Order::tighter) || turns_family_list(a, b)) return;
  RC_CLASSIFY(!comparison.directives.empty(), "tighter");
  RC_ASSERT(score(b, version, ScoreMode::offline) <= score(a, version, ScoreMode::offline));
}

struct Exception {
  std::string before, after;
  ScoreMode mode = ScoreMode::offline;
};

// The order of the change as the process gets it, and whether the score rises.
void expect_worse(const Exception& one, Order order, unsigned version = 257) {
  const Settings a = loaded(settings_of(one.before, systemd(version)), systemd(version));
  const Settings b = loaded(settings_of(one.after, systemd(version)), systemd(version));
  EXPECT_EQ(compare_settings(a, b, systemd(version)).order, order) << one.after;
  EXPECT_GT(score(b, systemd(version), one.mode), score(a, systemd(version), one.mode)) << one.after;
}

// The score has a row of its own for the user nobody, who may own files; we say that users do not compare.
TEST(ScoreRises, WhereADynamicUserIsCalledNobody) {
  expect_worse({"DynamicUser=yes", "DynamicUser=yes\nUser=nobody"}, Order::different);
}

// ProtectClock= leaves the hardware clock readable where a device policy applies, and the score counts the
// entry against the device row (the total still falls, for ProtectClock= has a row too). As a change of the
// unit it is tighter; of what then holds, it is both, and that is the reason.
TEST(ScoreRises, InTheDeviceRowWhereProtectClockMeetsADevicePolicy) {
  const auto badness = [](const Settings& settings, const catalogue::Systemd& version) {
    const auto exposure = exposure_of(settings, version, ScoreMode::offline);
    const auto is_devices = [](const RowScore& row) { return row.row->check == catalogue::Check::devices; };
    return std::ranges::find_if(exposure->rows, is_devices)->badness;
  };
  for (const unsigned number : catalogue::kVersions) {
    const catalogue::Systemd& version = systemd(number);
    const Settings a = settings_of("DevicePolicy=closed", version);
    const Settings b = settings_of("DevicePolicy=closed\nProtectClock=yes", version);
    EXPECT_EQ(compare_settings(a, b, version).order, Order::tighter);
    const Comparison closure = compare_settings(loaded(a, version), loaded(b, version), version);
    EXPECT_EQ(closure.order, Order::different);
    EXPECT_NE(
        std::ranges::find(closure.directives, DirectiveOrder{DirectiveId::DeviceAllow, Order::looser}),
        closure.directives.end());
    EXPECT_EQ(badness(loaded(a, version), version), 0U);
    EXPECT_EQ(badness(loaded(b, version), version), 5U);
  }
}

// Rows that only count for a user that is not root join the sum, and nobody is worth next to nothing in
// the row of the user.
TEST(ScoreRises, WhereAHardenedRootBecomesNobody) {
  const std::string_view hardened =
      "PrivateNetwork=yes\nProtectSystem=strict\nProtectHome=yes\nPrivateDevices=yes\nPrivateTmp=yes\n"
      "PrivateUsers=yes\nProtectControlGroups=yes\nProtectKernelModules=yes\nProtectKernelTunables=yes\n"
      "ProtectKernelLogs=yes\nProtectClock=yes\nNoNewPrivileges=yes\nRestrictSUIDSGID=yes\n"
      "CapabilityBoundingSet=\nSystemCallFilter=@basic-io\nRestrictAddressFamilies=none\n"
      "RestrictNamespaces=yes\nIPAddressDeny=any\nSystemCallArchitectures=native\nUMask=0077\n"
      "SupplementaryGroups=audio";
  expect_worse({std::string(hardened), std::string(hardened) + "\nUser=nobody"}, Order::tighter);
}

TEST(ScoreRises, WhereAnAllowListOfFamiliesFollowsADenyListThatNamesOneOfTheClass) {
  expect_worse({"RestrictAddressFamilies=~AF_INET AF_UNIX AF_NETLINK AF_PACKET AF_BLUETOOTH",
                "RestrictAddressFamilies=AF_INET6"},
               Order::tighter);
}

// From a manager the tool takes only the whole loopback networks for localhost.
TEST(ScoreRises, WhereOnlineOnlyAPartOfLocalhostIsAllowed) {
  expect_worse({"IPAddressDeny=any\nIPAddressAllow=localhost",
                "IPAddressDeny=any\nIPAddressAllow=127.0.0.1", ScoreMode::online},
               Order::tighter);
}

}  // namespace
}  // namespace harden
