// SPDX-License-Identifier: LGPL-2.1-or-later
// harden-scan: the command `scan` with a disassembler.
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/console.h"
#include "decode/x86_64.h"

int main(int argc, char** argv) {
  using namespace harden;
  return run_program(argc, argv, [](const std::vector<std::string>& arguments, Console& console) {
    return scan_programs(arguments, reach::x86_64(), console);
  });
}
