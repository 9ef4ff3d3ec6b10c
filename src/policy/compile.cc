// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "policy/closed.h"
#include "policy/intersect.h"
#include "policy/policy.h"
#include "privileges/order.h"

namespace harden {
namespace {

using catalogue::Directive;
using catalogue::DirectiveId;
using catalogue::Stage;

class Compiler {
 public:
  Compiler(const Policy& policy, std::vector<ImpliedUse> implied, const Target& target,
           const LoadedUnit* unit)
      : target_(target), unit_(unit) {
    compiled_.policy = policy;
    compiled_.implied = std::move(implied);
    std::vector<Grant> implied_grants;
    implied_grants.reserve(compiled_.implied.size());
    for (const ImpliedUse& use : compiled_.implied) implied_grants.push_back(use.grant);
    implied_grants = normalized(std::move(implied_grants));
    closed_ = close_with(*policy.profile, policy.grants, implied_grants, policy.overrides, target, unit);
    compiled_.unavailable = closed_.unavailable;
  }

  Compiled run() && {
    settle();
    std::ranges::sort(compiled_.unavailable, {}, &Unavailable::directive);
    const Settings merged = merged_settings(compiled_, target_, unit_);
    find_voids(merged);
    find_shut(merged);
    find_shut_by_manager();
    return std::move(compiled_);
  }

  // Without what run() tells of it, which costs as much again.
  Compiled run_quietly() && {
    tells_ = false;
    settle();
    return std::move(compiled_);
  }

 private:
  void settle() {
    for (const auto& [id, slot] : closed_.slots) {
      const std::vector<std::string> words = words_beside_unit(id, slot);
      if (is_written(unit_, id))
        keep(id, slot, words);
      else if (is_tighter_already(id, slot))
        continue;
      else if (!words.empty())
        compiled_.settings.push_back({id, words, slot.opened_by});
      else if (slot.in_profile && slot.lifted)
        compiled_.lifted.push_back({id, slot.opened_by});
    }
  }

  [[nodiscard]] bool is_overridden(DirectiveId id) const {
    return std::ranges::binary_search(compiled_.policy.overrides, id);
  }

  // The profile's exceptions are from its own rule: beside a rule of the unit they would open it.
  [[nodiscard]] std::vector<std::string> words_beside_unit(DirectiveId id, const Slot& slot) const {
    std::vector<std::string> words = slot_words(closed_, id);
    const auto closer = catalogue::directive(id).excepts;
    if (closer && is_written(unit_, *closer))
      std::erase_if(words, [&](const std::string& word) { return !slot.granted.contains(word); });
    return words;
  }

  // DynamicUser= brings in what a line of ours would loosen: PrivateTmp=disconnected. A default only gives
  // way to a grant that somebody wrote: KeyringMode=shared for `keyring`.
  [[nodiscard]] bool is_tighter_already(DirectiveId id, const Slot& slot) const {
    if (!slot.choice || closed_.own.choice(id).value_or(0) <= *slot.choice) return false;
    return closed_.own.find(id) != nullptr || std::ranges::none_of(slot.opened_by, [&](const Grant& grant) {
             return std::ranges::find(compiled_.policy.grants, grant) != compiled_.policy.grants.end();
           });
  }

  // What the policy alone would have there.
  [[nodiscard]] Settings policy_value(DirectiveId id, const std::vector<std::string>& words) const {
    Settings settings;
    assign_words(settings, id, words, *target_.systemd);
    return settings;
  }

