// SPDX-License-Identifier: LGPL-2.1-or-later
// Small text functions without domain words. Text from units, recordings and ELF files is untrusted:
// whatever prints it to a terminal goes through escape_for_terminal.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace harden {

// Some characters, asked for one by one.
class CharSet {
 public:
  constexpr CharSet() = default;
  // Not explicit: a literal stands for the set of its characters.
  constexpr CharSet(std::string_view chars) {  // NOLINT(google-explicit-constructor)
    for (const char c : chars) add(c);
  }
  constexpr CharSet(const char* chars)
      : CharSet(std::string_view(chars)) {}  // NOLINT(google-explicit-constructor)
  constexpr void add(char c) { words_[index(c) / 64] |= std::uint64_t{1} << (index(c) % 64); }
  [[nodiscard]] constexpr bool contains(char c) const {
    return (words_[index(c) / 64] >> (index(c) % 64) & 1U) != 0;
  }
  // Where the first of them stands in the text from `from` on; the text's size if there is none.
  [[nodiscard]] constexpr std::size_t find_in(std::string_view text, std::size_t from = 0) const {
    while (from < text.size() && !contains(text[from])) ++from;
    return from;
  }

 private:
  static constexpr std::size_t index(char c) { return static_cast<unsigned char>(c); }
  std::array<std::uint64_t, 4> words_{};
};

// " \t\n\r", the characters systemd strips from lines and splits words at.
inline constexpr std::string_view kWhitespace = " \t\n\r";

// What is behind the last slash; all of it if there is none.
[[nodiscard]] constexpr std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

inline constexpr CharSet kWhitespaceSet{kWhitespace};

[[nodiscard]] std::string_view strip(std::string_view text, const CharSet& chars = kWhitespaceSet);
[[nodiscard]] std::string_view strip_left(std::string_view text, const CharSet& chars = kWhitespaceSet);
[[nodiscard]] std::string_view strip_right(std::string_view text, const CharSet& chars = kWhitespaceSet);

// Parts between separators, empty parts kept: split("a::b", ':') gives three.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

// ASCII letters alone; all else stays.
[[nodiscard]] std::string to_lower(std::string_view text);

[[nodiscard]] bool is_ascii(std::string_view text);
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
