// SPDX-License-Identifier: LGPL-2.1-or-later
// harden diff: is a change of a unit, or of all services of a tree, tighter or looser?
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/input_file.h"
#include "cli/option_parser.h"
#include "cli/policy_options.h"
#include "cli/select_units.h"
#include "emit/diff_report.h"
#include "machine/machine.h"
#include "policy/drop_in.h"
#include "util/text.h"

namespace harden {
namespace {

struct Options {
  TreeOptions tree;
  std::vector<std::string> units;
  std::optional<std::string> root_b, drop_in;
  bool json = false;

  [[nodiscard]] TreeOptions tree_b() const {
    TreeOptions options = tree;
    if (root_b) options.root = root_b;
    return options;
  }
};

// What is wrong with the arguments, all in all.
std::optional<Error> check_arguments(const Options& options) {
  const auto complain = [](std::string message, std::string hint) {
    return Error{Errc::invalid, std::move(message), 0, {}, std::move(hint), {}};
  };
  const std::size_t count = options.units.size();
  if (count > 2) return complain("compares two units, but there is '" + options.units[2] + "' too", {});
  if (options.drop_in) {
    if (options.root_b) return complain("--drop-in and --root-b do not go together", {});
    if (count != 1) return complain("--drop-in takes one unit", "harden diff UNIT --drop-in FILE");
    return std::nullopt;
  }
  if (count < 2 && !options.root_b)
    return complain(
        count == 0 ? "there is nothing to compare" : "there is nothing to compare the unit with",
        "name a second unit, --root-b or --drop-in");
  return std::nullopt;
}

// Both sides, read by the same systemd: without --for-systemd that of B's tree, else of A's.
struct Sources {
  UnitSource a, b;
};
Result<Sources> open_sources(const Options& options, const Console& console) {
  const Arguments units = options.units;
  const Arguments of_a = units.first(std::min<std::size_t>(units.size(), 1));
  const Arguments of_b = units.size() == 2 ? units.last(1) : of_a;
  TreeOptions tree_a = options.tree;
  TreeOptions tree_b = options.tree_b();
  HARDEN_TRY(UnitSource a, UnitSource::open(tree_a, of_a));
  HARDEN_TRY(UnitSource b, UnitSource::open(tree_b, of_b));
  if (options.root_b && !options.tree.for_systemd) {
    const auto version_a = find_systemd_version(a.files());
    const auto version_b = find_systemd_version(b.files());
    if (version_a != version_b) {
      tree_a.for_systemd = tree_b.for_systemd = version_b ? version_b : version_a;
      console.report(Diagnostic{Severity::note,
                                "systemd-version",
                                {},
                                "the trees differ in their systemd; all units are read as systemd " +
                                    std::to_string(*tree_b.for_systemd) + " does",
                                "--for-systemd=N chooses another"});
      HARDEN_TRY(a, UnitSource::open(tree_a, of_a));
      HARDEN_TRY(b, UnitSource::open(tree_b, of_b));
    }
  }
  return Sources{std::move(a), std::move(b)};
}

// With what the unit's policy adds, if it has one. A policy with a fault adds nothing, as on a machine.
void add_policy(LoadedUnit& loaded, const UnitSource& source, const Console& console) {
  const UnitPolicy own = read_unit_policy(loaded.unit, loaded.systemd->version);
  for (const Diagnostic& one : own.diagnostics) console.report(one);
  if (!own.is_present || !own.is_enabled || own.has_error()) return;
  auto target = read_target({}, source, console);
  if (!target) return;
  target->runs_as = runs_as_of(loaded.settings);
  add_policy_settings(loaded, compile(own.policy, *target, &loaded), *target);
}

// Without the score's stages, so that the diff is about what holds; a refusal has the source's hint.
LoadedUnit load(const UnitSource& source, Unit unit, const Console& console) {
  LoadedUnit loaded = load_settings(without_generated(std::move(unit)), {&source.systemd(), {}});
  if (loaded.unit.fragment && !loaded.refusal) add_policy(loaded, source, console);
  return loaded;
}
LoadedUnit load(const UnitSource& source, const SelectedUnit& unit, const Console& console) {
  LoadedUnit loaded = load(source, source.tree().load(unit.name), console);
  if (!loaded.unit.fragment) loaded.refusal = source.load(unit).refusal;
  return loaded;
}

std::optional<unsigned> exposure_of(LoadedUnit loaded, ScoreMode mode) {
  if (loaded.refusal) return std::nullopt;
  apply_implications(loaded.settings, *loaded.systemd, stage_of(mode), nullptr);
  const auto exposure = score_unit(loaded, mode);
  return exposure ? std::optional(exposure->tenths) : std::nullopt;
}

UnitDiff diff_and_score(std::string label, const LoadedUnit& a, const LoadedUnit& b, ScoreMode mode) {
  UnitDiff diff = diff_units(std::move(label), a, b);
  diff.exposure_a = exposure_of(a, mode);
  diff.exposure_b = exposure_of(b, mode);
  return diff;
}

// Where a folder of drop-ins would put it: by its name, in place of one that is called the same.
void add_drop_in(Unit& unit, UnitFile file) {
  const auto name = [](const UnitFile& one) { return base_name(one.path()); };
  const auto at = std::ranges::lower_bound(unit.drop_ins, name(file), {}, name);
  if (at != unit.drop_ins.end() && name(*at) == name(file))
    *at = std::move(file);
  else
    unit.drop_ins.insert(at, std::move(file));
}

// Says so if systemd would not load it: then there is nothing to compare.
bool is_usable(const LoadedUnit& loaded, std::string_view label, const Console& console) {
  if (loaded.unit.fragment && !loaded.refusal) return true;
  console.report(label,
                 loaded.refusal.value_or(Error{Errc::not_found, "there is no such unit", 0, {}, {}, {}}));
  return false;
}

// One unit against another, or against itself with the drop-in. Nothing if a side has been reported.
std::optional<UnitDiff> diff_pair(const Options& options, const Sources& sources, const Console& console) {
  if (sources.a.selected().empty() || sources.b.selected().empty()) return std::nullopt;
  const SelectedUnit& unit_a = sources.a.selected().front();
  const SelectedUnit& unit_b = sources.b.selected().front();
  const LoadedUnit a = load(sources.a, unit_a, console);
  if (!is_usable(a, unit_a.label, console)) return std::nullopt;
  if (!options.drop_in) {
    const LoadedUnit b = load(sources.b, unit_b, console);
    if (!is_usable(b, unit_b.label, console)) return std::nullopt;
    return diff_and_score(unit_b.label, a, b, sources.a.mode());
  }
  auto text = read_input_file(*options.drop_in);
  if (!text) {
    console.report("diff", text.error());
    return std::nullopt;
  }
  Unit changed = a.unit;
  add_drop_in(changed, parse_unit_file(std::move(*text), *options.drop_in));
  const LoadedUnit b = load(sources.a, std::move(changed), console);
  for (const Diagnostic& one : b.diagnostics)
    if (one.where.file == *options.drop_in) console.report(one);
  if (!is_usable(b, unit_a.label, console)) return std::nullopt;
  return diff_and_score(unit_a.label, a, b, sources.a.mode());
}

// All services of both trees. One that systemd does not load, masked or refused, counts as not there.
void diff_trees(const Sources& sources, DiffReport& report, const Console& console) {
  std::map<std::string, std::pair<const SelectedUnit*, const SelectedUnit*>> pairs;
  for (const SelectedUnit& unit : sources.a.selected()) pairs[unit.label].first = &unit;
  for (const SelectedUnit& unit : sources.b.selected()) pairs[unit.label].second = &unit;
  for (const auto& [label, pair] : pairs) {
    const auto usable = [&](const UnitSource& source,
                            const SelectedUnit* unit) -> std::optional<LoadedUnit> {
      if (unit == nullptr) return std::nullopt;
      LoadedUnit loaded = load(source, *unit, console);
      if (!loaded.unit.fragment || loaded.refusal) return std::nullopt;
      return loaded;
    };
    const auto a = usable(sources.a, pair.first);
    const auto b = usable(sources.b, pair.second);
    if (!a && !b) continue;
    if (a && b) {
      UnitDiff diff = diff_and_score(label, *a, *b, report.mode);
      if (diff.change == UnitChange::none)
        ++report.units_equal;
      else
        report.units.push_back(std::move(diff));
      continue;
    }
    UnitDiff diff{label, a ? UnitChange::removed : UnitChange::added, Order::different, {}, {}, {}};
    (a ? diff.exposure_a : diff.exposure_b) = exposure_of(a ? *a : *b, report.mode);
    report.units.push_back(std::move(diff));
  }
}

void report_sources(const Sources& sources, const Console& console) {
  const Diagnostics& of_a = sources.a.diagnostics();
  for (const Diagnostic& one : of_a) console.report(one);
  for (const Diagnostic& one : sources.b.diagnostics())
    if (std::ranges::none_of(of_a, [&](const Diagnostic& other) {
          return other.message == one.message && other.where.file == one.where.file &&
                 other.where.line == one.where.line;
        }))
      console.report(one);
}

}  // namespace

int run_diff(Arguments arguments, Console& console) {
  Options options;
  OptionParser parser(
      "diff",
      "Two units, one unit with and without a drop-in or in two file trees, or all services of two "
      "trees: which directives are tighter, looser or different, by what they let through.",
      "[A [B]]");
  parser.add_arguments(options.units, 0);
  add_tree_options(parser, options.tree);
  parser.add_text("--root-b", "DIR", options.root_b, "the file tree of B; default: that of A");
  parser.add_text("--drop-in", "FILE", options.drop_in, "compare A with A and this drop-in");
  parser.add_flag("--json", options.json, "print one JSON record");
  parser.add_note("Exit status: 0 no difference; 1 some; 2 a unit cannot be loaded, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;
  if (const auto error = check_arguments(options)) {
    console.report("diff", *error);
    return kExitTrouble;
  }
  const auto sources = open_sources(options, console);
  if (!sources) {
    console.report(sources.error());
    return kExitTrouble;
  }
  report_sources(*sources, console);
  for (const UnitSource* source : {&sources->a, &sources->b})
    for (const auto& [argument, error] : source->failed()) {
      console.report(argument, error);
      return kExitTrouble;   // the same unit may well be missing on both sides
    }

  const auto unit_of = [](const UnitSource& source) -> std::optional<std::string> {
    if (!source.are_named()) return std::nullopt;
    const SelectedUnit& unit = source.selected().front();
    return unit.argument.find('/') == std::string::npos ? unit.label : unit.argument;
  };
  DiffReport report;
  report.systemd = sources->a.systemd().version;
  report.mode = sources->a.mode();
  report.a = {options.tree.root, unit_of(sources->a), std::nullopt};
  report.b = {options.tree_b().root, unit_of(sources->b), options.drop_in};
  report.trees = options.units.empty();
  if (report.trees) {
    diff_trees(*sources, report, console);
  } else {
    auto diff = diff_pair(options, *sources, console);
    if (!diff) return kExitTrouble;
    report.units.push_back(std::move(*diff));
  }
  console.write(options.json ? diff_json(report) : diff_text(report, console.width(), console.style()));
  return order_of(report) == Order::equal ? kExitFine : kExitFinding;
}

}  // namespace harden
