// SPDX-License-Identifier: LGPL-2.1-or-later
#include "generator/boot_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/text.h"

namespace harden {
namespace {

constexpr std::size_t kLineMax = 900;  // a record of the kernel's log has 976 bytes of text

void write_line(int fd, const std::string& line) {
  if (fd >= 0) [[maybe_unused]]
    const ssize_t written = ::write(fd, line.data(), line.size());
}

}  // namespace

BootLog::BootLog(const std::string& file)
    : kernel_(::open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {
  const std::string dir = file.substr(0, file.rfind('/'));
  ::mkdir(dir.c_str(), 0755);
  file_ = UniqueFd(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
}

void BootLog::say(std::string_view text) {
  std::string line = escape_for_terminal(text);
  if (line.size() > kLineMax) line = line.substr(0, kLineMax) + "…";
  line += '\n';
  write_line(file_.get(), line);
  const std::string named = "harden-generator: " + line;
  write_line(STDERR_FILENO, named);
  write_line(kernel_.get(), "<4>" + named);
}

}  // namespace harden
