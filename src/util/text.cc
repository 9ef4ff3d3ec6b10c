// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "util/width_tables.h"

namespace harden {
namespace {

bool in_table(std::span<const CodePointRange> table, char32_t c) {
  const auto after = std::ranges::upper_bound(table, c, {}, &CodePointRange::first);
  return after != table.begin() && c <= std::prev(after)->last;
}

struct Decoded {
  char32_t code_point;
  std::size_t length;  // bytes taken; 0: the first byte begins no UTF-8 character
};

// Strict: no overlong forms, no surrogates, nothing past U+10FFFF.
Decoded decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {0, 0};
  char32_t c = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {0, 0};
    c = (c << 6U) | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
  if (overlong || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) return {0, 0};
  return {c, length};
}

// What a terminal obeys or does not show, beyond C0 and DEL. A name that holds one of these can pass
// for another, or turn the line around.
constexpr std::array<CodePointRange, 17> kHidden{{
    {0x80, 0x9f},        // C1: U+009B is CSI to some terminals
    {0xad, 0xad},        // soft hyphen
    {0x61c, 0x61c},      // Arabic letter mark
    {0x115f, 0x1160},    // Hangul fillers
    {0x17b4, 0x17b5},    // Khmer inherent vowels, invisible
    {0x180b, 0x180f},    // Mongolian selectors and vowel separator
    {0x200b, 0x200f},    // zero width, direction marks
    {0x2028, 0x202e},    // line and paragraph separator, bidirectional embeddings and overrides
    {0x2060, 0x206f},    // word joiner, invisible operators, isolates
    {0x3164, 0x3164},    // Hangul filler
    {0xd800, 0xdfff},    // no characters
    {0xfeff, 0xfeff},    // byte order mark
    {0xffa0, 0xffa0},    // half-width Hangul filler
    {0xfff0, 0xfffb},    // unassigned, interlinear annotation
    {0x13430, 0x1343f},  // hieroglyph format controls
    {0x1d173, 0x1d17a},  // musical format controls
    {0xe0000, 0xe0fff},  // tags, variation selectors supplement
}};

bool is_plain_ascii(char c) { return c >= 0x20 && c < 0x7f; }

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before_last, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = to_lower(a[i - 1]);
      const char y = to_lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (x == y ? 0U : 1U)});
      if (i > 1 && j > 1 && x == to_lower(b[j - 2]) && to_lower(a[i - 2]) == y) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view strip_left(std::string_view text, const CharSet& chars) {
  while (!text.empty() && chars.contains(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view strip_right(std::string_view text, const CharSet& chars) {
  while (!text.empty() && chars.contains(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view strip(std::string_view text, const CharSet& chars) {
  return strip_left(strip_right(text, chars), chars);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  parts.reserve(1 + static_cast<std::size_t>(std::ranges::count(text, separator)));
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = text.find(separator, begin)) != std::string_view::npos;
       begin = end + 1) {
    parts.push_back(text.substr(begin, end - begin));
  }
  parts.push_back(text.substr(begin));
  return parts;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::size_t size = 0;
  for (const std::string& part : parts) size += part.size() + separator.size();
  std::string joined;
  joined.reserve(size);
  for (const std::string& part : parts) {
    if (&part != parts.data()) joined += separator;
    joined += part;
  }
  return joined;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return to_lower(c); });
  return lower;
}

bool is_ascii(std::string_view text) {
  // Whole words first: most text is ASCII to its end.
  constexpr std::uint64_t kHighBits = 0x8080808080808080U;
  std::uint64_t seen = 0;
  std::size_t i = 0;
  for (; i + sizeof seen <= text.size(); i += sizeof seen) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof word);
    seen |= word;
  }
  for (; i < text.size(); ++i) seen |= static_cast<unsigned char>(text[i]);
  return (seen & kHighBits) == 0;
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Decoded next = decode_utf8(text);
    if (next.length == 0) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

std::string escape_for_terminal(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const auto plain =
        static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain_ascii) - text.begin());
    escaped += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;

    const Decoded next = decode_utf8(text);
    if (next.length <= 1) {  // C0, DEL, or a byte that is not UTF-8
      const auto byte = static_cast<unsigned char>(text.front());
      escaped.append("\\x").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 0xfU]);
      text.remove_prefix(1);
      continue;
    }
    if (in_table(kHidden, next.code_point)) {
      escaped += "\\u{";
      unsigned shift = next.code_point > 0xffff ? 20 : 12;
      for (;; shift -= 4) {
        escaped += kHex[(next.code_point >> shift) & 0xfU];
        if (shift == 0) break;
      }
      escaped += '}';
    } else {
      escaped += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  return escaped;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Decoded next = decode_utf8(text);
    if (next.length <= 1) {
      ++width;
      text.remove_prefix(1);
      continue;
    }
    if (in_table(kWide, next.code_point)) {
      width += 2;
    } else if (!in_table(kZeroWidth, next.code_point)) {
      width += 1;
    }
    text.remove_prefix(next.length);
  }
  return width;
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates) {
  constexpr std::size_t kMaxEdits = 2;
  // The table is quadratic, and a word this long is no slip of the finger.
  constexpr std::size_t kMaxLength = 256;
  if (word.size() > kMaxLength) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = kMaxEdits + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (longer - std::min(word.size(), candidate.size()) >= best_distance) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance * 2 < word.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace harden
