// SPDX-License-Identifier: LGPL-2.1-or-later
// harden-live: the commands that need the running manager. The first argument is the command's name.
#include <algorithm>
#include <array>
#include <csignal>

#include "live/commands.h"

namespace {

using namespace harden;

constexpr std::array kCommands = {
    Command{"apply", "", apply_units},
    Command{"confirm", "", confirm_units},
    Command{"rollback", "", rollback_units},
    Command{"status", "", show_status},
};

int run(const std::vector<std::string>& words, Console& console) {
  const auto command = words.empty()
                           ? kCommands.end()
                           : std::ranges::find(kCommands, std::string_view(words.front()), &Command::name);
  if (command == kCommands.end()) {
    console.report(Error{Errc::invalid, "is part of harden", 0, {}, "run `harden help`", {}});
    return kExitTrouble;
  }
  return command->run(std::span(words).subspan(1), console);
}

}  // namespace

int main(int argc, char** argv) { return run_program(argc, argv, run); }
