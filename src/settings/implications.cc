// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>

#include "settings/settings.h"

namespace harden {
namespace {

using catalogue::Condition;
using catalogue::Effect;
using catalogue::EffectKind;
using catalogue::Implication;
using catalogue::Kind;

using catalogue::Test;

// A number or time span that is zero, as far as its text tells: "0", "0s", "0 min".
bool is_zero(std::string_view text) {
  return !text.empty() && text.find_first_of("123456789i") == std::string_view::npos;  // i: infinity
}

// False if the settings had it already.
bool apply(const Effect& effect, Settings& settings, const catalogue::Systemd& systemd) {
  const catalogue::Directive& directive = catalogue::directive(effect.directive);
  switch (effect.kind) {
    case EffectKind::set_choice:
      if (settings.choice(effect.directive) == effect.choice) return false;
      settings.set(effect.directive, Choice{effect.choice});
      return true;
    case EffectKind::drop_capabilities: {
      const Value* before = settings.find(effect.directive);
      const std::uint64_t bits = before != nullptr ? std::get<Mask>(*before).bits
                                                   : (directive.mask_starts_full ? ~std::uint64_t{0} : 0);
      if ((bits & effect.capabilities) == 0) return false;
      settings.set(effect.directive, Mask{bits & ~effect.capabilities});
      return true;
    }
    case EffectKind::append_line: {
      Words list;
      if (const Words* before = settings.words(effect.directive)) list = *before;
      if (std::ranges::find(list.words, effect.text) != list.words.end()) return false;
      list.words.emplace_back(effect.text);
      settings.set(effect.directive, std::move(list));
      return true;
    }
    case EffectKind::deny_syscalls: {
      catalogue::SyscallSet denied;
      if (const auto* group = catalogue::find_group(systemd, effect.text)) denied = group->calls;
      if (const auto call = catalogue::find_syscall(effect.text)) denied.set(*call);
      SyscallFilter filter;
      if (const Value* before = settings.find(effect.directive)) filter = std::get<SyscallFilter>(*before);
      const SyscallFilter old = filter;
      if (filter.allow_list)
        filter.listed &= ~denied;
      else
        filter.listed |= denied;
      if (filter == old) return false;
      settings.set(effect.directive, std::move(filter));
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_set(const Settings& settings, catalogue::DirectiveId id) {
  const Value* value = settings.find(id);
  if (value == nullptr) return false;
  const auto* mask = std::get_if<Mask>(value);
  if (mask == nullptr) return true;
  const catalogue::Directive& directive = catalogue::directive(id);
  if (directive.kind == Kind::namespaces) {
    std::uint64_t all = 0;
    for (const auto& kind : catalogue::namespaces()) all |= kind.bit;
    return mask->bits != all;
  }
  return mask->bits != (directive.mask_starts_full ? ~std::uint64_t{0} : 0);
}

bool holds(const Condition& condition, const Settings& settings) {
  switch (condition.test) {
    case Test::choice: {
      const auto choice = settings.choice(condition.directive);
      return choice && (condition.choices >> *choice & 1U) != 0;
    }
    case Test::set:
      return is_set(settings, condition.directive);
    case Test::unset:
      return settings.find(condition.directive) == nullptr;
    case Test::nonzero: {
      const std::string_view text = settings.text(condition.directive);
      return !text.empty() && !is_zero(text);
    }
    case Test::denies: {
      const Value* value = settings.find(condition.directive);
      const auto call = catalogue::find_syscall(condition.call);
      return value != nullptr && call && !std::get<SyscallFilter>(*value).allows(*call);
    }
  }
  return false;
}

void apply_implications(Settings& settings, const catalogue::Systemd& systemd, catalogue::Stage stage,
                        std::vector<Implied>* implied) {
  for (const Implication& implication : catalogue::implications()) {
    if (implication.stage != stage || systemd.version < implication.since ||
        systemd.version > implication.until)
      continue;
    if (implication.unless_root && runs_as_root(settings)) continue;
    const auto is_met = [&](const Condition& condition) { return holds(condition, settings); };
    if (!std::ranges::all_of(implication.when, is_met)) continue;
    if (!implication.any.empty() && std::ranges::none_of(implication.any, is_met)) continue;
    for (const Effect& effect : implication.effects)
      if (apply(effect, settings, systemd) && implied != nullptr)
        implied->push_back({effect.directive, implication.reason});
  }
}

}  // namespace harden
