// SPDX-License-Identifier: LGPL-2.1-or-later
// harden suggest: from recordings to the smallest policy.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "cli/ask.h"
#include "cli/command_unit.h"
#include "cli/commands.h"
#include "cli/companion.h"
#include "cli/policy_options.h"
#include "cli/recordings.h"
#include "emit/suggest_report.h"
#include "needs/recording_file.h"
#include "unit/words.h"
#include "util/file_write.h"
#include "util/scratch_dir.h"

namespace harden {
namespace {

// Where --apply leaves what it puts on, for the eyes of whoever looks later.
constexpr const char* kSuggestedDir = "/var/lib/harden/suggested";

struct Options {
  TreeOptions tree;
  PolicyOptions machine;
  std::vector<std::string> words, ignores;
  std::optional<std::string> profile, output, trial, check;
  std::string format = "report";
  bool is_command = false, with_doubtful = false, strictest = false, json = false;
  bool asks = false, reads_code = false, applies = false, dangerous = false;
};

int complain(const Console& console, std::string message, std::string hint = {}) {
  console.report("suggest", Error{Errc::invalid, std::move(message), 0, {}, std::move(hint), {}});
  return kExitTrouble;
}

std::optional<int> read_options(Arguments arguments, Options& options, Console& console) {
  OptionParser parser(
      "suggest",
      "The smallest policy that covers what was recorded: the strictest profile and the fewest, "
      "least dangerous grants, each with its evidence.",
      "UNIT|FILE [RECORDING…] | -- CMD…");
  parser.add_arguments(options.words, 1);
  parser.add_text("--profile", "NAME", options.profile,
                  "the profile; default: the strictest that loses nothing");
  parser.add_flag("--strictest", options.strictest,
                  "the strictest profile that loses nothing; the default");
  parser.add_texts(
      "--ignore", "NEED", options.ignores,
      "leave out a need whose refusal is harmless, as syscall:personality or file:/etc/x; * and ? "
      "stand for anything; may be repeated");
  parser.add_flag("--doubtful", options.with_doubtful, "count needs that are in doubt as needed");
  parser.add_flag(
      "--static", options.reads_code,
      "also what the programs' code can do (`harden scan`): in doubt where no recording shows it");
  parser.add_flag("--ask", options.asks, "go through the grants one by one, on a terminal");
  parser.add_flag("--apply", options.applies, "put it on the unit, as `harden apply` does");
  parser.add_text("--trial", "TIME", options.trial, "with --apply: as there");
  parser.add_text("--check", "COMMAND", options.check, "with --apply: as there");
  parser.add_flag("--dangerous", options.dangerous,
                  "with --apply: also with grants that leave next to nothing shut");
  parser.add_choice("--format", {"report", "dropin", "nix"}, options.format, "what is printed");
  parser.add_text("-o,--output", "FILE", options.output,
                  "write the drop-in, or the Nix words, there beside the report");
  add_tree_options(parser, options.tree);
  add_machine_options(parser, options.machine);
  parser.add_flag("--json", options.json, "print one JSON record");
  parser.add_note(
      "Without a recording: those that `harden record` has kept of the unit. A command is run and "
      "recorded, "
      "and the suggestion is for a unit that starts it.");
  parser.add_note(
      "Exit status: 0 done; 1 something was recorded that no grant opens; 2 a fault, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return code;

  options.is_command = std::ranges::find(arguments, "--") != arguments.end();
  if (options.profile && options.strictest)
    return complain(console, "--profile and --strictest do not go together");
  if (options.asks && (::isatty(STDIN_FILENO) == 0 || !console.talks_to_terminal()))
    return complain(console, "--ask needs a terminal", "--ignore leaves out needs without a question");
  if (options.applies && (options.is_command || options.tree.root || options.tree.for_systemd))
    return complain(console, "--apply is for a unit of this machine", "-o FILE writes the drop-in");
  if (!options.applies && (options.trial || options.check || options.dangerous))
    return complain(console, "--trial, --check and --dangerous go with --apply");
  return std::nullopt;
}

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

// Becomes `harden apply`; comes back only with a reason not to.
int apply(const Options& options, const SuggestReport& report, const Console& console) {
  const auto bad =
      std::ranges::find(report.suggestion.grants, catalogue::Danger::high, &SuggestedGrant::danger);
  if (bad != report.suggestion.grants.end() && !options.dangerous)
    return complain(console, "not applied: " + bad->grant.text() + " leaves next to nothing shut",
                    "--dangerous applies it all the same");
  for (const char* dir : {"/var/lib/harden", kSuggestedDir})
    if (::mkdir(dir, S_IRWXU) < 0 && errno != EEXIST) {
      console.report(fail_errno(errno, "cannot make the folder", {dir, 0}).error());
      return kExitTrouble;
    }
  const std::string file = std::string(kSuggestedDir) + "/" + report.unit + ".conf";
  if (const auto written = replace_file(file, suggest_drop_in(report), S_IRUSR | S_IWUSR); !written) {
    console.report(written.error());
    return kExitTrouble;
  }
  std::vector<std::string> words = {"apply", report.unit, "--from=" + file};
  if (options.trial) words.push_back("--trial=" + *options.trial);
  if (options.check) words.push_back("--check=" + *options.check);
  return run_companion("harden-live", words, console);
}

// What the unit's programs can do by their code, as a recording. Nothing: they cannot be read, which has
// been said.
std::optional<Recording> scan(const Options& options, const SelectedUnit& selected,
                              const Console& console) {
  const auto dir = ScratchDir::make();
  if (!dir) {
    console.report(dir.error());
    return std::nullopt;
  }
  const std::string file = dir->path() + "/scan.jsonl";
  const std::string what = options.is_command
                               ? find_program(options.words.front())
                               : (selected.argument.empty() ? selected.label : selected.argument);
  std::vector<std::string> words = {what, "--format=recording", "--output=" + file};
  if (options.tree.root) words.push_back("--root=" + *options.tree.root);
  if (call_companion("harden-scan", words, console) > kExitFinding) return std::nullopt;
  auto read = read_recording(file);
  if (read) return std::move(read->recording);
  console.report(read.error());
  return std::nullopt;
}

int print(const Options& options, const SuggestReport& report, Console& console) {
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
  return kExitFine;
}

}  // namespace

int run_suggest(Arguments arguments, Console& console) {
  Options options;
  if (const auto code = read_options(arguments, options, console)) return *code;
  const catalogue::Profile* profile = nullptr;
  if (options.profile) {
    const auto parsed = parse_profile(*options.profile);
    if (!parsed) {
      console.report("suggest", parsed.error());
      return kExitTrouble;
    }
    profile = *parsed;
  }

  std::vector<std::string> files;
  if (options.is_command) {
    const auto file = record_command(options.words, console);
    if (!file) return kExitTrouble;
    files = {*file};
  } else {
    files.assign(options.words.begin() + 1, options.words.end());
  }
  const auto opened = options.is_command
                          ? unit_of_command(options.tree, options.words, console)
                          : open_unit_for_policy(options.tree, options.words.front(), console);
  if (!opened) return kExitTrouble;
  const auto& [source, selected, loaded] = *opened;
  auto target = read_target(options.machine, source, console);
  if (!target) return kExitTrouble;
  target->runs_as = runs_as_of(loaded.settings);
  auto read = read_recordings(std::move(files), selected.label, options.tree.root, console);
  if (!read) return kExitTrouble;
  if (options.reads_code) {
    const auto predicted = scan(options, selected, console);
    if (!predicted) return kExitTrouble;
    read->recording = merge(std::move(read->recording), *predicted);
  }
  const auto ignores = read_ignores(options, loaded, console);
  if (!ignores) return kExitTrouble;

  const MakeReport make = [&](const std::vector<std::string>& words) {
    return make_report(selected, read->recording, {words, options.with_doubtful}, profile, *target, loaded,
                       source.mode());
  };
  auto report = options.asks ? ask_for_grants(make, *ignores, console) : make(*ignores);
  if (!report) {
    console.say("given up; nothing was written");
    return kExitTrouble;
  }
  if (const int code = print(options, *report, console); code != kExitFine) return code;
  if (!report->suggestion.lost.empty() || !read->is_whole) {
    if (options.applies) console.say("not applied: it would lose what no grant opens");
    return kExitFinding;
  }
  return options.applies ? apply(options, *report, console) : kExitFine;
}

}  // namespace harden
