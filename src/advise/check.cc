// SPDX-License-Identifier: LGPL-2.1-or-later
#include "advise/check.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "advise/need_text.h"

namespace harden {
namespace {

class Checker {
 public:
  Checker(const Recording& recording, const Policy* policy, const Target& target, const LoadedUnit& unit)
      : recording_(recording), policy_(policy), target_(target), unit_(unit) {
    if (policy != nullptr) trial_.emplace(*policy, target, unit);
  }

  Check run() {
    Check result;
    result.needs = judge(recording_, unit_);
    const Sandbox box = policy_ != nullptr ? trial_->sandbox_with(policy_->grants)
                                           : make_sandbox(unit_.settings, *target_.systemd);
    const DemandMap demands = collect_demands(result.needs, true);
    for (const auto& [demand, needs] : demands)
      if (!is_met(demand, box)) unmet_.emplace(demand, needs);
    find_openings(demands, box);
    for (const Judged& need : result.needs) {
      if (need.standing == Standing::idle) continue;
      // The first of its demands that is not met is where it stops.
      const auto at =
          std::ranges::find_if(need.demands, [&](const Demand& one) { return unmet_.contains(one); });
      if (at == need.demands.end()) continue;
      Denial denial{&need, refusal_of(*at, box), opened_by(need), false};
      denial.is_ignored = policy_ != nullptr && is_named_by(*need.need, policy_->ignores);
      (need.standing == Standing::needed ? result.denials : result.doubtful).push_back(std::move(denial));
    }
    if (policy_ != nullptr) find_unused(demands, result);
    return result;
  }

 private:
  const Refusal& refusal_of(const Demand& demand, const Sandbox& box) {
    auto at = refusals_.find(demand);
    if (at == refusals_.end()) at = refusals_.emplace(demand, find_refusal(demand, box)).first;
    return at->second;
  }

  // For each candidate what it would open beside the policy's own grants; the mildest first.
  void find_openings(const DemandMap& demands, const Sandbox& box) {
    if (policy_ == nullptr || unmet_.empty()) return;
    std::vector<Candidate> candidates = find_candidates(unmet_, demands, own_names(unit_, recording_), box);
    const auto rank = [&](const Candidate& one) {
      const catalogue::Grant& row = one.grant.row();
      const bool stands_for_all = row.optional && one.grant.argument.empty();
      return std::tuple(stands_for_all, danger_of(one.grant, *target_.systemd), one.exact, one.grant);
    };
    std::ranges::sort(candidates, {}, rank);
    for (const Candidate& candidate : candidates) {
      std::vector<Grant> more = policy_->grants;
      more.push_back(candidate.grant);
      const Sandbox open = trial_->sandbox_with(std::move(more));
      std::set<Demand> opened;
      for (const auto& [demand, needs] : unmet_)
        if (is_met(demand, open)) opened.insert(demand);
      if (!opened.empty()) openings_.emplace_back(candidate.grant, std::move(opened));
    }
  }
  [[nodiscard]] std::optional<Grant> opened_by(const Judged& need) const {
    for (const auto& [grant, opened] : openings_)
      if (std::ranges::all_of(need.demands, [&](const Demand& demand) {
            return !unmet_.contains(demand) || opened.contains(demand);
          }))
        return grant;
    return std::nullopt;
  }

  void find_unused(const DemandMap& demands, Check& result) const {
    for (const Grant& grant : policy_->grants) {
      std::vector<Grant> others = policy_->grants;
      std::erase(others, grant);
      const Sandbox without = trial_->sandbox_with(std::move(others));
      const bool is_used = std::ranges::any_of(demands, [&](const auto& entry) {
        return !unmet_.contains(entry.first) && !is_met(entry.first, without);
      });
      if (!is_used) result.unused.push_back(grant);
    }
  }

  const Recording& recording_;
  const Policy* policy_;
  const Target& target_;
  const LoadedUnit& unit_;
  std::optional<Trial> trial_;
  DemandMap unmet_;
  std::map<Demand, Refusal> refusals_;
  std::vector<std::pair<Grant, std::set<Demand>>> openings_;
};

}  // namespace

bool Check::has_denial() const {
  return std::ranges::any_of(denials, [](const Denial& one) { return !one.is_ignored; });
}

Check check(const Recording& recording, const Policy* policy, const Target& target,
            const LoadedUnit& unit) {
  return Checker(recording, policy, target, unit).run();
}

}  // namespace harden
