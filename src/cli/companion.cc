// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/companion.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <vector>

namespace harden {

std::string own_path() {
  std::array<char, PATH_MAX> self{};
  const ssize_t size = ::readlink("/proc/self/exe", self.data(), self.size() - 1);
  return size > 0 ? std::string(self.data(), static_cast<std::size_t>(size)) : std::string();
}

int run_companion(std::string_view program, Arguments arguments, const Console& console) {
  const std::string self = own_path();
  const std::string dir = self.substr(0, self.rfind('/'));
  std::vector<std::string> words = {std::string(program)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  for (const std::string& path :
       {fmt::format("{}/{}", dir, program), fmt::format("{}/../libexec/harden/{}", dir, program)})
    (void)::execv(path.c_str(), argv.data());  // comes back only on failure; the next one is tried
  console.report(Error{Errc::not_found,
                       fmt::format("the program {} is not installed", program),
                       0,
                       {},
                       "it stands beside harden or in ../libexec/harden",
                       {}});
  return kExitTrouble;
}

int call_companion(std::string_view program, Arguments arguments, const Console& console) {
  const auto before = std::signal(SIGINT, SIG_IGN);
  const pid_t child = ::fork();
  if (child == 0) {
    (void)::dup2(STDERR_FILENO, STDOUT_FILENO);   // of a closed stderr nobody reads anything
    (void)std::signal(SIGINT, before == SIG_ERR ? SIG_DFL : before);
    ::_exit(run_companion(program, arguments, console));
  }
  int status = 0;
  pid_t ended = child;   // less than 0: there is no child to wait for
  while (child > 0 && (ended = ::waitpid(child, &status, 0)) < 0 && errno == EINTR) {
  }
  const int fault = errno;
  if (before != SIG_ERR) (void)std::signal(SIGINT, before);
  if (ended < 0) {
    console.report(fail_errno(fault, fmt::format("cannot run {}", program)).error());
    return kExitTrouble;
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  console.report(Error{
      Errc::refused, fmt::format("{} was ended by signal {}", program, WTERMSIG(status)), 0, {}, {}, {}});
  return kExitTrouble;
}

}  // namespace harden
