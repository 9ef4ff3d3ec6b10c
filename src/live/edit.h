// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden apply --edit`: a policy in the user's editor.
#pragma once

#include <string>
#include <utility>

#include "util/result.h"
#include "util/scratch_dir.h"

namespace harden {

// A file in a folder of its own, which goes with it.
class EditedFile {
 public:
  // Writes `text` to a file called `name` and has it edited. Fails where the editor does, or where there is
  // none. Source of the order of editors: systemctl(1), "$SYSTEMD_EDITOR".
  [[nodiscard]] static Result<EditedFile> edit(const std::string& name, const std::string& text);

  [[nodiscard]] const std::string& path() const { return path_; }
  void keep() { dir_.keep(); }

 private:
  EditedFile(ScratchDir dir, std::string path) : dir_(std::move(dir)), path_(std::move(path)) {}
  ScratchDir dir_;
  std::string path_;
};

}  // namespace harden