  void keep(DirectiveId id, const Slot& slot, const std::vector<std::string>& words) {
    const Directive& directive = catalogue::directive(id);
    // Of ReadOnlyPaths= a profile says nothing by itself.
    const bool is_addition = directive.kind == catalogue::Kind::paths && slot.base.empty();
    if (is_opening_list(directive) || is_addition) {
      add_entries(id, slot, words);
      return;
    }
    if (!slot.in_profile || (!tells_ && !is_overridden(id))) return;
    const Settings wanted = policy_value(id, words);
    const Order order = compare_directive(id, wanted, unit_->settings, *target_.systemd);
    const bool is_looser = !words.empty() && (order == Order::looser || order == Order::different);
    if (is_looser && is_overridden(id)) {
      compiled_.settings.push_back({id, override_words(id, wanted), slot.opened_by, true});
      return;
    }
    const Value* value = unit_->settings.find(id);
    compiled_.kept.push_back(
        {id,
         value == nullptr ? std::vector<std::string>{} : value_words(directive, *value, *target_.systemd),
         is_looser});
  }

  // Entries of the profile are none of the unit's business where it has entries of its own.
  void add_entries(DirectiveId id, const Slot& slot, const std::vector<std::string>& words) {
    Settings with = unit_->settings;
    std::vector<std::string> fresh;
    for (const std::string& word : words) {
      if (!slot.granted.contains(word)) continue;
      Settings more = with;
      assign_words(more, id, std::vector<std::string>{word}, *target_.systemd);
      if (is_same(id, more, with)) continue;
      with = std::move(more);
      fresh.push_back(word);
    }
    if (!fresh.empty()) compiled_.settings.push_back({id, std::move(fresh), slot.opened_by});
  }
  // A word that repeats an entry says nothing new.
  [[nodiscard]] static bool is_same(DirectiveId id, const Settings& more, const Settings& with) {
    const Value* now = more.find(id);
    const Value* before = with.find(id);
    if (now == nullptr || before == nullptr) return now == before;
    const auto* list = std::get_if<Words>(now);
    if (list == nullptr) return *now == *before;
    const std::vector<std::string>& words = list->words;
    return words.empty() || std::find(words.begin(), words.end() - 1, words.back()) != words.end() - 1;
  }

  // As tight as both: whole, behind a reset, since merging could widen.
  [[nodiscard]] std::vector<std::string> override_words(DirectiveId id, const Settings& wanted) const {
    const Directive& directive = catalogue::directive(id);
    const Value* ours = wanted.find(id);
    const Value* theirs = unit_->settings.find(id);
    const Value value = theirs == nullptr ? *ours : intersect(directive, *ours, *theirs);
    std::vector<std::string> words = line_words(directive, value, *target_.systemd);
    if (directive.empty_resets(target_.systemd->version) && (words.empty() || !words.front().empty()))
      words.insert(words.begin(), "");
    return words;
  }

  void find_voids(const Settings& merged) {
    for (const catalogue::Limit& limit : catalogue::limits()) {
      if (!limit.write || !concerns(limit, target_)) continue;
      if (limit.unless && is_tight(*limit.unless, merged)) continue;
      if (limit.closed_by) {
        const Words* list = merged.words(*limit.closed_by);
        if (list != nullptr && std::ranges::find(list->words, limit.closing_word) != list->words.end())
          continue;
      }
      for (const DirectiveId id : limit.directives)
        if (is_tight(id, merged)) compiled_.voids.push_back({id, limit.reason, limit.pitfall});
    }
    std::ranges::sort(compiled_.voids, {},
                      [](const Void& one) { return std::pair(one.directive, one.because); });
  }
  static bool is_tight(DirectiveId id, const Settings& settings) {
    const Directive& directive = catalogue::directive(id);
    if (directive.kind == catalogue::Kind::choice)
      return settings.choice(id).value_or(0) > directive.default_choice.value_or(0);
    return is_set(settings, id);
  }

