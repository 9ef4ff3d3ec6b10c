// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/show_report.h"

#include <algorithm>

namespace harden {
namespace {

using catalogue::Directive;
using catalogue::DirectiveId;
using catalogue::Kind;

// What a directive that nothing sets amounts to, or nothing if that is a state of its own.
std::vector<std::string> default_words(const Directive& directive) {
  if (directive.default_choice) return {std::string(directive.values[*directive.default_choice].name)};
  if (!directive.default_text.empty()) return {std::string(directive.default_text)};
  return {};
}

// The last assignment alone makes the value.
bool is_scalar(Kind kind) {
  return kind == Kind::choice || kind == Kind::text || kind == Kind::path || kind == Kind::user ||
         kind == Kind::mode || kind == Kind::delegate;
}

void add_reasons(SettingView& view, const std::vector<Implied>& implied) {
  for (const Implied& one : implied)
    if (one.directive == view.directive->id &&
        std::ranges::find(view.reasons, one.reason) == view.reasons.end())
      view.reasons.push_back(one.reason);
}

const Contribution* find_override(const std::vector<Contribution>& all, std::size_t earlier) {
  const DirectiveId id = all[earlier].directive;
  const bool scalar = is_scalar(catalogue::directive(id).kind);
  const Contribution* counts = nullptr;
  for (std::size_t i = earlier + 1; i < all.size(); ++i) {
    if (all[i].directive != id || all[i].fate == Fate::dropped) continue;
    if (scalar || all[i].fate == Fate::resets) return &all[i];
    if (counts == nullptr && all[i].fate == Fate::counts) counts = &all[i];
  }
  return counts;
}

}  // namespace

bool has_lines(Kind kind) { return kind == Kind::lines || kind == Kind::devices; }

std::vector<SettingView> setting_views(const ShowReport& report) {
  const LoadedUnit& loaded = *report.loaded;
  std::vector<SettingView> views;
  for (const Directive& directive : catalogue::directives()) {
    const Value* in_unit = loaded.settings.find(directive.id);
    const Value* at_start = report.at_start.find(directive.id);
    SettingView view{&directive, {}, {}, {}, false, false};
    const std::vector<std::string> defaults = default_words(directive);
    if (at_start == nullptr) {
      if (!report.all || directive.since > loaded.systemd->version) continue;
      view.value = defaults;
      view.is_default = true;
    } else {
      view.value = value_words(directive, *at_start, *loaded.systemd);
      view.only_at_start = in_unit == nullptr || *in_unit != *at_start;
      for (const Contribution& one : loaded.contributions)
        if (one.directive == directive.id && one.fate == Fate::counts) view.origins.push_back(&one);
      add_reasons(view, loaded.implied);
      add_reasons(view, report.started);
      view.is_default = view.value == defaults;
    }
    if (view.is_default && !report.all) continue;
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<Override> list_overrides(const LoadedUnit& loaded) {
  std::vector<Override> overrides;
  for (std::size_t i = 0; i < loaded.contributions.size(); ++i)
    if (loaded.contributions[i].fate == Fate::overridden)
      overrides.push_back({&loaded.contributions[i], find_override(loaded.contributions, i)});
  return overrides;
}

}  // namespace harden
