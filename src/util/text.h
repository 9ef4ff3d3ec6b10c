// SPDX-License-Identifier: LGPL-2.1-or-later
// Small text functions without domain words. Text from units, recordings and ELF files is untrusted:
// whatever prints it to a terminal goes through escape_for_terminal.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace harden {

// " \t\n\r", the characters systemd strips from lines and splits words at.
inline constexpr std::string_view kWhitespace = " \t\n\r";

[[nodiscard]] std::string_view strip(std::string_view text, std::string_view chars = kWhitespace);
[[nodiscard]] std::string_view strip_left(std::string_view text, std::string_view chars = kWhitespace);
[[nodiscard]] std::string_view strip_right(std::string_view text, std::string_view chars = kWhitespace);

// Parts between separators, empty parts kept: split("a::b", ':') gives three.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

[[nodiscard]] bool is_valid_utf8(std::string_view text);

// Printable as it stands on a terminal: control characters (C0, DEL, C1), bidirectional and other
// invisible format characters, line and paragraph separators, and bytes that are not UTF-8 become
// \xNN or \u{NNNN}; a newline too, since callers print lines. Everything else is unchanged.
[[nodiscard]] std::string escape_for_terminal(std::string_view text);

// Columns the text takes on a terminal (wide and combining characters counted by wcwidth's rules).
// The text must have gone through escape_for_terminal.
[[nodiscard]] std::size_t display_width(std::string_view text);

// The candidate nearest to `word` by edit distance, at most 2 edits and less than half of the word's
// length away, for "did you mean"; nothing otherwise. Case is ignored. Ties: the first candidate.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

}  // namespace harden
