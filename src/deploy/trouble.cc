// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy/trouble.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <optional>

#include "util/text.h"

namespace harden {
namespace {

constexpr std::size_t kTroublesMax = 8;

struct ExitName {
  int status;
  std::string_view name;
  std::string_view grants;  // by blanks
  std::string_view meaning;
};
// Of systemd's own, before the program runs. Source: systemd.exec(5), "Process Exit Codes".
constexpr std::array<ExitName, 9> kExitNames = {{
    {200, "CHDIR", "read:PATH", "its working directory is out of reach"},
    {203, "EXEC", "exec:PATH", "its program may not be executed, or is out of reach"},
    {214, "SETSCHEDULER", "realtime", "its scheduling policy was refused"},
    {217, "USER", "switch-user", "its user could not be taken on"},
    {218, "CAPABILITIES", "cap:NAME", "its capabilities could not be set"},
    {226, "NAMESPACE", "",
     "a path of the policy is not there, or could not be mounted; `-` before a path lets it be absent"},
    {228, "SECCOMP", "", "its system call filter could not be loaded"},
    {229, "SELINUX_CONTEXT", "", "its SELinux context could not be set"},
    {231, "APPARMOR_PROFILE", "", "its AppArmor profile could not be set"},
}};

// What a refusal looks like in a log. All of `words`, in lower case, must be in the line.
struct Pattern {
  std::array<std::string_view, 2> words;
  std::string_view grants;  // by blanks; PATH, DIR, PORT and FAMILY are found in the line
};
// The first that fits counts: what is refused by name before what is refused by number.
constexpr std::array<Pattern, 27> kPatterns = {{
    {{"read-only file system", ""}, "write:DIR"},
    {{"bind", "permission denied"}, "listen:PORT"},
    {{"bind", "cannot assign requested address"}, "listen:PORT"},
    {{"bind", "operation not permitted"}, "listen:PORT"},
    {{"listen", "permission denied"}, "listen:PORT"},
    {{"netlink", "not supported"}, "netlink"},
    {{"address family not supported", ""}, "connect listen family"},
    {{"network is unreachable", ""}, "connect"},
    {{"setgroups", ""}, "switch-user"},
    {{"initgroups", ""}, "switch-user"},
    {{"setresuid", ""}, "switch-user"},
    {{"setuid", "not permitted"}, "switch-user"},
    {{"setgid", "not permitted"}, "switch-user"},
    {{"chown", "not permitted"}, "chown"},
    {{"chroot", "not permitted"}, "chroot"},
    {{"mlock", ""}, "lock-memory"},
    {{"mprotect", ""}, "jit"},
    {{"executable memory", ""}, "jit"},
    {{"sched_set", ""}, "realtime"},
    {{"setpriority", ""}, "priority"},
    {{"setrlimit", ""}, "resources"},
    {{"io_uring", ""}, "io-uring"},
    {{"unshare", "not permitted"}, "namespaces"},
    {{"clone", "not permitted"}, "namespaces"},
    {{"connect", "permission denied"}, "connect"},
    {{"permission denied", ""}, "any-owner read:PATH exec:PATH"},
    {{"operation not permitted", ""}, ""},
}};

// The first absolute path that stands in the line by itself or in quotes.
std::string find_path(std::string_view line) {
  constexpr std::string_view kBefore = " \"'`(=:<";
  constexpr std::string_view kAfter = " \"'`),;:>";
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '/' || (i != 0 && kBefore.find(line[i - 1]) == std::string_view::npos)) continue;
    std::size_t end = line.find_first_of(kAfter, i);
    if (end == std::string_view::npos) end = line.size();
    // What a line begins with, before a colon, is the program that complains.
    if (i == 0 && end < line.size() && line[end] == ':') continue;
    if (end - i > 1 && line[i + 1] != '/') return std::string(line.substr(i, end - i));
  }
  return {};
}

