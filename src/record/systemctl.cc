// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/systemctl.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "util/text.h"
#include "util/unique_fd.h"

namespace harden::record {
namespace {

// Exec properties in the order in which systemd runs them; a start's first.
constexpr std::string_view kExecProperties[] = {"ExecCondition", "ExecStartPre", "ExecStart",
                                                "ExecStartPost", "ExecReload",   "ExecStop",
                                                "ExecStopPost"};
// What refuses things, with the value that means it does not.
constexpr std::pair<std::string_view, std::string_view> kSandbox[] = {{"SystemCallFilter", ""},
                                                                      {"RestrictAddressFamilies", ""},
                                                                      {"ProtectSystem", "no"},
                                                                      {"ProtectHome", "no"},
                                                                      {"PrivateDevices", "no"},
                                                                      {"PrivateNetwork", "no"},
                                                                      {"PrivateTmp", "no"},
                                                                      {"NoNewPrivileges", "no"},
                                                                      {"MemoryDenyWriteExecute", "no"},
                                                                      {"RestrictNamespaces", "no"},
                                                                      {"ReadOnlyPaths", ""},
                                                                      {"InaccessiblePaths", ""},
                                                                      {"NoExecPaths", ""},
                                                                      {"PrivateUsers", "no"},
                                                                      {"ProtectKernelTunables", "no"},
                                                                      {"ProtectKernelModules", "no"},
                                                                      {"ProtectKernelLogs", "no"},
                                                                      {"ProtectClock", "no"},
                                                                      {"ProtectHostname", "no"},
                                                                      {"ProtectControlGroups", "no"},
                                                                      {"ProtectProc", "default"},
                                                                      {"RestrictRealtime", "no"},
                                                                      {"RestrictSUIDSGID", "no"},
                                                                      {"LockPersonality", "no"},
                                                                      {"DevicePolicy", "auto"},
                                                                      {"IPAddressDeny", ""},
                                                                      {"SocketBindDeny", ""},
                                                                      {"SystemCallArchitectures", ""},
                                                                      {"PrivateIPC", "no"},
                                                                      {"RootDirectory", ""},
                                                                      {"TemporaryFileSystem", ""},
                                                                      {"RestrictFileSystems", ""}};

Result<std::string> run_program(const std::vector<std::string>& words) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) < 0) return fail_errno(errno, "cannot make a pipe");
  const UniqueFd from(pipe[0]);
  UniqueFd to(pipe[1]);
  HARDEN_TRY(const int pid, start_program(words, to.get()));
  to.reset();
  std::string text;
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return fail(Errc::io, join(words, " ") + " failed");
  return text;
}

}  // namespace

Result<int> start_program(const std::vector<std::string>& words, int output) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  if (::posix_spawn_file_actions_init(&actions) != 0) return fail(Errc::io, "out of memory");
  (void)::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY,
                                           0);   // fails with the spawn
  if (output >= 0)
    (void)::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  else
    (void)::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  // Signals that the recorder waits for are blocked in it, and not in what it starts.
  posix_spawnattr_t attributes;
  sigset_t none;
  (void)::sigemptyset(&none);
  (void)::posix_spawnattr_init(&attributes);
  (void)::posix_spawnattr_setsigmask(&attributes, &none);
  (void)::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  (void)::posix_spawn_file_actions_destroy(&actions);
  (void)::posix_spawnattr_destroy(&attributes);
  if (failed != 0) return fail_errno(failed, "cannot run " + words.front());
  return pid;
}

std::multimap<std::string, std::string> parse_properties(std::string_view text) {
  std::multimap<std::string, std::string> properties;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      properties.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return properties;
}

std::vector<ExecLine> parse_exec_lines(const std::multimap<std::string, std::string>& properties) {
  std::vector<ExecLine> lines;
  for (const std::string_view property : kExecProperties) {
    const auto [begin, end] = properties.equal_range(std::string(property));
    for (auto one = begin; one != end; ++one) {
      constexpr std::string_view kPath = "{ path=";
      for (std::size_t at = one->second.find(kPath); at != std::string::npos;
           at = one->second.find(kPath, at + 1)) {
        const std::size_t from = at + kPath.size();
        lines.push_back(
            {std::string(property), one->second.substr(from, one->second.find(" ;", from) - from)});
      }
    }
  }
  return lines;
}

std::vector<std::string> Systemctl::command(std::vector<std::string> words) const {
  std::vector<std::string> all = {"systemctl", user_ ? "--user" : "--system"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

Result<Systemctl::Unit> Systemctl::show(const std::string& unit) const {
  std::vector<std::string> words = {"show", "--no-pager",
                                    "--property=Id,LoadState,ControlGroup,ActiveState"};
  for (const std::string_view property : kExecProperties) words.back().append(",").append(property);
  for (const auto& [property, off] : kSandbox) words.back().append(",").append(property);
  words.insert(words.end(), {"--", unit});
  const auto text = run_program(command(std::move(words)));
  if (!text)
    return std::unexpected(Error{Errc::io,
                                 "no systemd answers about " + unit,
                                 0,
                                 {},
                                 "without one, 'harden record -- CMD' records a program",
                                 {}});
  const auto properties = parse_properties(*text);
  const auto value = [&](std::string_view name) {
    const auto at = properties.find(std::string(name));
    return at == properties.end() ? std::string() : at->second;
  };
  if (value("LoadState") == "not-found") return fail(Errc::not_found, "there is no unit " + unit);
  if (value("LoadState") == "masked") return fail(Errc::invalid, unit + " is masked");
  Unit result{value("Id"), value("ControlGroup"), value("ActiveState"), parse_exec_lines(properties), {}};
  for (const auto& [property, off] : kSandbox) {
    const std::string set = value(property);
    if (!set.empty() && set != off && set != "~") result.sandbox.push_back(std::string(property) + "=");
  }
  return result;
}

std::string Systemctl::control_group() const {
  const auto text = run_program(command({"show", "--property=ControlGroup", "--value"}));
  if (!text) return {};
  const std::string group(strip(*text));
  return group == "/" ? "" : group;
}

std::string Systemctl::version() const {
  const auto text = run_program({"systemctl", "--version"});   // "systemd 252 (252.39-1~deb12u2)"
  if (!text) return {};
  const auto words = split(*text, ' ');
  return words.size() > 1 ? std::string(words[1]) : std::string();
}

Result<int> Systemctl::begin(const std::string& verb, const std::string& unit) const {
  return start_program(command({verb, "--", unit}), -1);
}

}  // namespace harden::record
