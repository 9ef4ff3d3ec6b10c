// SPDX-License-Identifier: LGPL-2.1-or-later
// harden record: options → a recording → where it is and what it is worth.
#include "recorder/record_command.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cli/option_parser.h"
#include "record/session.h"
#include "unit/unit_name.h"
#include "util/time_span.h"

namespace harden {
namespace {

struct RecordArguments {
  std::vector<std::string> what;
  record::Request request;
  std::optional<std::string> duration, output;
  std::string backend = "auto";
  std::vector<std::string> without;
};

std::optional<int> read_options(Arguments arguments, RecordArguments& options, Console& console) {
  OptionParser parser(
      "record",
      "What a service needs, seen while it runs: the files, sockets, capabilities, system calls "
      "and more that its processes use, each with its first user and its count, as a file for harden "
      "suggest and harden check. Nothing of the service is changed.",
      "UNIT | -- CMD… | --all");
  parser.add_arguments(options.what, 0);
  parser.add_flag("--restart", options.request.restart,
                  "restart the unit, so that its start is part of it");
  parser.add_text("--for", "TIME", options.duration, "end after so long: 90, 10min, 2h");
  parser.add_flag("--until-stopped", options.request.until_stopped, "end when the unit has stopped");
  parser.add_flag("--all", options.request.all,
                  "every service of the machine, also those that start later");
  parser.add_flag("--user", options.request.user, "a unit of the user's own manager");
  parser.add_text(
      "-o,--output", "FILE", options.output,
      "where the recording goes, of --all a folder; default: /var/lib/harden/recordings/UNIT/, for a "
      "command a file here");
  parser.add_choice("--backend", {"auto", "ebpf", "ptrace"}, options.backend,
                    "auto: eBPF, or ptrace for a command where that is not to be had");
  parser.add_flag(
      "--always", options.request.always,
      "watch system calls all the time; default: after 30 s and while nothing new comes, a tenth of it");
  parser.add_texts("--without-program", "NAME", options.without,
                   "do not use this kernel program: to see what the next best is worth");
  parser.add_note(
      "It ends by SIGINT (Ctrl-C) or SIGTERM, too, and keeps what it has. Exit status: 0 recorded; 1 "
      "recorded, "
      "but events were lost; 2 trouble.");
  return parser.parse(arguments, console);
}

// A word that is no unit's name yet: "nginx" is nginx.service.
std::string unit_of_word(const std::string& word) {
  const std::size_t dot = word.rfind('.');
  return dot != std::string::npos && is_unit_type(std::string_view(word).substr(dot + 1))
             ? word
             : word + ".service";
}

int complain(const Console& console, std::string message, std::string hint) {
  console.report("record", Error{Errc::invalid, std::move(message), 0, {}, std::move(hint), {}});
  return kExitTrouble;
}

// From the words to what is asked for; the exit code if that is not clear.
std::optional<int> fill_request(RecordArguments& options, bool is_command, const Console& console) {
  record::Request& request = options.request;
  if (is_command) {
    request.command = options.what;
    if (request.command.empty())
      return complain(console, "there is no command behind --", "harden record -- CMD…");
    if (request.restart || request.until_stopped || request.all || request.user)
      return complain(console, "--restart, --until-stopped, --all and --user are for units",
                      "harden record UNIT");
  } else if (request.all) {
    if (!options.what.empty() || request.restart || request.until_stopped)
      return complain(console, "--all takes no unit, --restart or --until-stopped",
                      "harden record --all --for=1d");
  } else if (options.what.size() != 1) {
    return complain(
        console, "needs one unit, or -- and a command",
        "harden record nginx --restart --for=10min; harden record -- CMD…; harden record --all");
  } else {
    request.unit = unit_of_word(options.what.front());
    if (!is_unit_name(request.unit))
      return complain(console, "'" + options.what.front() + "' is no unit's name",
                      "a program goes behind --");
  }
  if (options.duration) {
    const auto span = parse_time_span(*options.duration);
    if (!span) {
      console.report("record", span.error());
      return kExitTrouble;
    }
    request.duration = *span;
  }
  request.output = options.output.value_or("");
  request.refused_programs = options.without;
  if (options.backend == "ptrace" && !is_command)
    return complain(console, "the ptrace backend records commands only",
                    "harden record --backend=ptrace -- CMD…");
  return std::nullopt;
}

class ProgressLine {
 public:
  explicit ProgressLine(const Console& console) : on_(console.talks_to_terminal()) {}
  ~ProgressLine() { clear(); }
  void show(const record::Progress& now) {
    if (!on_) return;
    std::string line = time_span_text(now.elapsed) + "  " + std::to_string(now.needs) + " needs";
    if (now.services > 1) line += " of " + std::to_string(now.services) + " services";
    constexpr std::chrono::seconds kSoon{5};
    if (now.since_new > kSoon) line += "  nothing new for " + time_span_text(now.since_new);
    line += "  " + std::to_string(now.events) + " events";
    if (now.lost != 0) line += "  " + std::to_string(now.lost) + " LOST";
    write("\r" + line + "\x1b[K");
    shown_ = true;
  }
  void clear() {
    if (shown_) write("\r\x1b[K");
    shown_ = false;
  }

