// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/policy_options.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "machine/machine.h"
#include "policy/drop_in.h"
#include "unit/words.h"
#include "util/text.h"

namespace harden {
namespace {

Result<catalogue::Fact> parse_fact(std::string_view word) {
  const auto at = std::ranges::find(catalogue::kFactNames, word);
  if (at != catalogue::kFactNames.end())
    return static_cast<catalogue::Fact>(at - catalogue::kFactNames.begin());
  const auto near = nearest(word, catalogue::kFactNames);
  std::string names;
  for (const std::string_view name : catalogue::kFactNames)
    names.append(names.empty() ? "one of " : ", ").append(name);
  return fail(Errc::invalid, "no fact `" + std::string(word) + "` about a machine", {},
              near ? "did you mean " + std::string(*near) + "?" : names);
}

// What the options say of the machine.
Result<Target> with_options(const PolicyOptions& options, Target target) {
  if (options.layout) {
    HARDEN_TRY(target.layout, parse_layout(*options.layout));
  }
  for (const std::string& text : options.facts)
    for (const std::string_view word : split(text, ',')) {
      HARDEN_TRY(const catalogue::Fact fact, parse_fact(word));
      if (std::ranges::find(target.facts, fact) == target.facts.end()) target.facts.push_back(fact);
    }
  if (options.user)
    target.runs_as = *options.user == "dynamic"                        ? RunsAs::dynamic_user
                     : *options.user == "any"                          ? RunsAs::any
                     : *options.user == "root" || *options.user == "0" ? RunsAs::root
                                                                       : RunsAs::user;
  return target;
}

}  // namespace

void add_machine_options(OptionParser& parser, PolicyOptions& options) {
  parser.add_text("--layout", "NAME", options.layout,
                  "where programs lie: usr, split-usr or nix; default: as the tree has them");
  parser.add_texts("--assume", "FACT", options.facts,
                   "a fact about the machine that may void settings: container, nested, cgroup-v1, "
                   "user-manager, no-bpf-lsm");
}

void add_policy_options(OptionParser& parser, PolicyOptions& options) {
  parser.add_text("--profile", "NAME", options.profile, "the profile, whatever the unit says");
  parser.add_texts("--allow", "GRANT", options.allow,
                   "a grant beside the unit's own, or several in one word with blanks; may be repeated");
  add_machine_options(parser, options);
}

std::optional<std::vector<Grant>> read_allow(const PolicyOptions& options, const Console& console) {
  std::vector<Grant> grants;
  Diagnostics diagnostics;
  for (const std::string& text : options.allow)
    for (const std::string& word : split_words(text).words)
      add_grants(word, {}, false, grants, diagnostics);
  for (const Diagnostic& one : diagnostics) console.report(one);
  if (!diagnostics.empty()) return std::nullopt;
  return grants;
}

std::optional<Target> read_target(const PolicyOptions& options, const UnitSource& source,
                                  const Console& console) {
  const HardenConf conf = read_harden_conf(source.files());
  for (const Diagnostic& one : conf.diagnostics) console.report(one);
  if (conf.has_error()) return std::nullopt;
  auto target = with_options(
      options, machine_target(source.files(), conf, source.systemd(), source.is_this_machine()));
  if (!target) {
    console.report(target.error());
    return std::nullopt;
  }
  return std::move(*target);
}

std::optional<LoadedUnit> load_for_policy(const UnitSource& source, const SelectedUnit& unit,
                                          const Console& console) {
  // A template is compiled as it is: its instances are not known.
  const UnitName name = parse_unit_name(unit.label).value_or(unit.name);
  LoadedUnit loaded = load_settings(without_generated(source.tree().load(name)), {&source.systemd(), {}});
  if (loaded.unit.fragment && !loaded.refusal) return loaded;
  const auto why = loaded.refusal ? loaded.refusal : source.load(unit).refusal;
  console.report(unit.label, why.value_or(Error{Errc::not_found, "there is no such unit", 0, {}, {}, {}}));
  return std::nullopt;
}

std::optional<OpenedUnit> open_unit_for_policy(const TreeOptions& tree, const std::string& argument,
                                               const Console& console) {
  auto source = open_units(tree, {&argument, 1}, console);
  if (!source) return std::nullopt;
  for (const auto& [word, error] : source->failed()) console.report(word, error);
  if (source->selected().empty()) return std::nullopt;
  SelectedUnit selected = source->selected().front();
  auto loaded = load_for_policy(*source, selected, console);
  if (!loaded) return std::nullopt;
  return OpenedUnit{std::move(*source), std::move(selected), std::move(*loaded)};
}

Result<Target> read_bare_target(const PolicyOptions& options, std::optional<unsigned> for_systemd) {
  const catalogue::Systemd& newest = catalogue::systemds().back();
  return with_options(options, Target{for_systemd ? &catalogue::nearest_systemd(*for_systemd) : &newest,
                                      &catalogue::layouts().front(),
                                      RunsAs::root,
                                      {},
                                      {}});
}

std::optional<Policy> with_policy_options(const PolicyOptions& options, Policy policy,
                                          const Console& console) {
  auto allowed = read_allow(options, console);
  if (!allowed) return std::nullopt;
  if (options.profile) {
    const auto profile = parse_profile(*options.profile);
    if (!profile) {
      console.report(profile.error());
      return std::nullopt;
    }
    policy.profile = *profile;
  }
  std::ranges::move(*allowed, std::back_inserter(policy.grants));
  policy.grants = normalized(std::move(policy.grants));
  return policy;
}

std::optional<Policy> read_policy(const PolicyOptions& options, const LoadedUnit& loaded,
                                  std::string_view label, const Console& console) {
  UnitPolicy own = read_unit_policy(loaded.unit, loaded.systemd->version);
  for (const Diagnostic& one : own.diagnostics) console.report(one);
  if (own.has_error()) return std::nullopt;
  if (!options.profile && (!own.is_present || !own.is_enabled)) {
    console.report(label, Error{Errc::not_found,
                                own.is_present ? "its policy is switched off by Enable=no"
                                               : "it has no policy: no section [X-Harden]",
                                0,
                                {},
                                "--profile names one to compile",
                                {}});
    return std::nullopt;
  }
  return with_policy_options(options, std::move(own.policy), console);
}

}  // namespace harden
