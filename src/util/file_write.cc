// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/file_write.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>

#include "util/unique_fd.h"

namespace harden {
namespace {

// Unique among the threads of this process by the count and among processes by the pid; a name left
// behind by a crash is stepped over.
std::string temporary_name(const std::string& name) {
  static std::atomic<unsigned> count{0};
  // The name is cut, so that ours stays within NAME_MAX.
  return "." + name.substr(0, 200) + ".harden-" + std::to_string(::getpid()) + "-" +
         std::to_string(count++);
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno != EINTR) return errno;
    if (wrote > 0) bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return 0;
}

int write_new(int fd, std::string_view bytes, mode_t mode, Durability durability) {
  if (const int failed = write_all(fd, bytes); failed != 0) return failed;
  if (::fchmod(fd, mode) < 0) return errno;
  if (durability == Durability::durable && ::fsync(fd) < 0) return errno;
  return 0;
}

}  // namespace

Result<void> replace_file_at(int dir_fd, const std::string& name, std::string_view bytes, mode_t mode,
                             Durability durability) {
  assert(!name.empty() && name.find('/') == std::string::npos);
  constexpr int kAttempts = 100;
  std::string temporary;
  UniqueFd fd;
  for (int attempt = 0; !fd && attempt < kAttempts; ++attempt) {
    temporary = temporary_name(name);
    // Closed to others until it has its mode: the bytes may be a secret.
    fd.reset(
        ::openat(dir_fd, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd && errno != EEXIST && errno != EINTR) break;
  }
  if (!fd) return fail_errno(errno, "cannot make a file beside " + name);

  int failed = write_new(fd.get(), bytes, mode, durability);
  if (failed == 0 && ::renameat(dir_fd, temporary.c_str(), dir_fd, name.c_str()) < 0) failed = errno;
  if (failed != 0) {
    (void)::unlinkat(dir_fd, temporary.c_str(), 0);  // the first error is the one to tell
    return fail_errno(failed, "cannot write " + name);
  }
  if (durability == Durability::durable && ::fsync(dir_fd) < 0) {
    return fail_errno(errno, "cannot make sure that " + name + " is on disk");
  }
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode,
                          Durability durability) {
  const std::size_t slash = path.rfind('/');
  const std::string dir = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty()) return fail(Errc::invalid, "no file name in " + path);
  const UniqueFd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot open the directory " + dir);
  auto replaced = replace_file_at(fd.get(), name, bytes, mode, durability);
  if (!replaced) return std::unexpected(replaced.error().with_context("cannot replace " + path));
  return {};
}

Result<void> write_output(const std::string& path, std::string_view bytes, mode_t mode) {
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0 || S_ISREG(about.st_mode)) return replace_file(path, bytes, mode);
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY));
  if (!fd) return fail_errno(errno, "cannot open " + path);
  if (const int failed = write_all(fd.get(), bytes); failed != 0)
    return fail_errno(failed, "cannot write " + path);
  return {};
}

}  // namespace harden
