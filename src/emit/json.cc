// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace harden {

using nlohmann::ordered_json;

std::string json_string(std::string_view text) {
  // Unit names and paths, mostly: nothing to escape.
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
  if (is_plain) {
    std::string out;
    out.reserve(text.size() + 2);
    out.append("\"").append(text).append("\"");
    return out;
  }
  return ordered_json(text).dump(-1, ' ', true, ordered_json::error_handler_t::replace);
}

std::string json_document(const ordered_json& document) {
  return document.dump(2, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace harden
