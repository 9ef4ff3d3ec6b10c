// SPDX-License-Identifier: LGPL-2.1-or-later
#include "live/unit_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/input_file.h"
#include "exposure/exposure.h"
#include "policy/drop_in.h"
#include "policy/harden_conf.h"
#include "settings/settings.h"
#include "unit/words.h"
#include "util/text.h"

namespace harden {
namespace {

constexpr std::string_view kHeader =
    "# Written by `harden apply`, which keeps what was here before: `harden rollback {}` brings it back.\n";
// What comes before a file's own text, so that other files of the unit do not add to it.
constexpr std::string_view kReset = "[X-Harden]\nProfile=\nAllow=\nOverride=\nIgnore=\n\n";

bool is_template(const LoadedUnit& loaded) { return loaded.unit.name.kind() == UnitNameKind::template_; }

struct Source {
  UnitPolicy policy;
  std::string from;
  std::string text = {};  // to be written as it is; empty: to be printed from the policy
  bool is_own = false;  // the unit's files have it
};

class Planner {
 public:
  Planner(const UnitSource& source, const SelectedUnit& unit, const PlanOptions& options,
          const std::optional<Generation>& in_force, const Console& console)
      : source_(source), unit_(unit), options_(options), in_force_(in_force), console_(console) {}

  std::optional<UnitPlan> plan() {
    auto loaded = load();
    if (!loaded) return std::nullopt;
    auto found = find_source(*loaded, nullptr);
    if (!found) return std::nullopt;
    const auto policy = read(*found);
    auto target = policy ? read_target(options_.policy, source_, console_) : std::nullopt;
    if (!target) return std::nullopt;
    target->runs_as = runs_as_of(loaded->settings);
    return make(std::move(*loaded), std::move(*found), *policy, *target);
  }

  std::optional<std::string> text_to_edit() {
    const auto loaded = load();
    if (!loaded) return std::nullopt;
    if (const UnitFile* applied = applied_file(loaded->unit); applied != nullptr && !has_options()) {
      std::string_view text = applied->text();
      for (const std::string& start : {header(loaded->unit.name), std::string(kReset)})
        if (text.starts_with(start)) text.remove_prefix(start.size());
      return std::string(text);
    }
    const auto found = find_source(*loaded, &catalogue::profiles().back());
    if (!found) return std::nullopt;
    if (!found->text.empty() && !has_options()) return found->text;
    const auto policy = read(*found);
    if (!policy) return std::nullopt;
    return "# `harden grants` lists what Allow= takes, `harden profiles` what each profile shuts.\n" +
           print_policy_section(*policy, is_template(*loaded));
  }

 private:
  [[nodiscard]] std::optional<LoadedUnit> load() const {
    auto loaded = load_for_policy(source_, unit_, console_);
    if (!loaded) return std::nullopt;
    // Settings that harden itself has put there are no will of the unit's author.
    std::erase_if(loaded->unit.drop_ins, [](const UnitFile& file) {
      const std::string_view name = base_name(file.path());
      return name == kStaticName || name == kStaticOverrideName;
    });
    return load_settings(std::move(loaded->unit), {&source_.systemd(), {}});
  }
  // With the options on top. Nothing: a fault, which has been said.
  [[nodiscard]] std::optional<Policy> read(const Source& found) const {
    for (const Diagnostic& one : found.policy.diagnostics) console_.report(one);
    if (found.policy.has_error() || !may_be_allowed()) return std::nullopt;
    return with_policy_options(options_.policy, found.policy.policy, console_);
  }
  [[nodiscard]] static std::string header(const UnitName& name) {
    return fmt::format(kHeader, name.text());
  }
  [[nodiscard]] bool has_options() const {
    return options_.policy.profile.has_value() || !options_.policy.allow.empty();
  }
  void complain(std::string message, std::string hint) const {
    console_.report(unit_.label, Error{Errc::invalid, std::move(message), 0, {}, std::move(hint), {}});
  }

  std::optional<Source> from_file(const LoadedUnit& loaded, const UnitFile& file) const {
    for (const Entry& entry : file.entries())
      if (entry.kind == EntryKind::assignment && !entry.section.starts_with("X-")) {
        console_.report(Error{Errc::invalid,
                              "a policy has nothing but a section [X-Harden]",
                              0,
                              SourcePos{file.path(), entry.line},
                              "settings go into a drop-in of the unit's own",
                              {}});
        return std::nullopt;
      }
    Source found{read_policy_files(loaded.unit, loaded.systemd->version, std::array{&file}), file.path(),
                 file.text()};
    if (found.policy.is_present) return found;
    console_.report(
        Error{Errc::invalid, "has no section [X-Harden]", 0, SourcePos{file.path(), 0}, {}, {}});
    return std::nullopt;
  }

