// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit/words.h"

#include <optional>

namespace harden {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// `count` digits of `base` at the start of text; nothing if there are fewer.
std::optional<std::uint32_t> read_digits(std::string_view text, std::size_t count, unsigned base) {
  if (text.size() < count) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[i];
    unsigned digit = base;
    if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') digit = static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') digit = static_cast<unsigned>(c - 'A') + 10;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

// What \U may name: no surrogates, no noncharacters. \u is not held to it, and a surrogate written so
// becomes three bytes that are not UTF-8.
constexpr bool is_long_escape_character(std::uint32_t code) {
  return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) && (code < 0xfdd0 || code > 0xfdef) &&
         (code & 0xfffe) != 0xfffe;
}

// Decodes the C escape that follows a backslash into `out`; the number of characters it took, or 0 if
// it is none. NUL, however written, is none: values are C strings to systemd.
std::size_t decode_escape(std::string_view text, std::string& out) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t skip, std::size_t count, unsigned base) -> std::size_t {
    const auto value = read_digits(text.substr(skip), count, base);
    if (!value || *value == 0 || *value > 0xff) return 0;
    out += static_cast<char>(*value);
    return skip + count;
  };
  const auto character = [&](std::size_t count) -> std::size_t {
    const auto value = read_digits(text.substr(1), count, 16);
    if (!value || *value == 0 || (count == 8 && !is_long_escape_character(*value))) return 0;
    append_utf8(out, *value);
    return 1 + count;
  };
  switch (text.front()) {
    case 'a':
      out += '\a';
      return 1;
    case 'b':
      out += '\b';
      return 1;
    case 'f':
      out += '\f';
      return 1;
    case 'n':
      out += '\n';
      return 1;
    case 'r':
      out += '\r';
      return 1;
    case 't':
      out += '\t';
      return 1;
    case 'v':
      out += '\v';
      return 1;
    case '\\':
      out += '\\';
      return 1;
    case '"':
      out += '"';
      return 1;
    case '\'':
      out += '\'';
      return 1;
    case 's':
      out += ' ';
      return 1;
    case 'x':
      return byte(1, 2, 16);
    case 'u':
      return character(4);
    case 'U':
      return character(8);
    default:
      return byte(0, 3, 8);
  }
}

}  // namespace

WordReader::Step WordReader::next(std::string& word) {
  if (final_ != Step::word) return final_;
  word.clear();

  const auto is_separator = [this](char c) { return rules_.separators.contains(c); };
  const auto finish = [this](Step step) {
    if (step == Step::word)
      rest_ = {};  // the last word: the next call finds the end
    else
      final_ = step;
    return step;
  };

  std::size_t i = 0;
  while (i < rest_.size() && is_separator(rest_[i])) ++i;
  if (i == rest_.size()) return finish(Step::end);

  char quote = 0;
  for (; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (c == '\\' && !rules_.retain_escape) {
      if (i + 1 == rest_.size()) {
        if (rules_.unescape_relax && (quote == 0 || rules_.relax)) {
          word += '\\';
          return finish(Step::word);
        }
        return finish(rules_.relax ? Step::word : Step::malformed);
      }
      if (!rules_.cunescape) {
        word += rest_[++i];
        continue;
      }
      if (const std::size_t taken = decode_escape(rest_.substr(i + 1), word); taken > 0) {
        i += taken;
      } else if (rules_.unescape_relax) {
        word += '\\';
        word += rest_[++i];
      } else {
        return finish(Step::malformed);
      }
    } else if (quote != 0) {
      if (c == quote)
        quote = 0;
      else
        word += c;
    } else if (rules_.unquote && (c == '\'' || c == '"')) {
      quote = c;
    } else if (is_separator(c)) {
      while (i < rest_.size() && is_separator(rest_[i])) ++i;
      rest_.remove_prefix(i);
      return Step::word;
    } else {
      // The ordinary case: all characters up to one that is not.
      const std::size_t end = special_.find_in(rest_, i + 1);
      word.append(rest_, i, end - i);
      i = end - 1;
    }
  }
  if (quote != 0 && !rules_.relax) return finish(Step::malformed);
  return finish(Step::word);
}

SplitWords split_words(std::string_view text, WordRules rules) {
  SplitWords result;
  WordReader reader(text, rules);
  std::string word;
  for (;;) {
    switch (reader.next(word)) {
      case WordReader::Step::word:
        result.words.push_back(word);
        break;
      case WordReader::Step::end:
        return result;
      case WordReader::Step::malformed:
        result.malformed = true;
        return result;
    }
  }
}

}  // namespace harden
