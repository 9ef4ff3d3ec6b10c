// SPDX-License-Identifier: LGPL-2.1-or-later
// The search: begin with every grant that could help, then leave out one after another as long as all that
// was needed is let through. What remains cannot lose any. The order in which they are left out makes the
// choice between sets that do: the most dangerous first, then what stands for all of a kind, then what
// opens more that nobody asked for than it opens that somebody did, then what gives pause, then raw names
// where a grant with a meaning does, then the single thing where a grant for its folder does.
#include "advise/suggest.h"

#include <algorithm>
#include <bit>
#include <compare>
#include <iterator>
#include <set>
#include <span>
#include <utility>

#include "advise/need_text.h"

namespace harden {
namespace {

using catalogue::DirectiveId;

struct Order {
  int safety = 0;   // the negative danger: what is dangerous goes first
  bool is_fitting = false;
  bool is_narrow = false;
  bool is_sound = false;
  bool has_meaning = false;
  bool is_general = false;
  Grant grant;
  friend auto operator<=>(const Order&, const Order&) = default;
};

class Searcher {
 public:
  Searcher(const catalogue::Profile& profile, const std::vector<Judged>& needs, const Recording& recording,
           const SuggestOptions& options, const Target& target, const LoadedUnit& unit)
      : needs_(needs),
        policy_{&profile, {}, {}, options.ignores},
        trial_(policy_, target, unit),
        shut_(trial_.sandbox_with({})) {
    for (const auto& [demand, wanting] : collect_demands(needs, options.with_doubtful)) {
      std::vector<const Judged*> wanted;
      for (const Judged* one : wanting)
        if (!is_named_by(*one->need, options.ignores)) wanted.push_back(one);
      if (!wanted.empty()) demands_.emplace(demand, std::move(wanted));
    }
    for (const auto& entry : demands_)
      if (!is_met(entry.first, shut_)) unmet_.insert(entry);
    candidates_ = find_candidates(unmet_, demands_, own_names(unit, recording), shut_);
  }

  Suggestion run() && {
    Suggestion result;
    set_lost_aside(result);
    leave_out();
    std::ranges::sort(candidates_, {}, &Candidate::grant);
    for (const Candidate& one : candidates_)
      result.grants.push_back(
          {one.grant, danger_of(one.grant, *trial_.target().systemd), one.caution, evidence_of(one.grant)});
    policy_.grants = grants();
    result.policy = policy_;
    return result;
  }

 private:
  [[nodiscard]] std::vector<Grant> grants() const {
    std::vector<Grant> all;
    for (const Candidate& one : candidates_) all.push_back(one.grant);
    return all;
  }

  // A need of which one demand cannot be met is lost; its other demands are not worth a grant.
  void set_lost_aside(Suggestion& result) {
    const Sandbox most = trial_.sandbox_with(grants());
    std::set<const Judged*> lost;
    for (const auto& [demand, wanting] : demands_)
      if (!is_met(demand, most))
        for (const Judged* one : wanting)
          if (lost.insert(one).second) result.lost.push_back({one, find_refusal(demand, most)});
    if (lost.empty()) return;
    std::ranges::sort(result.lost, {}, &Suggestion::Lost::need);
    for (DemandMap* map : {&demands_, &unmet_}) {
      for (auto& [demand, wanting] : *map)
        std::erase_if(wanting, [&](const Judged* one) { return lost.contains(one); });
      std::erase_if(*map, [](const auto& entry) { return entry.second.empty(); });
    }
  }

  [[nodiscard]] bool is_enough(std::vector<Grant> grants) const {
    const Sandbox box = trial_.sandbox_with(std::move(grants));
    return std::ranges::all_of(demands_, [&](const auto& entry) { return is_met(entry.first, box); });
  }

