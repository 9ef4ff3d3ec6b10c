// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/scratch_dir.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace harden {

Result<ScratchDir> ScratchDir::make() {
  const char* const place = std::getenv("TMPDIR");
  std::string path = place != nullptr && *place == '/' ? place : "/tmp";
  path += "/harden-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) return fail_errno(errno, "cannot make a folder", {path, 0});
  return ScratchDir(std::move(path));
}

ScratchDir::~ScratchDir() {
  std::error_code ignored;   // what stays is for whoever tidies the place
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace harden
