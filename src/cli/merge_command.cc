// SPDX-License-Identifier: LGPL-2.1-or-later
// harden merge: several recordings as one. harden record is a program of its own.
#include <pwd.h>

#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/companion.h"
#include "cli/option_parser.h"
#include "needs/recording_file.h"

namespace harden {
namespace {

// People of this machine, for --redact: it may know names that no path of the recording gives away.
std::vector<std::string> names_of_people() {
  constexpr uid_t kFirst = 1000;
  constexpr uid_t kLast = 60000;
  std::vector<std::string> names;
  FILE* file = std::fopen("/etc/passwd", "re");
  if (file == nullptr) return names;   // then there are none that it could know
  while (const passwd* entry = ::fgetpwent(file))
    if (entry->pw_uid >= kFirst && entry->pw_uid <= kLast) names.emplace_back(entry->pw_name);
  (void)std::fclose(file);   // it was only read
  return names;
}

}  // namespace

int run_record(Arguments arguments, Console& console) {
  return run_companion("harden-record", arguments, console);
}

int run_merge(Arguments arguments, Console& console) {
  std::vector<std::string> files;
  std::optional<std::string> output;
  bool wants_redacted = false;
  OptionParser parser(
      "merge",
      "Several recordings as one, in any order: all needs, counts added, each recording once "
      "however often it comes. \"-\" is the standard input.",
      "RECORDING…");
  parser.add_arguments(files, 1);
  parser.add_text("-o,--output", "FILE", output,
                  "write it there, compressed if it is large; default: the standard output");
  parser.add_flag("--redact", wants_redacted, "leave out user names and what lies below homes");
  parser.add_note(
      "Exit status: 0 done; 1 done, but something of a recording could not be read; 2 trouble.");
  if (const auto code = parser.parse(arguments, console)) return *code;

  Recording all;
  bool is_whole = true;
  for (const std::string& file : files) {
    auto read = read_recording(file);
    if (!read) {
      console.report(read.error());
      return kExitTrouble;
    }
    for (const Diagnostic& one : read->diagnostics) {
      console.report(one);
      is_whole = is_whole && one.severity != Severity::error;
    }
    all = merge(std::move(all), read->recording);
  }
  if (wants_redacted) all = redact(all, names_of_people());
  if (!output) {
    console.write(print_recording(all));
  } else if (const auto written = write_recording(all, *output); !written) {
    console.report(written.error());
    return kExitTrouble;
  }
  return is_whole ? kExitFine : kExitFinding;
}

}  // namespace harden