  // Does the grant by itself open fewer things that are asked for than others?
  [[nodiscard]] bool opens_too_much(const Grant& grant) const {
    const Sandbox box = trial_.sandbox_with({grant});
    std::uint64_t capabilities = 0;
    std::set<DirectiveId> choices;
    std::set<std::string> nodes;
    for (const auto& [demand, wanting] : unmet_) {
      if (const auto* one = std::get_if<CapabilityDemand>(&demand))
        capabilities |= std::uint64_t{1} << one->number;
      if (const auto* one = std::get_if<ChoiceDemand>(&demand)) choices.insert(one->directive);
      if (const auto* one = std::get_if<DeviceDemand>(&demand)) nodes.insert(one->path);
    }
    const std::uint64_t opened = capabilities_of(grant);
    int asked = std::popcount(opened & capabilities);
    int unasked = std::popcount(opened & ~capabilities);
    for (const catalogue::Directive& directive : catalogue::directives()) {
      const auto index = static_cast<std::size_t>(directive.id);
      if (box.privileges.choices.at(index) <= shut_.privileges.choices.at(index)) continue;
      if (comes_along(directive.id)) continue;
      ++(choices.contains(directive.id) ? asked : unasked);
    }
    for (const std::string& word : box.privileges.devices.words)
      if (!shut_.privileges.devices.words.contains(word))
        ++(nodes.contains(word.substr(0, word.find(' '))) ? asked : unasked);
    return unasked > asked;
  }
  // What it says that it gives: a line of the unit itself may keep it from that, and it is too much all the
  // same.
  [[nodiscard]] std::uint64_t capabilities_of(const Grant& grant) const {
    const GrantArgument argument = read_argument(grant);
    const auto holds = [&](const catalogue::GrantCondition& one) {
      if (one.fact == catalogue::GrantFact::root) return shut_.is_root != one.negated;
      if (one.fact == catalogue::GrantFact::low_port) return argument.low_port != one.negated;
      return grant.argument.empty() == one.negated;
    };
    std::uint64_t bits = 0;
    for (const catalogue::GrantEffect& effect : grant.row().effects) {
      if (effect.op != catalogue::GrantOp::capability || !std::ranges::all_of(effect.when, holds)) continue;
      const std::string_view name = effect.word == "{name}" ? std::string_view(argument.name) : effect.word;
      if (const auto number = catalogue::find_capability(*shut_.systemd, name))
        bits |= std::uint64_t{1} << *number;
    }
    return bits | (trial_.sandbox_with({grant}).privileges.capabilities & ~shut_.privileges.capabilities);
  }
  // Directives that every grant of a kind lifts: they do not tell the grants of that kind apart.
  [[nodiscard]] static bool comes_along(DirectiveId id) {
    return id == DirectiveId::PrivateUsers || id == DirectiveId::PrivateDevices ||
           id == DirectiveId::PrivateNetwork || id == DirectiveId::DevicePolicy ||
           id == DirectiveId::PrivateMounts;
  }

  [[nodiscard]] Order order_of(const Candidate& one) const {
    const bool stands_for_all = one.grant.row().optional && one.grant.argument.empty();
    return {-static_cast<int>(danger_of(one.grant, *trial_.target().systemd)),
            !opens_too_much(one.grant),
            !stands_for_all,
            one.caution.empty(),
            !is_raw(one.grant),
            !one.exact,
            one.grant};
  }

  void leave_out() {
    std::vector<std::pair<Order, Candidate>> order;
    for (const Candidate& one : candidates_) order.emplace_back(order_of(one), one);
    std::ranges::sort(order, {}, &std::pair<Order, Candidate>::first);
    std::vector<Grant> left;
    for (auto& entry : order) left.push_back(std::move(entry.second.grant));
    // A mount fewer may let a file be moved that could not be before: until nothing more can go.
    for (std::size_t before = left.size() + 1; left.size() < before;) {
      before = left.size();
      const std::vector<Grant> tried = left;
      leave_out_of(tried, left);
    }
    std::erase_if(candidates_,
                  [&](const Candidate& one) { return std::ranges::find(left, one.grant) == left.end(); });
  }
  // All of them at once, or else each half for itself: what can go together can go one by one, in any
  // order, and where few of a thousand stay, few questions find them.
  void leave_out_of(std::span<const Grant> block, std::vector<Grant>& left) const {
    if (block.empty()) return;
    std::vector<Grant> without;
    std::ranges::copy_if(left, std::back_inserter(without), [&](const Grant& grant) {
      return std::ranges::find(block, grant) == block.end();
    });
    if (is_enough(without)) {
      left = std::move(without);
    } else if (block.size() > 1) {
      leave_out_of(block.first(block.size() / 2), left);
      leave_out_of(block.subspan(block.size() / 2), left);
    }
  }

  [[nodiscard]] std::vector<const Judged*> evidence_of(const Grant& grant) const {
    std::vector<Grant> without = grants();
    std::erase(without, grant);
    const Sandbox box = trial_.sandbox_with(std::move(without));
    std::set<const Judged*> refused;
    for (const auto& [demand, wanting] : demands_)
      if (!is_met(demand, box)) refused.insert(wanting.begin(), wanting.end());
    std::vector<const Judged*> evidence(refused.begin(), refused.end());
    std::ranges::stable_sort(evidence, std::greater(),
                             [](const Judged* one) { return one->need->count(); });
    return evidence;
  }

  const std::vector<Judged>& needs_;
  Policy policy_;
  Trial trial_;
  Sandbox shut_;
  DemandMap demands_, unmet_;
  std::vector<Candidate> candidates_;
};

}  // namespace

Suggestion suggest_on(const catalogue::Profile& profile, const std::vector<Judged>& needs,
                      const Recording& recording, const SuggestOptions& options, const Target& target,
                      const LoadedUnit& unit) {
  return Searcher(profile, needs, recording, options, target, unit).run();
}

Suggestion suggest(const std::vector<Judged>& needs, const Recording& recording,
                   const SuggestOptions& options, const Target& target, const LoadedUnit& unit) {
  std::optional<Suggestion> best;
  const auto profiles = catalogue::profiles();  // loosest first
  for (auto at = profiles.rbegin(); at != profiles.rend(); ++at) {
    Suggestion one = suggest_on(*at, needs, recording, options, target, unit);
    if (!best || one.lost.size() < best->lost.size()) best = std::move(one);
    if (best->lost.empty()) break;
  }
  return std::move(*best);
}

}  // namespace harden