  // The policy that the options start from. Where there is none: one with nothing but the profile
  // `fallback` or, without that, a fault.
  std::optional<Source> find_source(const LoadedUnit& loaded, const catalogue::Profile* fallback) const {
    if (options_.from) {
      auto text = read_input_file(*options_.from);
      if (text) return from_file(loaded, parse_unit_file(std::move(*text), *options_.from));
      console_.report(text.error());
      return std::nullopt;
    }
    if (in_force_ && in_force_->is_static) {
      Source found{{}, fmt::format("generation {}", in_force_->number), {}};
      const auto profile = parse_profile(in_force_->profile);
      if (profile) {
        found.policy.policy.profile = *profile;
        for (const std::string& word : split_words(in_force_->grants).words)
          add_grants(word, {}, is_template(loaded), found.policy.policy.grants, found.policy.diagnostics);
        return found;
      }
    }
    UnitPolicy own = read_unit_policy(loaded.unit, loaded.systemd->version);
    if (own.is_present && own.is_enabled) return Source{std::move(own), "the unit's own files", {}, true};
    auto shipped = find_shipped_policy(loaded.unit.name, source_.files());
    if (!shipped) {
      console_.report(shipped.error());
      return std::nullopt;
    }
    if (*shipped) return from_file(loaded, **shipped);
    if (options_.policy.profile) return Source{{}, "the command line", {}};
    if (fallback != nullptr) {
      Source bare{{}, {}, {}};
      bare.policy.policy.profile = fallback;
      return bare;
    }
    complain("there is no policy for it: none in its files, and none is shipped",
             "--profile=strict@1 names one, --from=FILE reads one");
    return std::nullopt;
  }

  // What is as good as no hardening must be asked for by name.
  [[nodiscard]] bool may_be_allowed() const {
    if (options_.dangerous) return true;
    const auto allowed = read_allow(options_.policy, console_);
    if (!allowed) return false;
    const auto bad = std::ranges::find(*allowed, catalogue::Danger::high,
                                       [](const Grant& grant) { return grant.row().danger; });
    if (bad == allowed->end()) return true;
    complain(fmt::format("{} leaves next to nothing shut", bad->text()),
             "--dangerous allows it all the same");
    return false;
  }

  std::optional<UnitPlan> make(LoadedUnit loaded, Source found, const Policy& policy,
                               const Target& target) const {
    const std::string name = loaded.unit.name.text();
    const std::string section = section_of_type(loaded.unit.name.type());
    const bool of_template = is_template(loaded);
    UnitPlan made{{name,
                   std::string(policy.profile->name),
                   allow_words(policy.grants, of_template),
                   options_.is_static,
                   source_.systemd().version,
                   {}},
                  {},
                  policy,
                  target,
                  loaded};
    PlanReport& report = made.report;
    report.unit = name;
    report.from = found.from;
    report.policy.own = std::move(found.policy);
    report.policy.compiled = compile(policy, target, &loaded);
    if (auto exposure = score_unit(source_.load(unit_), source_.mode()))
      report.before = std::move(*exposure);

    const std::string header = this->header(loaded.unit.name);
    const UnitFile* applied = applied_file(loaded.unit);
    if (options_.is_static) {
      add_static(made.plan, header, *report.policy.compiled, section);
    } else if (has_options() || (found.text.empty() && !found.is_own)) {
      add_file(made.plan, kAppliedName, header + print_policy_section(policy, of_template));
    } else if (!found.is_own) {
      add_file(made.plan, kAppliedName, header + std::string(kReset) + found.text);
    } else if (applied != nullptr) {
      add_file(made.plan, kAppliedName, applied->text());
    } else {
      report.warnings.emplace_back("the policy stands in the unit's own files already");
    }
    for (const PlannedFile& file : made.plan.files)
      report.files.push_back(fmt::format("{}/{}.d/{}", DeployPaths().etc, name, file.name));

    const HardenConf conf = read_harden_conf(source_.files());
    if (const Exemption* exemption = find_exemption(conf, loaded.unit))
      report.warnings.push_back(fmt::format("harden leaves it alone by default{}{}",
                                            exemption->reason.empty() ? "" : ": ", exemption->reason));

    loaded.settings = merged_settings(*report.policy.compiled, target, &loaded);
    apply_implications(loaded.settings, source_.systemd(), stage_of(source_.mode()), nullptr);
    if (auto exposure = score_unit(loaded, source_.mode())) report.policy.exposure = std::move(*exposure);
    return made;
  }

  static void add_file(Plan& plan, std::string_view name, std::string text) {
    plan.files.push_back({std::string(name), std::move(text)});
  }
  static void add_static(Plan& plan, const std::string& header, const Compiled& compiled,
                         std::string_view section) {
    const SplitCompiled split = split_overriding(compiled);
    add_file(plan, kStaticName, header + print_drop_in(split.plain, plan.systemd, section));
    if (!split.overriding.settings.empty())
      add_file(plan, kStaticOverrideName, header + print_drop_in(split.overriding, plan.systemd, section));
  }

  static const UnitFile* applied_file(const Unit& unit) {
    const auto at = std::ranges::find_if(
        unit.drop_ins, [](const UnitFile& file) { return base_name(file.path()) == kAppliedName; });
    return at == unit.drop_ins.end() ? nullptr : &*at;
  }

  const UnitSource& source_;
  const SelectedUnit& unit_;
  const PlanOptions& options_;
  const std::optional<Generation>& in_force_;
  const Console& console_;
};

}  // namespace

std::optional<UnitPlan> plan_unit(const UnitSource& source, const SelectedUnit& unit,
                                  const PlanOptions& options, const std::optional<Generation>& in_force,
                                  const Console& console) {
  return Planner(source, unit, options, in_force, console).plan();
}

std::optional<std::string> policy_to_edit(const UnitSource& source, const SelectedUnit& unit,
                                          const PlanOptions& options,
                                          const std::optional<Generation>& in_force,
                                          const Console& console) {
  return Planner(source, unit, options, in_force, console).text_to_edit();
}

}  // namespace harden