  // What a grant lifts and something else sets all the same.
  void find_shut(const Settings& merged) {
    Settings at_start = merged;
    std::vector<Implied> implied;
    apply_implications(at_start, *target_.systemd, Stage::start, &implied);
    for (const auto& [id, slot] : closed_.slots) {
      if (!slot.in_profile || slot.opened_by.empty()) continue;
      if (const std::string because = shut_because(id, slot, merged, at_start, implied); !because.empty())
        for (const Grant& grant : slot.opened_by)
          if (std::ranges::binary_search(compiled_.policy.grants, grant))
            compiled_.shut.push_back({grant, id, because});
    }
  }
  void find_shut_by_manager() {
    for (const DirectiveId id : target_.manager.ids()) {
      const auto at = closed_.slots.find(id);
      if (at == closed_.slots.end()) continue;
      for (const Grant& grant : at->second.opened_by) {
        if (!std::ranges::binary_search(compiled_.policy.grants, grant)) continue;
        const Closed alone = close_with(*compiled_.policy.profile, {&grant, 1}, {},
                                        compiled_.policy.overrides, target_, unit_);
        const Settings wanted = policy_value(id, slot_words(alone, id));
        const Order order = compare_directive(id, wanted, target_.manager, *target_.systemd);
        if (order == Order::tighter || order == Order::different)
          compiled_.shut.push_back(
              {grant, id, "systemd's own configuration (system.conf) sets it for all units"});
      }
    }
  }
  [[nodiscard]] std::string shut_because(DirectiveId id, const Slot& slot, const Settings& merged,
                                         const Settings& at_start,
                                         const std::vector<Implied>& implied) const {
    const Directive& directive = catalogue::directive(id);
    if (directive.kind == catalogue::Kind::choice) {
      const std::uint8_t wanted = slot.lifted ? 0 : slot.choice.value_or(0);
      if (at_start.choice(id).value_or(0) <= wanted) return {};
      if (is_written(unit_, id)) return "the unit sets it itself";
      const auto why = std::ranges::find(implied, id, &Implied::directive);
      if (why != implied.end()) return std::string(why->reason);
      return merged.choice(id).value_or(0) > wanted ? "another setting of the unit brings it in" : "";
    }
    if (!is_written(unit_, id) || is_opening_list(directive)) return {};
    const Settings wanted = policy_value(id, slot_words(closed_, id));
    const Order order = compare_directive(id, wanted, unit_->settings, *target_.systemd);
    return order == Order::tighter || order == Order::different ? "the unit sets it itself" : "";
  }

  const Target& target_;
  const LoadedUnit* unit_;
  Closed closed_;
  Compiled compiled_;
  bool tells_ = true;
};

std::vector<ImpliedUse> implied_of(const Target& target, const LoadedUnit* unit) {
  return unit == nullptr ? std::vector<ImpliedUse>{} : find_implied_grants(*unit, *target.layout);
}

}  // namespace

RunsAs runs_as_of(const Settings& settings) {
  if (settings.choice(DirectiveId::DynamicUser).value_or(0) != 0) return RunsAs::dynamic_user;
  return runs_as_root(settings) ? RunsAs::root : RunsAs::user;
}

Compiled compile(const Policy& policy, std::vector<ImpliedUse> implied, const Target& target,
                 const LoadedUnit* unit) {
  return Compiler(policy, std::move(implied), target, unit).run();
}

Compiled compile(const Policy& policy, const Target& target, const LoadedUnit* unit) {
  return compile(policy, implied_of(target, unit), target, unit);
}

Compiled compile_settings(const Policy& policy, const Target& target, const LoadedUnit* unit) {
  return Compiler(policy, implied_of(target, unit), target, unit).run_quietly();
}

Settings merged_settings(const Compiled& compiled, const Target& target, const LoadedUnit* unit) {
  Settings settings = unit == nullptr ? bare_settings(target) : unit->settings;
  for (const Written& written : compiled.settings) {
    // What the unit's other settings imply comes after all lines, and again below.
    if (!is_written(unit, written.directive)) (void)settings.take(written.directive);
    assign_words(settings, written.directive, written.words, *target.systemd);
  }
  apply_implications(settings, *target.systemd, Stage::load, nullptr);
  return settings;
}

void add_policy_settings(LoadedUnit& unit, const Compiled& compiled, const Target& target) {
  unit.settings = merged_settings(compiled, target, &unit);
  for (const Written& written : compiled.settings)
    unit.implied.push_back({written.directive, kPolicyReason});
}

}  // namespace harden
