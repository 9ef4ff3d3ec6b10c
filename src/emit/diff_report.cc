// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/diff_report.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <set>
#include <span>
#include <utility>

namespace harden {
namespace {

using catalogue::Directive;
using catalogue::Kind;

Settings at_start(const LoadedUnit& loaded) {
  Settings settings = loaded.settings;
  apply_implications(settings, *loaded.systemd, catalogue::Stage::start, nullptr);
  return settings;
}

std::vector<std::string> words_of(const Settings& settings, const Directive& directive,
                                  const catalogue::Systemd& systemd) {
  if (const Value* value = settings.find(directive.id)) return value_words(directive, *value, systemd);
  if (directive.kind == catalogue::Kind::choice) {
    const auto choice = settings.choice(directive.id);
    return choice ? std::vector{std::string(directive.values[*choice].name)} : std::vector<std::string>{};
  }
  if (directive.default_text.empty()) return {};
  return {std::string(directive.default_text)};
}

// Calls or capabilities as words, groups where they are whole.
std::vector<std::string> names_of(const Directive& directive, const Value& members,
                                  const catalogue::Systemd& systemd) {
  std::vector<std::string> words = value_words(directive, members, systemd);
  if (!words.empty() && words.front().starts_with('~')) words.front().erase(0, 1);
  std::erase(words, "");   // no call at all is `~`
  return words;
}

std::uint64_t bits_of(const Value* value, const Directive& directive) {
  if (value != nullptr) return std::get<Mask>(*value).bits;
  return directive.kind == Kind::namespaces || directive.mask_starts_full ? ~std::uint64_t{0} : 0;
}

std::vector<std::string> mask_names(const Directive& directive, std::uint64_t bits,
                                    const catalogue::Systemd& systemd) {
  std::vector<std::string> names;
  if (directive.kind == Kind::namespaces) {
    for (const auto& kind : catalogue::namespaces())
      if ((bits & kind.bit) != 0) names.emplace_back(kind.name);
  } else {
    for (std::size_t i = 0; i < systemd.capabilities.size(); ++i)
      if ((bits >> i & 1U) != 0) names.emplace_back(systemd.capabilities[i]);
  }
  return names;
}

catalogue::SyscallSet calls_let_through(const SyscallFilter& filter) {
  catalogue::SyscallSet calls = filter.allow_list ? filter.listed : ~filter.listed;
  if (filter.allow_list)
    for (const auto& [call, error] : filter.errnos) calls.reset(call);
  return calls;
}

using WordList = std::set<std::string, std::less<>>;

WordList listed_words(std::span<const std::string> words) {
  WordList list(words.begin(), words.end());
  if (!words.empty() && words.front().starts_with('~')) {   // the sign of the list, not of the word
    list.erase(words.front());
    list.insert(words.front().substr(1));
  }
  list.erase("");
  return list;
}

// What the one has and the other lacks.
std::vector<std::string> without(const WordList& from, const WordList& what) {
  std::vector<std::string> rest;
  std::ranges::set_difference(from, what, std::back_inserter(rest));
  return rest;
}

void find_shift(DirectiveDiff& diff, const Value* a, const Value* b, const catalogue::Systemd& systemd) {
  const Directive& directive = *diff.directive;
  switch (directive.kind) {
    case Kind::capabilities:
    case Kind::namespaces: {
      const std::uint64_t bits_a = bits_of(a, directive);
      const std::uint64_t bits_b = bits_of(b, directive);
      diff.added = mask_names(directive, bits_b & ~bits_a, systemd);
      diff.removed = mask_names(directive, bits_a & ~bits_b, systemd);
      return;
    }
    case Kind::syscalls: {
      if (a == nullptr || b == nullptr) return;
      const auto& filter_a = std::get<SyscallFilter>(*a);
      const auto& filter_b = std::get<SyscallFilter>(*b);
      if (filter_a.allow_list != filter_b.allow_list) return;
      const catalogue::SyscallSet calls_a = calls_let_through(filter_a);
      const catalogue::SyscallSet calls_b = calls_let_through(filter_b);
      diff.added = names_of(directive, SyscallFilter{false, calls_b & ~calls_a, {}}, systemd);
      diff.removed = names_of(directive, SyscallFilter{false, calls_a & ~calls_b, {}}, systemd);
      return;
    }
    case Kind::families:
    case Kind::names: {
      if (a == nullptr || b == nullptr) return;
      const bool allow_list = std::get<NameFilter>(*a).allow_list;
      if (allow_list != std::get<NameFilter>(*b).allow_list) return;
      diff.added = without(listed_words(diff.b), listed_words(diff.a));
      diff.removed = without(listed_words(diff.a), listed_words(diff.b));
      if (!allow_list) std::swap(diff.added, diff.removed);
      return;
    }
    case Kind::architectures:
    case Kind::addresses:
    case Kind::devices:
    case Kind::paths:
    case Kind::words:
    case Kind::lines:
    case Kind::users:
    case Kind::delegate:
      if (a == nullptr || b == nullptr) return;
      diff.added = without(listed_words(diff.b), listed_words(diff.a));
      diff.removed = without(listed_words(diff.a), listed_words(diff.b));
      return;
    case Kind::choice:
    case Kind::commands:
    case Kind::text:
    case Kind::path:
    case Kind::user:
    case Kind::mode:
      return;
  }
}

bool assigns(const LoadedUnit& loaded, catalogue::DirectiveId id) {
  return std::ranges::any_of(loaded.contributions,
                             [id](const Contribution& one) { return one.directive == id; });
}

bool policy_sets(const LoadedUnit& loaded, catalogue::DirectiveId id) {
  return std::ranges::any_of(loaded.implied, [&](const Implied& one) {
    return one.directive == id && one.reason == kPolicyReason;
  });
}

}  // namespace

UnitDiff diff_units(std::string unit, const LoadedUnit& a, const LoadedUnit& b) {
  const Settings settings_a = at_start(a);
  const Settings settings_b = at_start(b);
  const Comparison comparison = compare_settings(settings_a, settings_b, *b.systemd);
  UnitDiff diff{std::move(unit), UnitChange::none, comparison.order, {}, {}, {}};
  for (const DirectiveOrder& one : comparison.directives) {
    const Directive& directive = catalogue::directive(one.directive);
    DirectiveDiff row{&directive,
                      one.order,
                      words_of(settings_a, directive, *a.systemd),
                      words_of(settings_b, directive, *b.systemd),
                      {},
                      {},
                      !assigns(a, one.directive) && !assigns(b, one.directive),
                      policy_sets(a, one.directive) || policy_sets(b, one.directive)};
    find_shift(row, settings_a.find(one.directive), settings_b.find(one.directive), *b.systemd);
    diff.directives.push_back(std::move(row));
  }
  if (!diff.directives.empty()) diff.change = UnitChange::changed;
  return diff;
}

Order order_of(const DiffReport& report) {
  Order order = Order::equal;
  for (const UnitDiff& unit : report.units) order = combined(order, unit.order);
  return order;
}

}  // namespace harden
