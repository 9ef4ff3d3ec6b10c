// SPDX-License-Identifier: LGPL-2.1-or-later
// harden suggest: from recordings to the smallest policy.
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/policy_options.h"
#include "cli/recordings.h"
#include "emit/suggest_report.h"
#include "unit/words.h"
#include "util/file_write.h"

namespace harden {
namespace {

struct Options {
  TreeOptions tree;
  PolicyOptions machine;
  std::vector<std::string> words, ignores;
  std::optional<std::string> profile, output;
  std::string format = "report";
  bool with_doubtful = false, strictest = false, json = false;
};

std::optional<Exposure> exposure_of(LoadedUnit loaded, ScoreMode mode) {
  apply_implications(loaded.settings, *loaded.systemd, stage_of(mode), nullptr);
  auto exposure = score_unit(loaded, mode);
  return exposure ? std::optional(std::move(*exposure)) : std::nullopt;
}

// The unit's words of Ignore=, and those of the command line.
std::optional<std::vector<std::string>> read_ignores(const Options& options, const LoadedUnit& loaded,
                                                     const Console& console) {
  const UnitPolicy own = read_unit_policy(loaded.unit, loaded.systemd->version);
  for (const Diagnostic& one : own.diagnostics) console.report(one);
  if (own.has_error()) return std::nullopt;
  std::vector<std::string> words = own.policy.ignores;
  for (const std::string& text : options.ignores)
    for (std::string& word : split_words(text).words) words.push_back(std::move(word));
  return words;
}

// All but the result must outlive it.
SuggestReport make_report(const SelectedUnit& selected, const Recording& recording,
                          const SuggestOptions& search, const catalogue::Profile* profile,
                          const Target& target, const LoadedUnit& loaded, ScoreMode mode) {
  SuggestReport report;
  report.unit = selected.label;
  report.systemd = loaded.systemd->version;
  report.recording = &recording;
  report.needs = judge(recording, loaded);
  report.suggestion = profile != nullptr
                          ? suggest_on(*profile, report.needs, recording, search, target, loaded)
                          : suggest(report.needs, recording, search, target, loaded);
  const auto profiles = catalogue::profiles();   // loosest first
  for (const catalogue::Profile& one : profiles)
    if (&one > report.suggestion.policy.profile)
      report.stricter.push_back(suggest_on(one, report.needs, recording, search, target, loaded));
  report.implied = find_implied_grants(loaded, *target.layout);
  LoadedUnit hardened = loaded;
  add_policy_settings(hardened, compile(report.suggestion.policy, target, &loaded), target);
  report.before = exposure_of(loaded, mode);
  report.after = exposure_of(std::move(hardened), mode);
  report.classification = classify(report.suggestion, recording, target, loaded);
  report.unexercised = find_unexercised(recording, loaded);
  report.advice = find_advice(report.suggestion, recording, loaded);
  return report;
}

}  // namespace

int run_suggest(Arguments arguments, Console& console) {
  Options options;
  OptionParser parser(
      "suggest",
      "The smallest policy that covers what was recorded: the strictest profile and the fewest, "
      "least dangerous grants, each with its evidence.",
      "UNIT|FILE RECORDING…");
  parser.add_arguments(options.words, 2);
  parser.add_text("--profile", "NAME", options.profile,
                  "the profile; default: the strictest that loses nothing");
  parser.add_flag("--strictest", options.strictest,
                  "the strictest profile that loses nothing; the default");
  parser.add_texts(
      "--ignore", "NEED", options.ignores,
      "leave out a need whose refusal is harmless, as syscall:personality or file:/etc/x; * and ? "
      "stand for anything; may be repeated");
  parser.add_flag("--doubtful", options.with_doubtful, "count needs that are in doubt as needed");
  parser.add_choice("--format", {"report", "dropin", "nix"}, options.format, "what is printed");
  parser.add_text("-o,--output", "FILE", options.output,
                  "write the drop-in, or the Nix words, there beside the report");
  add_tree_options(parser, options.tree);
  add_machine_options(parser, options.machine);
  parser.add_flag("--json", options.json, "print one JSON record");
  parser.add_note(
      "Exit status: 0 done; 1 something was recorded that no grant opens; 2 a fault, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;
  const auto complain = [&](const Error& error) {
    console.report("suggest", error);
    return kExitTrouble;
  };
  const catalogue::Profile* profile = nullptr;
  if (options.profile) {
    if (options.strictest)
      return complain({Errc::invalid, "--profile and --strictest do not go together", 0, {}, {}, {}});
    const auto parsed = parse_profile(*options.profile);
    if (!parsed) return complain(parsed.error());
    profile = *parsed;
  }

  const std::vector<std::string> files(options.words.begin() + 1, options.words.end());
  const auto opened = open_unit_for_policy(options.tree, options.words.front(), console);
  if (!opened) return kExitTrouble;
  const auto& [source, selected, loaded] = *opened;
  auto target = read_target(options.machine, source, console);
  if (!target) return kExitTrouble;
  target->runs_as = runs_as_of(loaded.settings);
  const auto read = read_recordings(files, selected.label, console);
  if (!read) return kExitTrouble;
  auto ignores = read_ignores(options, loaded, console);
  if (!ignores) return kExitTrouble;

  const SuggestOptions search{std::move(*ignores), options.with_doubtful};
  const SuggestReport report =
      make_report(selected, read->recording, search, profile, *target, loaded, source.mode());
  if (options.output) {
    const std::string text = options.format == "nix" ? suggest_nix(report) : suggest_drop_in(report);
    if (const auto written = write_output(*options.output, text, 0644); !written) {
      console.report(written.error());
      return kExitTrouble;
    }
  }
  if (options.json)
    console.write(suggest_json(report));
  else if (options.format == "report" || options.output)
    console.write(suggest_text(report, console.width(), console.style()));
  else
    console.write(options.format == "nix" ? suggest_nix(report) : suggest_drop_in(report));
  return report.suggestion.lost.empty() && read->is_whole ? kExitFine : kExitFinding;
}

}  // namespace harden
