// SPDX-License-Identifier: LGPL-2.1-or-later
// harden scan: which system calls can a program make?
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <map>

#include "cli/commands.h"
#include "cli/companion.h"
#include "cli/input_file.h"
#include "cli/option_parser.h"
#include "cli/select_units.h"
#include "emit/scan_report.h"
#include "machine/machine.h"
#include "needs/recording_file.h"
#include "reach/library_search.h"
#include "reach/unit_programs.h"
#include "unit/unit_name.h"
#include "util/text.h"

namespace harden {
namespace {

using reach::ReachSet;

struct ScanArguments {
  std::vector<std::string> what, plugins;
  std::optional<std::string> root, why, compare, cache_dir, output;
  std::optional<unsigned> for_systemd;
  std::string format = "table";
  bool json = false;
  bool no_cache = false;
};

std::optional<int> read_options(Arguments arguments, ScanArguments& options, Console& console) {
  OptionParser parser(
      "scan",
      "The system calls that a program and all that it may load can make, each with the way on which "
      "it is reached. Of several programs, and of a unit's Exec…= lines, the union.",
      "ELF…|UNIT");
  parser.add_arguments(options.what, 1);
  parser.add_text("--root", "DIR", options.root, "work on the file tree below DIR");
  parser.add_text("--why", "CALL", options.why, "only the way to this call, function by function");
  parser.add_choice("--format", {"table", "filter", "json", "recording"}, options.format,
                    "form of the output; filter: SystemCallFilter=; recording: for suggest and check");
  parser.add_flag("--json", options.json, "the same as --format=json");
  parser.add_number("--for-systemd", 1, USHRT_MAX, options.for_systemd,
                    "write the filter for systemd N; default: the systemd of the tree");
  parser.add_texts("--plugin", "FILE", options.plugins,
                   "a module that the program opens, beside those that the tree names");
  parser.add_text(
      "--compare", "FILE", options.compare,
      "hold the set against recorded calls: of `harden record`, a name a line, or strace's output");
  parser.add_text("-o,--output", "FILE", options.output, "write the recording there");
  parser.add_text("--cache", "DIR", options.cache_dir, "keep what was read of each module there");
  parser.add_flag("--no-cache", options.no_cache, "read every module anew");
  parser.add_note(
      "Exit status: 0 done; 1 calls were recorded that were not predicted, or the set may lack calls and "
      "is no "
      "filter; 2 there is no such program, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return code;
  if (options.json) options.format = "json";
  if (options.output && options.format != "recording") {
    console.report("scan", Error{Errc::invalid, "-o goes with --format=recording", 0, {}, {}, {}});
    return kExitTrouble;
  }
  return std::nullopt;
}

bool is_unit_argument(const std::string& argument) {
  const std::size_t dot = argument.rfind('.');
  if (argument.find('/') == std::string::npos) return true;
  return dot != std::string::npos && is_unit_type(std::string_view(argument).substr(dot + 1));
}

std::string path_in_tree(const std::string& argument, bool has_root) {
  std::array<char, PATH_MAX> here;
  if (argument.starts_with('/') || has_root || ::getcwd(here.data(), here.size()) == nullptr)
    return argument.starts_with('/') ? argument : "/" + argument;
  return std::string(here.data()) + "/" + argument;
}

// The programs that a unit's own lines start, each once. Nothing: there is no such unit, which was said.
std::optional<std::vector<std::string>> programs_of_argument(const ScanArguments& options,
                                                             const std::string& name, const FileSystem& fs,
                                                             const Console& console) {
  TreeOptions tree;
  tree.root = options.root;
  tree.for_systemd = options.for_systemd;
  const std::vector<std::string> names = {name};
  const auto source = open_units(tree, names, console);
  if (!source) return std::nullopt;
  for (const auto& [argument, error] : source->failed()) console.report(argument, error);
  if (source->selected().empty()) return std::nullopt;
  const SelectedUnit& selected = source->selected().front();
  const LoadedUnit loaded = source->load(selected, false);
  if (!loaded.unit.fragment) {
    console.report(selected.label,
                   loaded.refusal.value_or(Error{Errc::not_found, "there is no such unit", 0, {}, {}, {}}));
    return std::nullopt;
  }
  auto programs = reach::programs_of_unit(fs, loaded);
  if (programs.empty())
    console.report(selected.label, Error{Errc::invalid, "starts no program", 0, {}, {}, {}});
  return programs;
}

// Of a call that both make, what is known better counts.
void merge(ReachSet& all, ReachSet one) {
  if (all.program.empty()) {
    all = std::move(one);
    return;
  }
  all.program += " " + one.program;
  for (reach::ReachedCall& call : one.calls) {
    const auto at = std::ranges::lower_bound(all.calls, call.name, {}, &reach::ReachedCall::name);
    if (at == all.calls.end() || at->name != call.name)
      all.calls.insert(at, std::move(call));
    else if (call.confidence < at->confidence)
      *at = std::move(call);
  }
  for (reach::ClosureEntry& entry : one.closure)
    if (std::ranges::find(all.closure, entry.path, &reach::ClosureEntry::path) == all.closure.end())
      all.closure.push_back(std::move(entry));
  const auto append = [](std::vector<std::string>& to, std::vector<std::string>& from) {
    for (std::string& text : from)
      if (std::ranges::find(to, text) == to.end()) to.push_back(std::move(text));
  };
  append(all.through, one.through);
  append(all.assumed, one.assumed);
  append(all.started, one.started);
  append(all.objections, one.objections);
  for (reach::UnresolvedSite& site : one.unresolved) all.unresolved.push_back(std::move(site));
}

// Of a recording, a list of names or strace's output.
Result<std::vector<std::string>> read_calls(const std::string& file) {
  if (const auto recording = read_recording(file)) return reach::recorded_calls(recording->recording);
  HARDEN_TRY(const std::string text, read_input_file(file));
  return reach::read_recorded_calls(text);
}

int print_why(const ReachSet& set, const std::string& name, Console& console) {
  const auto call = std::ranges::find(set.calls, name, &reach::ReachedCall::name);
  if (call == set.calls.end()) {
    console.say(set.program + " is not seen to make " + name);
    return kExitFinding;
  }
  console.write(witness_text(*call, console.width(), console.style()));
  return kExitFine;
}

int print_set(const ReachSet& set, const ScanArguments& options, const FileSystem& fs, Console& console) {
  if (options.format == "json") {
    console.write(scan_json(set));
    return kExitFine;
  }
  if (options.format == "table") {
    console.write(scan_text(set, console.width(), console.style()));
    return kExitFine;
  }
  for (const std::string& one : set.objections)
    console.report(Diagnostic{Severity::error, "incomplete", {}, one, {}});
  if (options.format == "recording") {
    const std::string unit = options.what.size() == 1 && is_unit_argument(options.what.front())
                                 ? with_suffix(std::string(base_name(options.what.front())))
                                 : std::string();
    const Recording recording = as_recording(set, unit);
    if (!options.output) {
      console.write(print_recording(recording));
    } else if (const auto written = write_recording(recording, *options.output); !written) {
      console.report(written.error());
      return kExitTrouble;
    }
    return set.objections.empty() ? kExitFine : kExitFinding;
  }
  if (!set.objections.empty()) {
    console.say("no filter was written: it might refuse calls that " + set.program + " makes");
    return kExitFinding;
  }
  const unsigned version =
      options.for_systemd.value_or(find_systemd_version(fs).value_or(catalogue::kVersions.back()));
  console.write(filter_text(set, catalogue::nearest_systemd(version)));
  return kExitFine;
}

}  // namespace

int run_scan(Arguments arguments, Console& console) {
  return run_companion("harden-scan", arguments, console);
}

int scan_programs(Arguments arguments, const reach::Isa& isa, Console& console) {
  ScanArguments options;
  if (const auto code = read_options(arguments, options, console)) return *code;
  const auto fs = RootDir::open(options.root.value_or("/"));
  if (!fs) {
    console.report(fs.error());
    return kExitTrouble;
  }
  const reach::Cache cache(options.cache_dir.value_or(reach::Cache::default_dir()));
  reach::ScanOptions scan{&isa, options.plugins, options.no_cache ? nullptr : &cache, {}};
  if (console.talks_to_terminal()) scan.progress = [&](std::string_view line) { console.say(line); };

  std::vector<std::string> programs;
  for (const std::string& argument : options.what) {
    if (!is_unit_argument(argument)) {
      programs.push_back(path_in_tree(argument, options.root.has_value()));
      continue;
    }
    const auto of_unit = programs_of_argument(options, argument, *fs, console);
    if (!of_unit || of_unit->empty()) return kExitTrouble;
    programs.insert(programs.end(), of_unit->begin(), of_unit->end());
  }
  ReachSet all;
  for (const std::string& program : programs) {
    auto set = reach::scan_program(*fs, program, scan);
    if (!set) {
      console.report(program, set.error());
      return kExitTrouble;
    }
    merge(all, std::move(*set));
  }
  if (options.why) return print_why(all, *options.why, console);
  if (options.compare) {
    const auto recorded = read_calls(*options.compare);
    if (!recorded) {
      console.report(recorded.error());
      return kExitTrouble;
    }
    const reach::Comparison comparison = compare_calls(all, *recorded);
    console.write(comparison_text(all, comparison, console.width(), console.style()));
    return comparison.missed.empty() ? kExitFine : kExitFinding;
  }
  return print_set(all, options, *fs, console);
}

}  // namespace harden
