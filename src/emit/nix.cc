// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/nix.h"

namespace harden {

std::string nix_string(std::string_view text) {
  std::string quoted = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\' || (c == '$' && i + 1 < text.size() && text[i + 1] == '{')) quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace harden
