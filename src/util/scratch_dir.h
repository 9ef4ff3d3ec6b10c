// SPDX-License-Identifier: LGPL-2.1-or-later
// A folder in $TMPDIR or /tmp that nobody else can enter; it goes with the object, unless it is kept.
#pragma once

#include <string>
#include <utility>

#include "util/result.h"

namespace harden {

class ScratchDir {
 public:
  [[nodiscard]] static Result<ScratchDir> make();
  ScratchDir(ScratchDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchDir& operator=(ScratchDir&&) = delete;
  ~ScratchDir();

  [[nodiscard]] const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  explicit ScratchDir(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace harden
