// SPDX-License-Identifier: LGPL-2.1-or-later
// harden score: arguments → units → exposures → one of the report's forms.
#include <algorithm>
#include <string>
#include <tuple>

#include "cli/commands.h"
#include "cli/exemptions.h"
#include "cli/input_file.h"
#include "cli/option_parser.h"
#include "cli/select_units.h"
#include "emit/score_report.h"
#include "emit/table.h"

namespace harden {
namespace {

struct ScoreOptions {
  TreeOptions tree;
  std::vector<std::string> arguments;
  std::optional<unsigned> threshold;
  std::optional<std::string> policy_file;
  std::optional<std::string> exempt_file;
  std::string sort = "exposure";
  std::string format = "table";
  bool json = false;
};

std::optional<int> parse(Arguments arguments, ScoreOptions& options, Console& console) {
  OptionParser parser(
      "score",
      "How exposed services are, from 0.0 to 10.0, as systemd-analyze security computes it. "
      "Without a UNIT: all services, worst first; with one: what stays open in it.",
      "[UNIT|FILE…]");
  parser.add_arguments(options.arguments, 0);
  add_tree_options(parser, options.tree);
  parser.add_number("--threshold", 0, kThresholdMax, options.threshold,
                    "exit with 1 if a unit's exposure is over N, in tenths");
  parser.add_text("--security-policy", "FILE", options.policy_file,
                  "take weights and ranges from the JSON file, as systemd-analyze does");
  parser.add_text("--exempt", "FILE", options.exempt_file,
                  "units that may be over the threshold: a line is a name or pattern, perhaps a threshold, "
                  "perhaps '# the reason'");
  parser.add_choice("--sort", {"exposure", "name"}, options.sort,
                    "order of the table: worst first, or by name");
  parser.add_choice("--format", {"table", "json", "sarif"}, options.format, "form of the output");
  parser.add_flag("--json", options.json, "the same as --format=json");
  parser.add_note(
      "Exit status: 0 done; 1 a unit is over the threshold; 2 a unit could not be scored, or other "
      "trouble.");
  if (const auto code = parser.parse(arguments, console)) return code;
  if (options.json) options.format = "json";
  return std::nullopt;
}

Result<SecurityPolicy> read_policy(const std::optional<std::string>& path, Console& console) {
  if (!path) return SecurityPolicy{};
  HARDEN_TRY(const std::string text, read_input_file(*path));
  Diagnostics diagnostics;
  HARDEN_TRY(SecurityPolicy policy, parse_security_policy(text, *path, diagnostics));
  for (const Diagnostic& one : diagnostics) console.report(one);
  return policy;
}

// nothing: the file is not to be used, which has been said.
std::optional<Exemptions> read_exemptions(const std::optional<std::string>& path, Console& console) {
  if (!path) return Exemptions{};
  const auto text = read_input_file(*path);
  if (!text) {
    console.report(text.error());
    return std::nullopt;
  }
  Diagnostics diagnostics;
  Exemptions exemptions = parse_exemptions(*text, *path, diagnostics);
  for (const Diagnostic& one : diagnostics) console.report(one);
  if (!diagnostics.empty()) return std::nullopt;
  return exemptions;
}

void warn_of_idle(const Exemptions& exemptions, const ScoreReport& report, const UnitSource& source,
                  const Console& console) {
  for (const ScoreExemption& one : exemptions.list) {
    const auto fits_unit = [&](const ScoredUnit& unit) { return fits(one, unit.unit); };
    if (std::ranges::any_of(report.units, fits_unit)) continue;
    const auto fits_name = [&](const UnitName& name) { return fits(one, name.text()); };
    if (source.are_named() && std::ranges::any_of(source.tree().names("service"), fits_name)) continue;
    console.report({Severity::warning,
                    "idle-exemption",
                    {exemptions.file, one.line},
                    "the exemption '" + one.pattern + "' matches no unit",
                    {}});
  }
}

class Scorer {
 public:
  Scorer(const ScoreOptions& options, const UnitSource& source, const SecurityPolicy& policy,
         const Exemptions& exemptions)
      : source_(source), policy_(policy), exemptions_(exemptions), keeps_rows_(options.format != "table") {
    report_.systemd = &source.systemd();
    report_.mode = source.mode();
    report_.threshold = options.threshold.value_or(kThresholdMax);
  }

  void add_all() {
    for (const auto& [argument, error] : source_.failed()) report_.failed.push_back({argument, error});
    report_.units.reserve(source_.selected().size());
    for (const SelectedUnit& selected : source_.selected()) add(selected);
  }

  [[nodiscard]] ScoreReport& report() { return report_; }
  // The unit scored last.
  [[nodiscard]] const std::optional<LoadedUnit>& last() const { return last_; }

