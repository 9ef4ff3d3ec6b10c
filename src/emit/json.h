// SPDX-License-Identifier: LGPL-2.1-or-later
// What all JSON output has in common: ASCII only, so that nothing in it can act on a terminal, and
// never a failure over bytes that are not UTF-8 (they become U+FFFD).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace harden {

// With its quotes.
[[nodiscard]] std::string json_string(std::string_view text);
// Indented, with a newline at the end.
[[nodiscard]] std::string json_document(const nlohmann::ordered_json& document);

}  // namespace harden
