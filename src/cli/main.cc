// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the command and runs it. What a command does is in its own file.
#include <malloc.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "cli/commands.h"
#include "cli/companion.h"
#include "cli/console.h"
#include "emit/table.h"
#include "util/text.h"

namespace {

using namespace harden;

constexpr char kApply[] = "apply", kConfirm[] = "confirm", kRollback[] = "rollback", kStatus[] = "status";

// What needs the running manager is a program beside this one.
template <const char* kName>
int run_live(Arguments arguments, Console& console) {
  std::vector<std::string> words = {kName};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_companion("harden-live", words, console);
}

constexpr std::array kCommands = {
    Command{"score", "how exposed services are, as systemd-analyze security computes it", run_score},
    Command{"show", "every setting of a unit with its origin, and what stays open", run_show},
    Command{"diff", "what a change tightens and what it loosens", run_diff},
    Command{"compile", "the settings that a unit's policy amounts to", run_compile},
    Command{"grants", "what a policy can open, by name", run_grants},
    Command{"profiles", "what each profile shuts, and the grants that open it", run_profiles},
    Command{"upgrade", "the grants that keep a unit's privileges under another profile", run_upgrade},
    Command{"scan", "the system calls that a program can make, and why", run_scan},
    Command{"record", "what a service needs, seen while it runs", run_record},
    Command{"suggest", "the smallest policy for what was recorded, with its evidence", run_suggest},
    Command{"check", "what of a recording a policy would refuse, and what opens it", run_check},
    Command{"merge", "several recordings of a service as one", run_merge},
    Command{"apply", "put a policy on a unit, and keep it if the unit runs well", run_live<kApply>},
    Command{"confirm", "keep the policy that is on trial", run_live<kConfirm>},
    Command{"rollback", "put a unit back as it was", run_live<kRollback>},
    Command{"status", "what was applied, and whether it is still so", run_live<kStatus>},
    Command{"lint", "what is wrong with a unit's files although systemd loads them", run_lint},
};

void print_help(Console& console) {
  std::string out;
  print_paragraph(out, "usage: ", "harden COMMAND [ARGUMENT…] [OPTION…]", console.width(), console.style(),
                  Ink::strong);
  print_paragraph(out, {}, "Additive, least-privilege hardening for systemd services.", console.width(),
                  console.style());
  out += '\n';
  for (const Command& command : kCommands) {
    constexpr std::size_t kNameWidth = 10;
    std::string head = "  " + std::string(command.name);
    head.append(kNameWidth - command.name.size(), ' ');
    print_paragraph(out, head, command.summary, console.width(), console.style());
  }
  out += "\n'harden COMMAND --help' tells more.\n";
  console.write(out);
}

void print_version(Console& console) {
  std::string out = "harden " HARDEN_VERSION ", with the tables of systemd";
  std::string_view comma = " ";
  for (const unsigned version : catalogue::kVersions) {
    out.append(comma).append(std::to_string(version));
    comma = ", ";
  }
  console.write(out + "\n");
}

int run(const std::vector<std::string>& words, Console& console) {
  if (words.empty()) {
    console.report(Error{Errc::invalid, "there is no command", 0, {}, "'harden help' lists them", {}});
    return kExitTrouble;
  }
  std::string name = words.front();
  std::vector<std::string> arguments(words.begin() + 1, words.end());
  if (name == "--version") {
    print_version(console);
    return kExitFine;
  }
  if (name == "help" && !arguments.empty()) {   // `harden help score` is `harden score --help`
    name = arguments.front();
    arguments = {"--help"};
  }
  if (name == "help" || name == "--help" || name == "-h") {
    print_help(console);
    return kExitFine;
  }
  const auto command = std::ranges::find(kCommands, std::string_view(name), &Command::name);
  if (command != kCommands.end()) return command->run(arguments, console);

  std::vector<std::string_view> names = {"help", "--help", "--version"};
  for (const Command& one : kCommands) names.push_back(one.name);
  const auto near = nearest(name, names);
  console.report(
      Error{Errc::invalid,
            (name.starts_with('-') ? "there is no option " : "there is no command ") + name,
            0,
            {},
            near ? "did you mean " + std::string(*near) + "?" : "'harden help' lists the commands",
            {}});
  return kExitTrouble;
}

}  // namespace

int main(int argc, char** argv) {
  // Units are read one after another. Memory that one has freed is kept for the next, instead of going back
  // to the kernel and coming again page by page.
  constexpr int kKeptBytes = 64 << 20;
  constexpr int kGrowthBytes = 1 << 20;
  (void)mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  (void)mallopt(M_TOP_PAD, kGrowthBytes);
  return run_program(argc, argv, run);
}
