// SPDX-License-Identifier: LGPL-2.1-or-later
// A directory of the test's own, gone with everything in it at the end of its life.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace harden {

class TempDir {
 public:
  TempDir() : path_((std::filesystem::temp_directory_path() / "harden-test-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("cannot make " + path_);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;  // a directory left behind fails no test
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  // A path inside: `inside` may begin with a slash.
  [[nodiscard]] std::string operator/(std::string_view inside) const {
    return path_ + (inside.starts_with('/') ? "" : "/") + std::string(inside);
  }
  // A file with these bytes, and the folders that it lies in.
  void write(std::string_view inside, std::string_view bytes) const {
    const std::filesystem::path file = *this / inside;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << bytes;
  }

 private:
  std::string path_;
};

}  // namespace harden
