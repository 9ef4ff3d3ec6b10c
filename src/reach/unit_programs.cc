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

std::vector<std::string> programs_of_unit(const FileSystem& fs, const Unit& unit,
                                          unsigned systemd_version) {
  std::vector<std::string> programs;
  const auto read_file = [&](const UnitFile& file) {
    for (const Entry& entry : file.entries()) {
      if (entry.kind != EntryKind::assignment || entry.section != "Service" ||
          !entry.key.starts_with("Exec"))
        continue;
      const ParsedCommands parsed =
          parse_command_line(entry.value, {.name = &unit.name, .systemd = systemd_version});
      for (const ExecCommand& command : parsed.commands) {
        const std::string program = in_path(fs, command.program);
        if (!program.empty() && std::ranges::find(programs, program) == programs.end())
          programs.push_back(program);
      }
    }
  };
  if (unit.fragment) read_file(*unit.fragment);
  for (const UnitFile& file : unit.drop_ins) read_file(file);
  return programs;
}

}  // namespace harden::reach
