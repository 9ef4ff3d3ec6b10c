// SPDX-License-Identifier: LGPL-2.1-or-later
// Two resolvers with one meaning. openat2(RESOLVE_IN_ROOT) is one system call a file and safe against
// a tree that changes meanwhile. The walk keeps a descriptor for each directory that it stands in, so
// that ".." goes back to where it came from and never above the root.
#include "util/root_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <optional>

namespace harden {
namespace {

constexpr int kMaxSymlinks = 40;  // the kernel's own limit

template <typename Call>
auto retry_on_eintr(Call call) {
  auto value = call();
  while (value < 0 && errno == EINTR) value = call();
  return value;
}

int open_at(int dir, const char* name, int flags) {
  return retry_on_eintr([&] { return ::openat(dir, name, flags | O_CLOEXEC); });
}

// glibc has no wrapper. EAGAIN: something in the tree was renamed while ".." was resolved.
int openat2_in_root(int root, const char* path, int flags) {
  open_how how = {};
  how.flags = static_cast<decltype(how.flags)>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if (errno != EINTR && (errno != EAGAIN || attempt == 100)) return -1;
  }
}

FileType type_of(const struct stat& st) {
  switch (st.st_mode & S_IFMT) {
    case S_IFREG:
      return FileType::regular;
    case S_IFDIR:
      return FileType::directory;
    case S_IFLNK:
      return FileType::symlink;
    case S_IFCHR:
      return st.st_rdev == makedev(1, 3) ? FileType::null_device : FileType::other;
    default:
      return FileType::other;
  }
}

std::expected<FileType, int> type_of(int fd) {
  struct stat st;
  if (::fstat(fd, &st) < 0) return std::unexpected(errno);
  return type_of(st);
}

std::expected<std::string, int> read_link_at(int dir, const char* name) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = ::readlinkat(dir, name, target.data(), target.size());
  if (size < 0) return std::unexpected(errno);
  return std::string(target.data(), static_cast<std::size_t>(size));
}

// Where a walk ended. `fd` is O_PATH; a final symlink only if it was not to be followed.
struct Walked {
  UniqueFd parent;  // the directory that `name` stands in
  std::string name; // "." for a directory that was reached as the root or through ".."
  UniqueFd fd;
  std::string path; // absolute, resolved
};

class Walk {
 public:
  explicit Walk(int root) : root_(root) {}

  std::expected<Walked, int> run(std::string_view path, bool follow_last) {
    if (path.empty()) return std::unexpected(ENOENT);
    rest_ = path;
    while (true) {
      const std::size_t slashes = std::min(rest_.find_first_not_of('/'), rest_.size());
      const bool wants_dir = slashes > 0;
      rest_.erase(0, slashes);
      if (wants_dir && last_) return std::unexpected(ENOTDIR);
      if (rest_.empty()) break;
      if (const int failed = step(follow_last); failed != 0) return std::unexpected(failed);
    }
    return finish();
  }

 private:
  struct Level {
    UniqueFd fd;
    std::string name;
  };

  [[nodiscard]] int here() const { return levels_.empty() ? root_ : levels_.back().fd.get(); }

  // Takes one component off `rest_`.
  int step(bool follow_last) {
    const std::size_t end = std::min(rest_.find('/'), rest_.size());
    std::string name = rest_.substr(0, end);
    rest_.erase(0, end);
    if (name == ".") return 0;
    if (name == "..") {
      if (!levels_.empty()) levels_.pop_back();
      return 0;
    }
    UniqueFd fd(open_at(here(), name.c_str(), O_PATH | O_NOFOLLOW));
    if (!fd) return errno;
    const auto type = type_of(fd.get());
    if (!type) return type.error();
    if (*type == FileType::directory) {
      levels_.push_back({std::move(fd), std::move(name)});
      return 0;
    }
    if (*type == FileType::symlink && (follow_last || !rest_.empty())) {
      return follow(fd.get());
    }
    last_.emplace(Level{std::move(fd), std::move(name)});
    return 0;
  }

  int follow(int link) {
    if (++links_ > kMaxSymlinks) return ELOOP;
    auto target = read_link_at(link, "");
    if (!target) return target.error();
    if (target->starts_with('/')) levels_.clear();
    rest_.insert(0, *target);
    return rest_.size() > kMaxRest ? ENAMETOOLONG : 0;
  }

  std::expected<Walked, int> finish() {
    Walked end;
    for (const Level& level : levels_) end.path.append("/").append(level.name);
    if (last_) {
      end.path.append("/").append(last_->name);
      end.name = std::move(last_->name);
      end.fd = std::move(last_->fd);
    } else {
      end.name = ".";
      end.fd.reset(open_at(here(), ".", O_PATH | O_DIRECTORY));
      if (!end.fd) return std::unexpected(errno);
    }
    end.parent.reset(open_at(here(), ".", O_PATH | O_DIRECTORY));
    if (!end.parent) return std::unexpected(errno);
    if (end.path.empty()) end.path = "/";
    return end;
  }

