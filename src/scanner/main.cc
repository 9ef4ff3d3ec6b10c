// SPDX-License-Identifier: LGPL-2.1-or-later
// harden-scan: the command `scan` with a disassembler.
#include <csignal>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/console.h"
#include "decode/x86_64.h"

int main(int argc, char** argv) {
  using namespace harden;
  (void)std::signal(SIGPIPE, SIG_DFL);   // `harden scan X | head` ends quietly
  Console console;
  try {
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    return console.finish(scan_programs(arguments, reach::x86_64(), console));
  } catch (const std::bad_alloc&) {
    console.say("harden: out of memory");
  } catch (const std::exception& error) {
    console.say(std::string("harden: internal error: ") + error.what());
  }
  return kExitTrouble;
}