// "0.0.0.0:80", "[::]:80", "port 80".
std::string find_port(std::string_view line) {
  const auto digits = [&](std::size_t at) {
    const std::size_t end = std::min(line.find_first_not_of("0123456789", at), line.size());
    return end - at >= 1 && end - at <= 5 ? std::string(line.substr(at, end - at)) : std::string();
  };
  for (std::size_t i = line.find(':'); i != std::string_view::npos; i = line.find(':', i + 1))
    if (i != 0 && i + 1 < line.size() &&
        (line[i - 1] == ']' || line[i - 1] == '*' || (line[i - 1] >= '0' && line[i - 1] <= '9')))
      if (std::string port = digits(i + 1); !port.empty()) return port;
  constexpr std::string_view kPort = "port ";
  if (const std::size_t at = line.find(kPort); at != std::string_view::npos)
    return digits(at + kPort.size());
  return {};
}

// The pattern's grants with what the line names; those that stay open keep no argument they could have.
std::vector<std::string> fill_in(std::string_view grants, std::string_view line) {
  std::vector<std::string> filled;
  for (const std::string_view word : split(grants, ' ')) {
    if (word.empty()) continue;
    std::string text(word);
    const auto put = [&](std::string_view name, const std::string& value, std::string_view otherwise) {
      if (const std::size_t at = text.find(name); at != std::string::npos)
        text.replace(at, name.size(), value.empty() ? std::string(otherwise) : value);
    };
    const std::string path = find_path(line);
    put(":DIR",
        path.empty() ? "" : ":" + std::string(path.substr(0, std::max<std::size_t>(path.rfind('/'), 1))),
        ":PATH");
    put(":PATH", path.empty() ? "" : ":" + path, ":PATH");
    const std::string port = find_port(line);
    put(":PORT", port.empty() ? "" : ":" + port, "");
    filled.push_back(std::move(text));
  }
  return filled;
}

std::optional<Trouble> explain_line(const std::string& line) {
  const std::string lower = to_lower(line);
  for (const Pattern& pattern : kPatterns) {
    if (!std::ranges::all_of(pattern.words,
                             [&](std::string_view word) { return lower.find(word) != std::string::npos; }))
      continue;
    return Trouble{line, fill_in(pattern.grants, line), false};
  }
  return std::nullopt;
}

}  // namespace

Trouble explain_end(const UnitStatus& status) {
  Trouble trouble{{}, {}, true};
  if (status.exit_code == CLD_KILLED || status.exit_code == CLD_DUMPED) {
    const char* name = ::sigabbrev_np(status.exit_status);
    trouble.what = fmt::format("it was killed by SIG{}", name == nullptr ? "?" : name);
    if (status.exit_status == SIGSYS) {
      trouble.what += ": a system call was refused";
      trouble.grants = {"syscalls:NAME"};
    }
    return trouble;
  }
  if (status.exit_code == CLD_EXITED && status.exit_status != 0) {
    const auto known = std::ranges::find(kExitNames, status.exit_status, &ExitName::status);
    if (known == kExitNames.end()) {
      trouble.what = fmt::format("it exited with status {}", status.exit_status);
    } else {
      trouble.what =
          fmt::format("it exited with status {} ({}): {}", status.exit_status, known->name, known->meaning);
      for (const std::string_view word : split(known->grants, ' '))
        if (!word.empty()) trouble.grants.emplace_back(word);
    }
    return trouble;
  }
  trouble.what = fmt::format("it is {} ({}); systemd calls the result `{}`", status.active_state,
                             status.sub_state, status.result);
  return trouble;
}

std::vector<Trouble> explain_log(std::span<const std::string> lines) {
  std::vector<Trouble> troubles;
  for (const std::string& line : lines) {
    auto trouble = explain_line(line);
    if (!trouble) continue;
    const auto is_same = [&](const Trouble& other) {
      return other.grants.empty() ? other.what == trouble->what : other.grants == trouble->grants;
    };
    if (std::ranges::none_of(troubles, is_same)) troubles.push_back(std::move(*trouble));
    if (troubles.size() == kTroublesMax) break;
  }
  return troubles;
}

}  // namespace harden