  // Each link adds at most PATH_MAX; without a limit of our own 40 of them would.
  static constexpr std::size_t kMaxRest = std::size_t{kMaxSymlinks + 2} * PATH_MAX;

  int root_;
  std::string rest_;
  std::vector<Level> levels_;   // the directories from below the root to here
  std::optional<Level> last_;   // what is no directory, and can only be the end
  int links_ = 0;
};

std::unexpected<Error> fail_path(int sys_errno, std::string_view doing, std::string_view path) {
  std::string message;
  message.reserve(doing.size() + path.size() + 40);
  message.append(doing).append(" ").append(path);
  auto failed = fail_errno(sys_errno, std::move(message));
  if (sys_errno != ELOOP && sys_errno != EINVAL) return failed;
  Error error = std::move(failed).error();
  error.code = Errc::invalid;
  return std::unexpected(std::move(error));
}

// Reads to the end with one read() for a file whose size is what fstat said, which is nearly every
// file; files that grow, and those of /proc, which have no size, take more.
Result<std::string> read_all(int fd, std::size_t size, std::size_t limit, std::string_view path) {
  constexpr std::size_t kSizeless = 4096;
  std::string text;
  int failed = 0;
  std::size_t filled = 0;
  // One byte more than expected tells the end of the file without a second call.
  for (std::size_t want = std::min(size == 0 ? kSizeless : size, limit) + 1;;
       want = std::min(want * 2, limit + 1)) {
    bool at_end = false;
    text.resize_and_overwrite(want, [&](char* bytes, std::size_t) {
      while (filled < want) {
        const ssize_t got = retry_on_eintr([&] { return ::read(fd, bytes + filled, want - filled); });
        if (got < 0) failed = errno;
        if (got <= 0) {
          at_end = true;
          break;
        }
        filled += static_cast<std::size_t>(got);
        if (size != 0 && filled == size) {
          at_end = true;
          break;
        }
      }
      return filled;
    });
    if (failed != 0) return fail_path(failed, "cannot read", path);
    if (filled > limit) break;
    if (at_end) return text;
  }
  return fail(Errc::too_large, std::string(path) + " is larger than the " + std::to_string(limit) +
                                   " bytes that are read of it");
}

}  // namespace

Result<RootDir> RootDir::open(const std::string& root, Resolver resolver) {
  UniqueFd fd(open_at(AT_FDCWD, root.c_str(), O_PATH | O_DIRECTORY));
  if (!fd) return fail_errno(errno, "cannot open the directory " + root);
  if (resolver == Resolver::kernel) {
    // ENOSYS before Linux 5.6, EPERM from filters that do not know the call.
    const UniqueFd probe(openat2_in_root(fd.get(), ".", O_PATH));
    if (!probe) resolver = Resolver::walk;
  }
  return RootDir(std::move(fd), resolver);
}

std::expected<UniqueFd, int> RootDir::open_inside(std::string_view path, int flags) const {
  if (resolver_ == Resolver::kernel) {
    std::array<char, PATH_MAX> name;
    if (path.size() >= name.size()) return std::unexpected(ENAMETOOLONG);
    if (path.find('\0') != std::string_view::npos) return std::unexpected(EINVAL);
    name[path.copy(name.data(), path.size())] = '\0';
    UniqueFd fd(openat2_in_root(root_.get(), name.data(), flags));
    if (!fd) return std::unexpected(errno);
    return fd;
  }
  if (path.size() >= PATH_MAX) return std::unexpected(ENAMETOOLONG);
  if (path.find('\0') != std::string_view::npos) return std::unexpected(EINVAL);
  auto end = Walk(root_.get()).run(path, (flags & O_NOFOLLOW) == 0);
  if (!end) return std::unexpected(end.error());
  if ((flags & O_PATH) != 0) return std::move(end->fd);
  UniqueFd fd(open_at(end->parent.get(), end->name.c_str(), flags | O_NOFOLLOW));
  if (!fd) return std::unexpected(errno);
  return fd;
}

