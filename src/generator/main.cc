// SPDX-License-Identifier: LGPL-2.1-or-later
// harden-generator NORMAL [EARLY LATE]: what systemd runs at boot and at each daemon-reload
// (systemd.generator(7)). Drop-ins go into NORMAL, so that files of the administrator win. It always ends
// well: whatever is wrong, the machine has to come up.
//
//   --root=DIR   for tests: the tree to read, of a machine that is not this one
#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "generator/boot_log.h"
#include "generator/generate.h"
#include "machine/switched_off.h"
#include "util/unique_fd.h"

namespace harden {
namespace {

// In place: systemd empties the folder before, and reads it when every generator is done.
bool write_file(int dir, const GeneratedFile& file, BootLog& log) {
  const std::string folder = file.unit + ".d";
  const std::string path = folder + "/" + std::string(file.name);
  const auto fail = [&] {
    log.say(file.unit + ": no policy: " + path + ": " + std::strerror(errno));
    return false;
  };
  if (::mkdirat(dir, folder.c_str(), 0755) != 0 && errno != EEXIST) return fail();
  const UniqueFd fd(
      ::openat(dir, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd) return fail();
  const ssize_t written = ::write(fd.get(), file.text.data(), file.text.size());
  if (written == static_cast<ssize_t>(file.text.size())) return true;
  if (written >= 0) errno = ENOSPC;
  const int error = errno;
  ::unlinkat(dir, path.c_str(), 0);  // half a policy may be one that breaks the service
  errno = error;
  return fail();
}

void run(int argc, char** argv) {
  std::string root = "/";
  std::string dir;
  constexpr std::string_view kRoot = "--root=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(kRoot))
      root = argument.substr(kRoot.size());
    else if (dir.empty())
      dir = argument;
  }
  const bool is_this_machine = root == "/";
  BootLog log(is_this_machine ? "/run/harden/generator.log" : root + "/run/harden/generator.log");
  const char* scope = std::getenv("SYSTEMD_SCOPE");
  if (dir.empty() || (scope != nullptr && std::string_view(scope) == "user")) return;
  try {
    const auto fs = RootDir::open(root);
    if (!fs) {
      log.say(fs.error().message);
      return;
    }
    if (const std::string off = switched_off(*fs, is_this_machine ? read_command_line(*fs) : "");
        !off.empty()) {
      log.say(off);
      return;
    }
    const UniqueFd folder(::open(dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder) {
      log.say(dir + ": " + std::strerror(errno));
      return;
    }
    (void)generate(
        *fs, is_this_machine,
        [&](const GeneratedFile& file) { return write_file(folder.get(), file, log); },
        [&](std::string_view line) { log.say(line); });
  } catch (const std::exception& error) {
    log.say(error.what());
  }
}

}  // namespace
}  // namespace harden

int main(int argc, char** argv) {
  // What one unit has freed is kept for the next, instead of going back to the kernel and coming page by
  // page.
  constexpr int kKeptBytes = 8 << 20;
  constexpr int kGrowthBytes = 1 << 20;
  (void)mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  (void)mallopt(M_TOP_PAD, kGrowthBytes);
  try {
    harden::run(argc, argv);
  } catch (...) {
    return 0;  // not even the log; the boot goes on
  }
  return 0;
}
