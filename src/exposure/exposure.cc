// SPDX-License-Identifier: LGPL-2.1-or-later
#include "exposure/exposure.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "settings/address.h"

namespace harden {
namespace {

using catalogue::Check;
using catalogue::DirectiveId;
using catalogue::ExposureRow;
using catalogue::FamilyClass;

constexpr std::uint64_t divide_up(std::uint64_t value, std::uint64_t by) {
  return value / by + (value % by != 0 ? 1 : 0);
}

constexpr unsigned kDefaultUmask = 0022;

bool is_empty_or_root(std::string_view path) {
  return path.find_first_not_of('/') == std::string_view::npos;
}

FamilyClass class_of(std::string_view family) {
  if (family == "AF_INET" || family == "AF_INET6") return FamilyClass::inet;
  if (family == "AF_UNIX") return FamilyClass::unix_;
  if (family == "AF_NETLINK") return FamilyClass::netlink;
  if (family == "AF_PACKET") return FamilyClass::packet;
  return FamilyClass::other;
}

// The badness of each row for one unit.
class Judge {
 public:
  Judge(const LoadedUnit& unit, ScoreMode mode)
      : settings_(unit.settings), systemd_(*unit.systemd), mode_(mode) {}

  [[nodiscard]] std::uint64_t badness(const ExposureRow& row) const {
    switch (row.check) {
      case Check::choice:
        return choice_badness(row);
      case Check::user:
        return user_badness();
      case Check::set:
        return is_set(settings_, row.directive) ? row.when_set : row.when_unset;
      case Check::root_directory:
        return is_empty_or_root(settings_.text(DirectiveId::RootDirectory)) &&
                       is_empty_or_root(settings_.text(DirectiveId::RootImage))
                   ? 1
                   : 0;
      case Check::capabilities:
        return mask_badness(row);
      case Check::namespaces:
        return mask_badness(row);
      case Check::families:
        return family_badness(row);
      case Check::syscalls:
        return syscall_badness(row);
      case Check::architectures:
        return architecture_badness(row);
      case Check::umask:
        return umask_badness(row);
      case Check::addresses:
        return address_badness();
      case Check::devices:
        return device_badness();
    }
    return 0;
  }

 private:
  [[nodiscard]] std::uint64_t choice_badness(const ExposureRow& row) const {
    return row.badness[settings_.choice(row.directive).value_or(0)];
  }

  [[nodiscard]] std::uint64_t user_badness() const {
    const std::string_view user = settings_.text(DirectiveId::User);
    if (user == "nobody") return 9;
    return runs_as_root(settings_) ? 10 : 0;
  }

  [[nodiscard]] std::uint64_t mask_badness(const ExposureRow& row) const {
    const Value* value = settings_.find(row.directive);
    return value == nullptr || (std::get<Mask>(*value).bits & row.mask) != 0 ? 1 : 0;
  }

  [[nodiscard]] std::uint64_t family_badness(const ExposureRow& row) const {
    const Value* value = settings_.find(row.directive);
    if (value == nullptr) return 1;
    const auto& filter = std::get<NameFilter>(*value);
    const bool named = std::ranges::any_of(filter.names, [&](const std::string& name) {
      return name != "AF_UNSPEC" && class_of(name) == row.family;
    });
    return named == filter.allow_list ? 1 : 0;
  }

  [[nodiscard]] std::uint64_t syscall_badness(const ExposureRow& row) const {
    const Value* value = settings_.find(row.directive);
    const SyscallFilter* filter = value == nullptr ? nullptr : &std::get<SyscallFilter>(*value);
    if (filter == nullptr || (!filter->allow_list && filter->listed.none())) return 10;
    const auto* group = catalogue::find_group(systemd_, row.group);
    assert(group != nullptr);
    catalogue::SyscallSet allowed = filter->allow_list ? filter->listed : ~filter->listed;
    if (filter->allow_list)
      for (const auto& [id, error] : filter->errnos) allowed.reset(id);
    const bool any = (allowed & group->calls & systemd_.native_syscalls).any();
    if (!any) return 0;
    return filter->allow_list ? 9 : 10;
  }

  [[nodiscard]] std::uint64_t architecture_badness(const ExposureRow& row) const {
    const Value* value = settings_.find(row.directive);
    if (value == nullptr) return 10;
    const auto& words = std::get<WordSet>(*value).words;
    return words.size() == 1 && words.contains("native") ? 0 : 8;
  }

