// SPDX-License-Identifier: LGPL-2.1-or-later
// Words of an assignment's right-hand side, split as systemd's parsers split them. Which quoting and
// escaping holds depends on the directive. Source: systemd.syntax(7), "Quoting".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/text.h"

namespace harden {

struct WordRules {
  bool unquote = false;         // '…' and "…" group words and are removed
  bool cunescape = false;       // C escapes are decoded; an unknown one is malformed
  bool unescape_relax = false;  // unknown escapes and a trailing backslash stay as they are
  bool relax = false;           // an open quote ends at the end of the text
  bool retain_escape = false;   // a backslash is an ordinary character
  CharSet separators = kWhitespaceSet;
};

// Plain lists: no quotes; a backslash makes the next character literal. (SystemCallFilter=, IPAddress*=)
inline constexpr WordRules kPlainWords{};
// Most lists.
inline constexpr WordRules kUnquotedWords{.unquote = true};
// Capability lists.
inline constexpr WordRules kRelaxedWords{.unquote = true, .relax = true};
// Command lines.
inline constexpr WordRules kCommandWords{.unquote = true, .cunescape = true};

// Splits one word off after another, so that what precedes a malformed word is still had.
class WordReader {
 public:
  explicit WordReader(std::string_view text, WordRules rules = kUnquotedWords)
      : rest_(text), rules_(rules), special_(rules.separators) {
    for (const char c : {'\\', '\'', '"'}) special_.add(c);
  }

  enum class Step : std::uint8_t { word, end, malformed };
  // On Step::word, `word` holds it. After end or malformed every further call gives the same.
  [[nodiscard]] Step next(std::string& word);
  // What is not yet read, separators before it skipped.
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  WordRules rules_;
  CharSet special_;      // all that may be more than itself
  Step final_ = Step::word;  // `word` while reading goes on
};

// All words; `malformed` tells whether the text ended in one that could not be read.
struct SplitWords {
  std::vector<std::string> words;
  bool malformed = false;
};
[[nodiscard]] SplitWords split_words(std::string_view text, WordRules rules = kUnquotedWords);

}  // namespace harden