 private:
  void add(const SelectedUnit& selected) {
    last_.reset();
    LoadedUnit loaded = source_.load(selected, false);
    // Masked units do not run, and links that lead nowhere are no units; who names one is told.
    const bool is_there = loaded.unit.state == LoadState::loaded || loaded.unit.state == LoadState::refused;
    if (!source_.are_named() && !is_there) return;
    std::string label = label_of(selected, loaded.unit);

    if (source_.are_named() && source_.mode() == ScoreMode::online && selected.name.type() != "service") {
      report_.failed.push_back({std::move(label), Error{Errc::unsupported,
                                                        "systemd-analyze scores only services online",
                                                        0,
                                                        {},
                                                        "--offline scores sockets, mounts and swaps too",
                                                        {}}});
      return;
    }
    if (loaded.refusal) {
      report_.failed.push_back({std::move(label), *loaded.refusal});
      return;
    }
    auto exposure = score_unit(loaded, source_.mode(), policy_);
    if (!exposure) {
      report_.failed.push_back({std::move(label), exposure.error()});
      return;
    }
    ScoredUnit unit{std::move(label), {}, std::move(*exposure), report_.threshold};
    if (keeps_rows_)
      unit.file = selected.argument.find('/') != std::string::npos ? selected.argument
                                                                   : loaded.unit.fragment->path();
    if (const ScoreExemption* exemption =
            exemptions_.list.empty() ? nullptr : exemptions_.find(unit.unit)) {
      unit.exempt = !exemption->threshold;
      unit.exemption = exemption->reason;
      if (exemption->threshold) unit.threshold = *exemption->threshold;
    }
    if (source_.selected().size() == 1)
      last_ = std::move(loaded);
    else if (!keeps_rows_)
      unit.exposure.rows = std::vector<RowScore>();  // `= {}` would keep the memory
    report_.units.push_back(std::move(unit));
  }

  const UnitSource& source_;
  const SecurityPolicy& policy_;
  const Exemptions& exemptions_;
  bool keeps_rows_;
  ScoreReport report_;
  std::optional<LoadedUnit> last_;
};

// By name; of several names of one unit the first stays.
template <typename Row>
void sort_once(std::vector<Row>& rows, std::string Row::* name) {
  // All services of a tree come in order; sorting them again would only take its buffer.
  if (!std::ranges::is_sorted(rows, {}, name)) std::ranges::stable_sort(rows, {}, name);
  const auto repeated = std::ranges::unique(rows, {}, name);
  rows.erase(repeated.begin(), repeated.end());
}

void sort_report(ScoreReport& report, bool by_name) {
  sort_once(report.failed, &FailedUnit::unit);
  sort_once(report.units, &ScoredUnit::unit);
  if (!by_name)
    std::ranges::sort(report.units, [](const ScoredUnit& a, const ScoredUnit& b) {
      return std::tie(b.exposure.tenths, a.unit) < std::tie(a.exposure.tenths, b.unit);
    });
}

std::string one_unit_text(const ScoredUnit& unit, const LoadedUnit& loaded, const Console& console) {
  const Style& style = console.style();
  const unsigned tenths = unit.exposure.tenths;
  std::vector<Cell> pieces = {
      foreign_cell(unit.unit, Ink::strong),
      {": exposure "},
      {tenths_text(tenths) + " " + std::string(exposure_predicate(tenths)), ink_of_exposure(tenths)},
      {" under systemd " + std::to_string(loaded.systemd->version)}};
  if (unit.is_over()) pieces.push_back({", over the threshold of " + tenths_text(unit.threshold)});
  if (unit.exempt) pieces.push_back({", exempt"});
  if (unit.exempt && !unit.exemption.empty()) pieces.push_back(foreign_cell(" (" + unit.exemption + ")"));
  std::string out;
  print_line(out, pieces, console.width(), style);
  out += '\n';
  print_exposure(out, unit.exposure, loaded, console.width(), style);
  return out;
}

}  // namespace

int run_score(Arguments arguments, Console& console) {
  ScoreOptions options;
  if (const auto code = parse(arguments, options, console)) return *code;
  const auto policy = read_policy(options.policy_file, console);
  if (!policy) {
    console.report(policy.error());
    return kExitTrouble;
  }
  const auto exemptions = read_exemptions(options.exempt_file, console);
  if (!exemptions) return kExitTrouble;
  const auto source = open_units(options.tree, options.arguments, console);
  if (!source) return kExitTrouble;

  Scorer scorer(options, *source, *policy, *exemptions);
  scorer.add_all();
  ScoreReport& report = scorer.report();
  sort_report(report, options.format != "table" || options.sort == "name");
  for (const FailedUnit& failed : report.failed) console.report(failed.unit, failed.error);
  warn_of_idle(*exemptions, report, *source, console);

  if (options.format == "json") {
    score_json(report, [&](std::string_view text) { console.write(text); });
  } else if (options.format == "sarif") {
    console.write(score_sarif(report, HARDEN_VERSION));
  } else if (options.arguments.size() == 1 && report.units.size() == 1 && scorer.last()) {
    console.write(one_unit_text(report.units.front(), *scorer.last(), console));
  } else {
    console.write(score_table(report, console.width(), console.style()));
    if (console.talks_to_terminal()) console.say(score_summary(report));
  }
  if (!report.failed.empty()) return kExitTrouble;
  return std::ranges::any_of(report.units, &ScoredUnit::is_finding) ? kExitFinding : kExitFine;
}

}  // namespace harden
