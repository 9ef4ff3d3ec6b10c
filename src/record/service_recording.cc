// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/service_recording.h"

#include <sys/stat.h>

#include <algorithm>

#include "catalogue/syscall_names.h"
#include "record/process_lookup.h"
#include "util/text.h"

namespace harden::record {
namespace {

bool is_start_line(const ExecLine& line) {
  return line.directive == "ExecCondition" || line.directive.starts_with("ExecStart");
}

}  // namespace

ServiceRecording::ServiceRecording(Collector collector, std::vector<ExecLine> lines)
    : collector_(std::move(collector)), lines_(std::move(lines)), last_new_ms_(now_ms()) {
  lookup_.resolve = resolve_for;
  lookup_.name_of = process_name;
  lookup_.unit_of = process_unit;
}

// The command of the unit that this is. Of the lines of a start those that have had their turn come last,
// since several may run one program.
std::string ServiceRecording::line_of(const Exec& exec) {
  const auto is_it = [&](const ExecLine& line) {
    return line.program == exec.path || line.program == exec.name ||
           base_name(line.program) == base_name(exec.name);
  };
  for (const std::size_t from : {next_line_, std::size_t{0}})
    for (std::size_t i = from; i < lines_.size(); ++i)
      if (is_start_line(lines_[i]) && is_it(lines_[i]) && phase_ == Phase::start) {
        next_line_ = i + 1;
        return lines_[i].directive;
      }
  for (const bool starts : {false, true})
    for (const ExecLine& line : lines_)
      if (is_start_line(line) == starts && is_it(line)) return line.directive;
  return {};
}

ServiceRecording::Known& ServiceRecording::known(const Process& process) {
  if (process.pid > 0) own_.insert(process.pid);
  const auto [at, is_new] = processes_.try_emplace(process.id);
  if (is_new && process.pid > 0) at->second.exe = process_exe(process.pid);
  return at->second;
}

void ServiceRecording::add(const Process& process, const Finding& finding, CountKey key) {
  const Known& about = known(process);
  const auto command = processes_.find(process.command);
  const std::string line =
      about.exec_line.empty() && command != processes_.end() ? command->second.exec_line : about.exec_line;
  FirstUse first{process.at_ms, process.comm, about.exe, line, {}};
  Phase phase = phase_;
  if (line == "ExecReload") phase = Phase::reload;
  if (line.starts_with("ExecStop")) phase = Phase::stop;
  if (phase == Phase::reload) collector_.source().reload_seen = true;
  if (phase == Phase::stop) collector_.source().stop_seen = true;
  if (const auto* file = std::get_if<FileUse>(&finding.detail))
    first.host_path = host_path_of(process.pid, file->path);
  if (const auto* socket = std::get_if<UnixUse>(&finding.detail))
    first.host_path = host_path_of(process.pid, socket->address);
  if (collector_.add(finding, first, static_cast<Phases>(phase), key)) last_new_ms_ = now_ms();
}

void ServiceRecording::add_exec(const Process& process, const Exec& exec, CountKey key) {
  Known& about = known(process);
  about.exe = exec.path;
  if (exec.is_command) about.exec_line = line_of(exec);
  const auto add_file = [&](FileAccess access, const std::string& path) {
    add(process, {FileUse{access, NodeType::regular, path, {}, false}, 0}, key);
  };
  add_file(FileAccess::execute, exec.path);
  if (exec.name.starts_with('/') && exec.name != exec.path) {   // a script, or another name of the same
    const std::string script = resolve_for(process.pid, exec.name).value_or(exec.path);
    if (script != exec.path) add_file(FileAccess::execute, script);
  }
  if (const auto loader = loader_of(process.pid, exec.path))
    add_file(FileAccess::map_execute, resolve_for(process.pid, *loader).value_or(*loader));
  if (exec.gains_privileges)
    add(process,
        {SetIdExec{exec.path, (exec.mode & S_ISUID) != 0   ? Gain::user
                              : (exec.mode & S_ISGID) != 0 ? Gain::group
                                                           : Gain::capabilities},
         0},
        key);
}

void ServiceRecording::add_call(const Process& process, const Seen& seen, CountKey key) {
  (void)known(process);
  Lookup lookup = lookup_;
  lookup.is_own = [this](std::int32_t pid) { return own_.contains(pid); };
  for (const Finding& finding : interpret(seen, lookup)) add(process, finding, key);
}

void ServiceRecording::add_running(std::int32_t pid) {
  // Negative, so that it is no process that the backend names.
  const Process process{0x80000000U | static_cast<std::uint32_t>(pid), 0, pid, process_name(pid), now_ms()};
  Lookup lookup = lookup_;
  lookup.is_own = [this](std::int32_t other) { return own_.contains(other); };
  for (const Finding& finding : findings_of_running(pid, lookup)) add(process, finding);
}

void ServiceRecording::add_waiting() {
  for (const std::int32_t pid : own_) {
    const Process process{0x80000000U | static_cast<std::uint32_t>(pid), 0, pid, process_name(pid),
                          now_ms()};
    for (const unsigned call : calls_in_progress(pid))
      if (const std::string_view name = syscall_name(call); !name.empty())
        add(process, {SyscallUse{"x86-64", std::string(name)}, {}});
  }
}

}  // namespace harden::record
