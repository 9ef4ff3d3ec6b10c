// SPDX-License-Identifier: LGPL-2.1-or-later
// Whatever the bytes, what reaches the terminal is valid UTF-8 without control characters, and
// escaping it again changes nothing.
#include <cstdint>
#include <cstdlib>

#include "util/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::string escaped = harden::escape_for_terminal(text);
  if (!harden::is_valid_utf8(escaped) || harden::escape_for_terminal(escaped) != escaped) std::abort();
  for (const char c : escaped) {
    if ((c >= 0 && c < 0x20) || c == 0x7f) std::abort();
  }
  if (harden::display_width(escaped) > 2 * escaped.size()) std::abort();
  return 0;
}
