// SPDX-License-Identifier: LGPL-2.1-or-later
// Read access to a file tree below a root. Paths are absolute as the tree's own services see them;
// symlinks resolve inside the root and never lead out of it. FileSystem is the seam: RootDir is the
// real thing, FakeFileSystem (test/support) holds a tree in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "util/result.h"
#include "util/unique_fd.h"

namespace harden {

// Which file it is and that it has not changed: the times are in nanoseconds.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

enum class FileType : std::uint8_t { regular, directory, symlink, null_device, other };

struct DirEntry {
  std::string name;
  FileType type = FileType::other;   // of the entry itself: a symlink is `symlink`

  friend bool operator==(const DirEntry&, const DirEntry&) = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The whole of a regular file, symlinks followed inside the root. /dev/null gives the empty text.
  // Errc::not_found; Errc::too_large past `limit` bytes (nothing beyond it is read); Errc::invalid for
  // a directory, fifo, socket or device. Never blocks on a fifo.
  [[nodiscard]] virtual Result<std::string> read_file(std::string_view path, std::size_t limit) const = 0;

  // Its first `size` bytes, or all of them if it has fewer; fails as read_file does, but for the size.
  [[nodiscard]] virtual Result<std::string> read_start(std::string_view path, std::size_t size) const;

  // Entries of a directory (symlinks followed inside the root), sorted by name bytewise, without
  // "." and "..". Errc::not_found if there is none.
  [[nodiscard]] virtual Result<std::vector<DirEntry>> list_dir(std::string_view path) const = 0;

  // The target of the symlink at `path` as it is written, last component not followed.
  [[nodiscard]] virtual Result<std::string> read_link(std::string_view path) const = 0;

  // `path` with every symlink resolved, as an absolute path inside the root. Errc::not_found if any
  // component is missing; Errc::invalid on a loop.
  [[nodiscard]] virtual Result<std::string> resolve(std::string_view path) const = 0;

  // Type of what `path` leads to, symlinks followed. Errc::not_found.
  [[nodiscard]] virtual Result<FileType> stat_type(std::string_view path) const = 0;

  // Of a regular file, symlinks followed inside the root. Errc::unsupported where files have none.
  [[nodiscard]] virtual Result<FileIdentity> identify(std::string_view path) const;

 protected:
  // Moved by the classes below, not through a FileSystem&; never copied.
  FileSystem() = default;
  FileSystem(FileSystem&&) noexcept = default;
  FileSystem& operator=(FileSystem&&) noexcept = default;
};

// Who follows the symlinks. walk: we do, component by component; for kernels and seccomp filters
// without openat2, and for the tests, which hold the two against each other.
enum class Resolver : std::uint8_t { kernel, walk };

// A real tree. Uses openat2(RESOLVE_IN_ROOT) where the kernel has it, else resolves by itself.
class RootDir final : public FileSystem {
 public:
  // Resolver::kernel turns into walk where openat2 does not work.
  [[nodiscard]] static Result<RootDir> open(const std::string& root, Resolver resolver = Resolver::kernel);

  [[nodiscard]] Resolver resolver() const { return resolver_; }

  [[nodiscard]] Result<std::string> read_file(std::string_view path, std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<DirEntry>> list_dir(std::string_view path) const override;
  [[nodiscard]] Result<std::string> read_link(std::string_view path) const override;
  [[nodiscard]] Result<std::string> resolve(std::string_view path) const override;
  [[nodiscard]] Result<FileType> stat_type(std::string_view path) const override;
  [[nodiscard]] Result<FileIdentity> identify(std::string_view path) const override;
  [[nodiscard]] Result<std::string> read_start(std::string_view path, std::size_t size) const override;

 private:
  RootDir(UniqueFd root, Resolver resolver) : root_(std::move(root)), resolver_(resolver) {}
  // Opens as openat2 with RESOLVE_IN_ROOT does. On failure: the errno.
  [[nodiscard]] std::expected<UniqueFd, int> open_inside(std::string_view path, int flags) const;

  UniqueFd root_;
  Resolver resolver_;
};

}  // namespace harden
