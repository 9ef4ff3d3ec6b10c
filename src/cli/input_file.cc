// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/input_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "util/unique_fd.h"

namespace harden {

Result<std::string> read_input_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return fail_errno(errno, "cannot open the file", {path, 0});
  std::string text;
  std::array<char, 16384> buffer;
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got == 0) return text;
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail_errno(errno, "cannot read the file", {path, 0});
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kInputFileMax)
      return fail(Errc::too_large, "the file is larger than 4 MiB", {path, 0});
  }
}

}  // namespace harden