  [[nodiscard]] std::uint64_t umask_badness(const ExposureRow& row) const {
    const Value* value = settings_.find(row.directive);
    const unsigned mask = value == nullptr ? kDefaultUmask : std::get<FileMode>(*value).mode;
    if ((mask & 0002U) == 0) return 10;
    if ((mask & 0004U) == 0) return 5;
    if ((mask & 0020U) == 0) return 2;
    return (mask & 0040U) == 0 ? 1 : 0;
  }

  [[nodiscard]] std::uint64_t address_badness() const {
    if (settings_.find(DirectiveId::IPIngressFilterPath) != nullptr ||
        settings_.find(DirectiveId::IPEgressFilterPath) != nullptr)
      return 0;
    const Value* deny = settings_.find(DirectiveId::IPAddressDeny);
    if (deny == nullptr) return 10;
    const auto& denied = std::get<WordSet>(*deny).words;
    if (!denied.contains(kAnyIpv4) || !denied.contains(kAnyIpv6)) return 10;
    const Value* allow = settings_.find(DirectiveId::IPAddressAllow);
    if (allow == nullptr) return 0;
    const auto& allowed = std::get<WordSet>(*allow).words;
    // From a manager the tool takes only the two whole loopback networks for localhost.
    const auto is_local = [this](const std::string& prefix) {
      return is_localhost_prefix(prefix) &&
             (mode_ == ScoreMode::offline || prefix.ends_with("/8") || prefix.ends_with("/128"));
    };
    return std::ranges::all_of(allowed, is_local) ? 2 : 5;
  }

  [[nodiscard]] std::uint64_t device_badness() const {
    const auto policy = settings_.choice(DirectiveId::DevicePolicy);
    const std::string_view name =
        policy ? catalogue::directive(DirectiveId::DevicePolicy).values[*policy].name : std::string_view{};
    if (name != "strict" && name != "closed") return 10;
    return settings_.find(DirectiveId::DeviceAllow) != nullptr ? 5 : 0;
  }

  const Settings& settings_;
  const catalogue::Systemd& systemd_;
  ScoreMode mode_;
};

}  // namespace

Result<Exposure> score_unit(const LoadedUnit& unit, ScoreMode mode, const SecurityPolicy& policy) {
  const auto rows = catalogue::exposure_rows();
  const auto weights = unit.systemd->exposure;
  assert(rows.size() == weights.size());

  Exposure exposure;
  exposure.rows.reserve(rows.size());
  const bool default_dependencies = unit.settings.choice(DirectiveId::DefaultDependencies).value_or(1) != 0;
  const bool root = runs_as_root(unit.settings);
  const Judge judge(unit, mode);
  std::uint64_t badness_sum = 0;
  std::uint64_t weight_sum = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RowScore score{&rows[i], &weights[i], weights[i].weight, weights[i].range, std::nullopt, 0};
    if (const auto at = policy.rows.empty() ? policy.rows.end() : policy.rows.find(weights[i].json_field);
        at != policy.rows.end()) {
      score.weight = at->second.weight.value_or(score.weight);
      score.range = at->second.range.value_or(score.range);
    }
    const bool applies = score.weight != 0 &&
                         (default_dependencies || !rows[i].default_dependencies_only) &&
                         (!root || !rows[i].unprivileged_only);
    if (applies) {
      score.badness = judge.badness(rows[i]);
      if (score.range == 0 || *score.badness > score.range)
        return fail(Errc::invalid, "the security policy gives '" + std::string(weights[i].json_field) +
                                       "' the range " + std::to_string(score.range) +
                                       ", below its badness of " + std::to_string(*score.badness) +
                                       "; systemd-analyze aborts on it");
      badness_sum += divide_up(*score.badness * score.weight, score.range);
      weight_sum += score.weight;
    }
    exposure.rows.push_back(score);
  }
  if (weight_sum == 0) return fail(Errc::invalid, "the security policy leaves no row with a weight");
  for (RowScore& score : exposure.rows)
    if (score.badness.value_or(0) != 0)
      score.tenths = static_cast<unsigned>(
          divide_up(divide_up(*score.badness * score.weight * 100, score.range), weight_sum));
  exposure.tenths = static_cast<unsigned>(divide_up(badness_sum * 100, weight_sum));
  return exposure;
}

std::string_view exposure_predicate(unsigned tenths) {
  struct Step {
    unsigned from;
    std::string_view name;
  };
  constexpr std::array<Step, 7> kSteps = {{{100, "DANGEROUS"},
                                           {90, "UNSAFE"},
                                           {75, "EXPOSED"},
                                           {50, "MEDIUM"},
                                           {10, "OK"},
                                           {1, "SAFE"},
                                           {0, "PERFECT"}}};
  return std::ranges::find_if(kSteps, [tenths](const Step& step) { return tenths >= step.from; })->name;
}

}  // namespace harden
