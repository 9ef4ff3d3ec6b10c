// SPDX-License-Identifier: LGPL-2.1-or-later
// zstd, whole texts at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "util/result.h"

namespace harden {

[[nodiscard]] bool is_compressed(std::string_view bytes);
[[nodiscard]] Result<std::string> compress(std::string_view text);

struct Decompressed {
  std::string text;
  std::string trouble;   // why the text ends where it does; empty if the whole is there
};
// At most `limit` bytes; of a stream that is cut off or damaged, what comes before that.
[[nodiscard]] Decompressed decompress(std::string_view bytes, std::size_t limit);

}  // namespace harden