 private:
  static void write(const std::string& text) {
    (void)!::write(STDERR_FILENO, text.data(), text.size());   // a line that is not seen is no loss
  }
  bool on_;
  bool shown_ = false;
};

}  // namespace

int record_service(Arguments arguments, Console& console) {
  RecordArguments options;
  const bool is_command = std::ranges::find(arguments, "--") != arguments.end();
  if (const auto code = read_options(arguments, options, console)) return *code;
  if (const auto code = fill_request(options, is_command, console)) return *code;

  ProgressLine line(console);
  record::Watcher watcher;
  watcher.progress = [&](const record::Progress& now) { line.show(now); };
  if (!is_command) watcher.ready = [&] { console.say("recording; SIGINT (Ctrl-C) ends it"); };
  Result<record::Outcome> outcome = options.backend == "ptrace"
                                        ? record::record_with_ptrace(options.request, watcher)
                                        : record::record_with_ebpf(options.request, watcher);
  if (!outcome && options.backend == "auto" && is_command && outcome.error().code == Errc::unsupported) {
    console.say("eBPF is not to be had here (" + outcome.error().message +
                "): recording by ptrace, which is slower");
    outcome = record::record_with_ptrace(options.request, watcher);
  }
  line.clear();
  if (!outcome) {
    console.report(outcome.error());
    return kExitTrouble;
  }

  bool has_lost = false;
  for (std::size_t i = 0; i < outcome->files.size(); ++i) {
    const Recording& recording = outcome->recordings[i];
    console.write(outcome->files[i] + "\n");
    if (options.request.all && recording.needs.empty()) continue;
    console.say(std::to_string(recording.needs.size()) + " needs, " +
                std::to_string(recording.sources[0].events) + " events" +
                (options.request.all ? ": " + recording.sources[0].unit : ""));
    has_lost = has_lost || recording.sources[0].lost != 0;
    if (options.request.all) continue;
    for (const Hook& hook : recording.sources[0].hooks)
      if (hook.how == "none") console.say("not seen for want of a hook in this kernel: " + hook.misses);
    for (const std::string& one : objections(recording)) console.say("not complete: " + one);
  }
  if (is_command && outcome->command_status != 0)
    console.say(WIFSIGNALED(outcome->command_status)
                    ? "the command was ended by signal " + std::to_string(WTERMSIG(outcome->command_status))
                    : "the command ended with status " +
                          std::to_string(WEXITSTATUS(outcome->command_status)));
  return has_lost ? kExitFinding : kExitFine;
}

}  // namespace harden
