// SPDX-License-Identifier: LGPL-2.1-or-later
// A file tree in memory that answers as RootDir does (root_dir_test.cc holds the two against each
// other). Paths given to add_* are taken literally: no symlink is followed, missing parents become
// directories, what stood at the path before is replaced.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "util/root_dir.h"

namespace harden {

class FakeFileSystem final : public FileSystem {
 public:
  FakeFileSystem();
  // Files by path: FakeFileSystem fs({{"/etc/a.conf", "text"}, …}).
  FakeFileSystem(std::initializer_list<std::pair<std::string_view, std::string_view>> files);
  ~FakeFileSystem() override;
  FakeFileSystem(FakeFileSystem&&) noexcept;
  FakeFileSystem& operator=(FakeFileSystem&&) noexcept;

  void add_file(std::string_view path, std::string_view content);
  void add_symlink(std::string_view path, std::string_view target);
  void add_dir(std::string_view path);
  void add_null_device(std::string_view path);
  // A fifo, socket or other device.
  void add_special(std::string_view path);
  // A regular file that cannot be opened: Errc::io with EACCES.
  void add_unreadable(std::string_view path);
  void remove(std::string_view path);

  [[nodiscard]] Result<std::string> read_file(std::string_view path, std::size_t limit) const override;
  [[nodiscard]] Result<std::vector<DirEntry>> list_dir(std::string_view path) const override;
  [[nodiscard]] Result<std::string> read_link(std::string_view path) const override;
  [[nodiscard]] Result<std::string> resolve(std::string_view path) const override;
  [[nodiscard]] Result<FileType> stat_type(std::string_view path) const override;

 private:
  struct Node;
  struct Place;

  void add(std::string_view path, Node node);
  [[nodiscard]] Result<Place> find(std::string_view path, bool follow_last) const;

  std::unique_ptr<Node> root_;
};

}  // namespace harden