Result<std::string> RootDir::read_file(std::string_view path, std::size_t limit) const {
  constexpr std::string_view kDoing = "cannot read";
  const auto fd = open_inside(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat st;
  if (!fd) {
    // A socket, or a device that cannot be opened here (nodev, no driver), still has a type.
    const int failed = fd.error();
    const auto type = failed == EACCES || failed == ENXIO || failed == ENODEV || failed == EBUSY
                          ? stat_type(path)
                          : FileType::regular;
    if (type && *type == FileType::null_device) return std::string();
    if (type && *type != FileType::regular)
      return fail(Errc::invalid, std::string(path) + " is not a regular file");
    return fail_path(failed, kDoing, path);
  }
  if (::fstat(fd->get(), &st) < 0) return fail_path(errno, kDoing, path);
  const FileType type = type_of(st);
  if (type == FileType::null_device) return std::string();
  if (type != FileType::regular) return fail(Errc::invalid, std::string(path) + " is not a regular file");
  return read_all(fd->get(), static_cast<std::size_t>(st.st_size), limit, path);
}

Result<std::vector<DirEntry>> RootDir::list_dir(std::string_view path) const {
  constexpr std::string_view kDoing = "cannot list";
  const auto fd = open_inside(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return fail_path(fd.error(), kDoing, path);

  std::vector<DirEntry> entries;
  // getdents64 into our own buffer: opendir(3) allocates one for each directory.
  alignas(dirent64) std::array<char, 32768> buffer;
  while (true) {
    const long size = ::syscall(SYS_getdents64, fd->get(), buffer.data(), buffer.size());
    if (size < 0) return fail_path(errno, kDoing, path);
    if (size == 0) break;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
      at += entry->d_reclen;
      const std::string_view name = &entry->d_name[0];
      if (name == "." || name == "..") continue;
      FileType type = FileType::other;
      switch (entry->d_type) {
        case DT_REG:
          type = FileType::regular;
          break;
        case DT_DIR:
          type = FileType::directory;
          break;
        case DT_LNK:
          type = FileType::symlink;
          break;
        case DT_UNKNOWN:
        case DT_CHR: {
          struct stat st;
          // Gone since: it is no longer an entry.
          if (::fstatat(fd->get(), &entry->d_name[0], &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
          type = type_of(st);
          break;
        }
        default:
          break;
      }
      entries.push_back({std::string(name), type});
    }
  }
  std::ranges::sort(entries, {}, &DirEntry::name);
  return entries;
}

Result<std::string> RootDir::read_link(std::string_view path) const {
  constexpr std::string_view kDoing = "cannot read the symlink";
  const auto fd = open_inside(path, O_PATH | O_NOFOLLOW);
  if (!fd) return fail_path(fd.error(), kDoing, path);
  auto target = read_link_at(fd->get(), "");
  if (target) return *std::move(target);
  // readlinkat() on the descriptor of what is no symlink says ENOENT.
  if (target.error() == ENOENT || target.error() == EINVAL) {
    return fail(Errc::invalid, std::string(path) + " is not a symlink");
  }
  return fail_path(target.error(), kDoing, path);
}

// Always by the walk: the kernel opens the file, but tells the path that it took only through /proc.
Result<std::string> RootDir::resolve(std::string_view path) const {
  constexpr std::string_view kDoing = "cannot resolve";
  if (path.find('\0') != std::string_view::npos) return fail_path(EINVAL, kDoing, path);
  auto end = Walk(root_.get()).run(path, true);
  if (!end) return fail_path(end.error(), kDoing, path);
  return std::move(end->path);
}

Result<FileType> RootDir::stat_type(std::string_view path) const {
  constexpr std::string_view kDoing = "cannot look at";
  const auto fd = open_inside(path, O_PATH);
  if (!fd) return fail_path(fd.error(), kDoing, path);
  const auto type = type_of(fd->get());
  if (!type) return fail_path(type.error(), kDoing, path);
  return *type;
}

Result<std::string> FileSystem::read_start(std::string_view path, std::size_t size) const {
  constexpr std::size_t kWholeMax = std::size_t{1} << 30U;
  auto text = read_file(path, kWholeMax);
  if (text && text->size() > size) text->resize(size);
  return text;
}

Result<std::string> RootDir::read_start(std::string_view path, std::size_t size) const {
  constexpr std::string_view kDoing = "cannot read";
  const auto fd = open_inside(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return fail_path(fd.error(), kDoing, path);
  const auto type = type_of(fd->get());
  if (!type) return fail_path(type.error(), kDoing, path);
  if (*type != FileType::regular) return fail(Errc::invalid, std::string(path) + " is not a regular file");
  std::string text(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got =
        retry_on_eintr([&] { return ::read(fd->get(), text.data() + filled, size - filled); });
    if (got < 0) return fail_path(errno, kDoing, path);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

Result<FileIdentity> FileSystem::identify(std::string_view path) const {
  return fail(Errc::unsupported, std::string(path) + " has no identity");
}

Result<FileIdentity> RootDir::identify(std::string_view path) const {
  constexpr std::string_view kDoing = "cannot look at";
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  const auto fd = open_inside(path, O_PATH);
  if (!fd) return fail_path(fd.error(), kDoing, path);
  struct stat st;
  if (::fstat(fd->get(), &st) < 0) return fail_path(errno, kDoing, path);
  if (!S_ISREG(st.st_mode)) return fail(Errc::invalid, std::string(path) + " is not a regular file");
  return FileIdentity{st.st_dev, st.st_ino, static_cast<std::uint64_t>(st.st_size),
                      st.st_mtim.tv_sec * kNanoseconds + st.st_mtim.tv_nsec,
                      st.st_ctim.tv_sec * kNanoseconds + st.st_ctim.tv_nsec};
}

}  // namespace harden
