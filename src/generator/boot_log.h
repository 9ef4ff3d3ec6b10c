// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a program says something that runs before there is a journal: the kernel's log, standard error, and
// a file in /run for who looks later.
#pragma once

#include <string>
#include <string_view>

#include "util/unique_fd.h"

namespace harden {

class BootLog {
 public:
  // Whatever cannot be opened is done without. `file`: made anew.
  explicit BootLog(const std::string& file);

  // One line; control characters are escaped, and it ends where the kernel's log would cut it.
  void say(std::string_view text);

 private:
  UniqueFd kernel_, file_;
};

}  // namespace harden
