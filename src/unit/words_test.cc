// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit/words.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <ostream>

namespace harden {

static void PrintTo(const SplitWords& split, std::ostream* out) {
  for (const std::string& word : split.words) *out << '<' << word << '>';
  if (split.malformed) *out << " malformed";
}
static bool operator==(const SplitWords& a, const SplitWords& b) {
  return a.words == b.words && a.malformed == b.malformed;
}

namespace {

SplitWords good(std::vector<std::string> words) { return {std::move(words), false}; }
SplitWords bad(std::vector<std::string> words) { return {std::move(words), true}; }

constexpr WordRules kUnescaped{.unquote = true, .cunescape = true, .unescape_relax = true};
constexpr WordRules kEverythingRelaxed{
    .unquote = true, .cunescape = true, .unescape_relax = true, .relax = true};

TEST(Words, SplitAtRunsOfWhitespace) {
  EXPECT_EQ(split_words(""), good({}));
  EXPECT_EQ(split_words(" \t\r\n "), good({}));
  EXPECT_EQ(split_words("a"), good({"a"}));
  EXPECT_EQ(split_words("  a \t b\n\rc  "), good({"a", "b", "c"}));
  EXPECT_EQ(split_words("a\x0b"), good({"a\x0b"})) << "a vertical tab is no whitespace to systemd";
}

TEST(Words, SplitAtOtherSeparators) {
  EXPECT_EQ(split_words("a::b c:", {.separators = ":"}), good({"a", "b c"}));
}

TEST(Words, QuotesGroupAndVanish) {
  EXPECT_EQ(split_words(R"("a b" 'c d')"), good({"a b", "c d"}));
  EXPECT_EQ(split_words(R"(a"b c"d)"), good({"ab cd"}));
  EXPECT_EQ(split_words(R"("a"'b')"), good({"ab"}));
  EXPECT_EQ(split_words(R"("it's" '"')"), good({"it's", "\""}));
  EXPECT_EQ(split_words(R"("" a '')"), good({"", "a", ""})) << "empty quotes are a word";
}

TEST(Words, PlainWordsKeepQuotes) {
  EXPECT_EQ(split_words(R"("a b' c)", kPlainWords), good({"\"a", "b'", "c"}));
}

TEST(Words, BackslashMakesTheNextLiteral) {
  EXPECT_EQ(split_words(R"(a\ b \"c \\ \n)"), good({"a b", "\"c", "\\", "n"}));
  EXPECT_EQ(split_words(R"(a\ b \x41)", kPlainWords), good({"a b", "x41"}));
  EXPECT_EQ(split_words(R"("a\"b")"), good({"a\"b"}));
  EXPECT_EQ(split_words(R"('a\'b')"), good({"a'b"})) << "in single quotes as well";
}

TEST(Words, BackslashIsKeptWhereRetained) {
  EXPECT_EQ(split_words(R"(a\ b\)", {.unquote = true, .retain_escape = true}), good({R"(a\)", R"(b\)"}));
}

TEST(Words, CommandWordsDecodeEscapes) {
  EXPECT_EQ(split_words(R"(\a\b\f\n\r\t\v\\\"\'\s)", kCommandWords), good({"\a\b\f\n\r\t\v\\\"' "}));
  EXPECT_EQ(split_words(R"(\x41\x7a \101 \377)", kCommandWords), good({"Az", "A", "\xff"}));
  EXPECT_EQ(split_words(R"(\u00e9\u20ac \U0001f600 \u0041)", kCommandWords), good({"é€", "😀", "A"}));
  EXPECT_EQ(split_words(R"('\x41 \n')", kCommandWords), good({"A \n"}));
}

// systemd 252 and 257: \u takes what \U refuses.
TEST(Words, ShortUnicodeEscapesAreNotChecked) {
  EXPECT_EQ(split_words(R"(\ud800)", kCommandWords), good({"\xed\xa0\x80"}));
  EXPECT_EQ(split_words(R"(\ufdd0)", kCommandWords), good({"\xef\xb7\x90"}));
  for (const char* text :
       {R"(\U0000d800)", R"(\U0000fdd0)", R"(\U0000fffe)", R"(\U0010ffff)", R"(\U00110000)"})
    EXPECT_EQ(split_words(text, kCommandWords), bad({})) << text;
}

TEST(Words, UnknownEscapesAreMalformedOrKept) {
  for (const char* text : {R"(\q)", R"(\x4)", R"(\x4g)", R"(\x00)", R"(\000)", R"(\400)", R"(\08)", R"(\8)",
                           R"(\u123)", R"(\u0000)", R"(\U0000004)", R"(\X41)"}) {
    EXPECT_EQ(split_words(text, kCommandWords), bad({})) << text;
    EXPECT_EQ(split_words(text, kUnescaped), good({text})) << text;
  }
  EXPECT_EQ(split_words(R"(a\ b)", kCommandWords), bad({})) << "an escaped blank is no C escape";
  EXPECT_EQ(split_words(R"(a\ b)", kUnescaped), good({R"(a\ b)"})) << "and does not end the word";
}

TEST(Words, TrailingBackslash) {
  EXPECT_EQ(split_words(R"(a b\)"), bad({"a"}));
  EXPECT_EQ(split_words(R"(a b\)", kRelaxedWords), good({"a", "b"}));
  EXPECT_EQ(split_words(R"(a b\)", kUnescaped), good({"a", R"(b\)"}));
  EXPECT_EQ(split_words(R"(a 'b\)", kUnescaped), bad({"a"})) << "but not inside quotes";
  EXPECT_EQ(split_words(R"(a 'b\)", kEverythingRelaxed), good({"a", R"(b\)"}));
  EXPECT_EQ(split_words(R"(\)", kRelaxedWords), good({""}));
}

TEST(Words, OpenQuote) {
  EXPECT_EQ(split_words(R"(a "b c)"), bad({"a"}));
  EXPECT_EQ(split_words(R"(a "b c)", kRelaxedWords), good({"a", "b c"}));
  EXPECT_EQ(split_words(R"(")", kRelaxedWords), good({""}));
  EXPECT_EQ(split_words(R"(a "b c)", kPlainWords), good({"a", "\"b", "c"}));
}

TEST(Words, ReaderStaysAtItsEnd) {
  std::string word;
  WordReader good_reader(" a ");
  EXPECT_EQ(good_reader.next(word), WordReader::Step::word);
  EXPECT_EQ(good_reader.next(word), WordReader::Step::end);
  EXPECT_EQ(good_reader.next(word), WordReader::Step::end);

  WordReader bad_reader(R"(a "b)");
  EXPECT_EQ(bad_reader.next(word), WordReader::Step::word);
  EXPECT_EQ(bad_reader.next(word), WordReader::Step::malformed);
  EXPECT_EQ(bad_reader.next(word), WordReader::Step::malformed);
}

TEST(Words, ReaderTellsWhatIsLeft) {
  std::string word;
  WordReader reader("a  'b' c");
  EXPECT_EQ(reader.next(word), WordReader::Step::word);
  EXPECT_EQ(reader.rest(), "'b' c");
  EXPECT_EQ(reader.next(word), WordReader::Step::word);
  EXPECT_EQ(reader.next(word), WordReader::Step::word);
  EXPECT_EQ(reader.rest(), "");
}

rc::Gen<std::string> word_text() {
  return rc::gen::container<std::string>(rc::gen::weightedOneOf<char>(
      {{5, rc::gen::element(' ', '\t', '\n', '"', '\'', '\\', 'x', '0', '4', 'u', 'n')},
       {1, rc::gen::nonZero<char>()}}));
}

std::string quote_for(std::string_view word, std::string_view escaped) {
  std::string out = "\"";
  for (const char c : word) {
    if (escaped.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out + '"';
}

RC_GTEST_PROP(WordsProperty, QuotedWordsComeBack, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(word_text());
  std::string text;
  for (const std::string& word : words) text += quote_for(word, "\\\"") + " ";
  for (const WordRules& rules : {kUnquotedWords, kRelaxedWords, kCommandWords, kUnescaped})
    RC_ASSERT(split_words(text, rules) == good(words));
}

RC_GTEST_PROP(WordsProperty, EveryTextSplits, ()) {
  const auto text = *word_text();
  for (const bool unquote : {false, true})
    for (const bool cunescape : {false, true})
      for (const bool unescape_relax : {false, true})
        for (const bool relax : {false, true}) {
          const WordRules rules{unquote, cunescape, unescape_relax, relax, false};
          const SplitWords split = split_words(text, rules);
          // Fully relaxed, nothing is malformed; without quotes and escapes only the tail can be.
          if (relax && (!cunescape || unescape_relax)) RC_ASSERT(!split.malformed);
          std::size_t length = 0;
          for (const std::string& word : split.words) length += word.size();
          RC_ASSERT(length <= text.size());
        }
}

}  // namespace
}  // namespace harden
