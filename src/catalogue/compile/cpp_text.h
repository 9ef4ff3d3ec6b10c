// SPDX-License-Identifier: LGPL-2.1-or-later
// Pieces of generated C++.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace harden::catalogue::compile {

inline constexpr std::string_view kGeneratedHead =
    "// SPDX-License-Identifier: LGPL-2.1-or-later\n"
    "// Generated from catalogue/ by src/catalogue/compile; do not edit.\n";

[[nodiscard]] inline std::string quote_cpp(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// The items as `write` gives them, with commas between.
template <typename Range, typename Write>
[[nodiscard]] std::string list_of(const Range& range, Write write) {
  std::string result;
  for (const auto& item : range) result += fmt::format("{}{}", result.empty() ? "" : ", ", write(item));
  return result;
}

}  // namespace harden::catalogue::compile
