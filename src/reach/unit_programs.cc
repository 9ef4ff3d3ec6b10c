// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/unit_programs.h"

#include <algorithm>

#include "settings/command_line.h"

namespace harden::reach {
namespace {

std::string in_path(const FileSystem& fs, const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  for (const char* dir :
       {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"})
    if (fs.stat_type(dir + program)) return dir + program;
  return program;
}

}  // namespace

std::vector<std::string> programs_of_unit(const FileSystem& fs, const LoadedUnit& unit) {
  std::vector<std::string> programs;
  const SpecifierContext context{&unit.unit.name, unit.unit.fragment_real_path, unit.systemd->version};
  for (const Contribution& line : unit.contributions) {
    if (catalogue::directive(line.directive).kind != catalogue::Kind::commands) continue;
    for (const ExecCommand& command : parse_command_line(line.text, context).commands) {
      const std::string program = in_path(fs, command.program);
      if (!program.empty() && std::ranges::find(programs, program) == programs.end())
        programs.push_back(program);
    }
  }
  return programs;
}

}  // namespace harden::reach
