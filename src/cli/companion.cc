// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/companion.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <climits>
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

}  // namespace harden
