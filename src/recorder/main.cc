// SPDX-License-Identifier: LGPL-2.1-or-later
// harden-record: the command `record` with the recorder.
#include <string>
#include <vector>

#include "cli/console.h"
#include "recorder/record_command.h"

int main(int argc, char** argv) {
  using namespace harden;
  return run_program(argc, argv, [](const std::vector<std::string>& arguments, Console& console) {
    return record_service(arguments, console);
  });
}
