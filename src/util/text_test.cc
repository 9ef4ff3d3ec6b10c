// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace harden {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(Text, StripTakesBothEnds) {
  EXPECT_EQ(strip(" \t a b\r\n"), "a b");
  EXPECT_EQ(strip_left("  a "), "a ");
  EXPECT_EQ(strip_right("  a "), "  a");
  EXPECT_EQ(strip(" \n "), "");
  EXPECT_EQ(strip("//a/", "/"), "a");
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a::b", ':'), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ':'), (std::vector<std::string_view>{""}));
  EXPECT_EQ(split(":", ':'), (std::vector<std::string_view>{"", ""}));
}

RC_GTEST_PROP(Text, JoinUndoesSplit, (const std::string& text)) {
  const std::vector<std::string_view> parts = split(text, 'a');
  RC_ASSERT(join(std::vector<std::string>(parts.begin(), parts.end()), "a") == text);
}

TEST(Text, Utf8IsStrict) {
  EXPECT_TRUE(is_valid_utf8("aé€😀"));
  EXPECT_TRUE(is_valid_utf8(""));
  EXPECT_FALSE(is_valid_utf8("\xc0\xaf")) << "overlong /";
  EXPECT_FALSE(is_valid_utf8("\xe0\x80\xaf")) << "overlong, three bytes";
  EXPECT_FALSE(is_valid_utf8("\xed\xa0\x80")) << "surrogate";
  EXPECT_FALSE(is_valid_utf8("\xf4\x90\x80\x80")) << "past U+10FFFF";
  EXPECT_FALSE(is_valid_utf8("\xe2\x82")) << "cut off";
  EXPECT_FALSE(is_valid_utf8("\x80"));
}

TEST(Text, EscapesWhatATerminalObeys) {
  EXPECT_EQ(escape_for_terminal("a\x1b[31mb\n\t\x7f"), R"(a\x1b[31mb\x0a\x09\x7f)");
  EXPECT_EQ(escape_for_terminal("nul\0!"sv), R"(nul\x00!)");
  EXPECT_EQ(escape_for_terminal("\xc2\x9b"
                                "31m"),
            R"(\u{009b}31m)")
      << "C1 as UTF-8";
  EXPECT_EQ(escape_for_terminal("\x9b"
                                "31m"),
            R"(\x9b31m)")
      << "C1 as a byte";
}

TEST(Text, EscapesWhatHidesOrReorders) {
  EXPECT_EQ(escape_for_terminal("a\u202eb\u2066c\u200bd\ufeff\u2028"),
            R"(a\u{202e}b\u{2066}c\u{200b}d\u{feff}\u{2028})");
  EXPECT_EQ(escape_for_terminal("\U000e0041"), R"(\u{0e0041})");
}

TEST(Text, LeavesTheRestAsItStands) {
  EXPECT_EQ(escape_for_terminal("Grüße, 世界 😀 \\x41"), "Grüße, 世界 😀 \\x41");
  EXPECT_EQ(escape_for_terminal("\xe2\x82x"), R"(\xe2\x82x)") << "each stray byte by itself";
}

RC_GTEST_PROP(Text, EscapedTextIsValidAndStable, (const std::string& bytes)) {
  const std::string escaped = escape_for_terminal(bytes);
  RC_ASSERT(is_valid_utf8(escaped));
  RC_ASSERT(escape_for_terminal(escaped) == escaped);
  for (const char c : escaped) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

TEST(Text, WidthCountsColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("é"), 1U);
  EXPECT_EQ(display_width("e\u0301"), 1U) << "combining acute";
  EXPECT_EQ(display_width("世界"), 4U);
  EXPECT_EQ(display_width("😀"), 2U);
  EXPECT_EQ(display_width("→…"), 2U);
}

TEST(Text, NearestFindsSlips) {
  constexpr std::array kNames{"ProtectHome"sv, "ProtectSystem"sv, "PrivateTmp"sv, "User"sv};
  EXPECT_EQ(nearest("ProtectHmoe", kNames), "ProtectHome") << "a swap is one edit";
  EXPECT_EQ(nearest("protectsystem", kNames), "ProtectSystem") << "case is ignored";
  EXPECT_EQ(nearest("PrivatTemp", kNames), "PrivateTmp");
  EXPECT_EQ(nearest("Protect", kNames), std::nullopt);
  EXPECT_EQ(nearest("Us", kNames), std::nullopt) << "two edits are all of the word";
  EXPECT_EQ(nearest("", kNames), std::nullopt);
}

TEST(Text, NearestTakesTheFirstOfEquals) {
  constexpr std::array kNames{"abcde1"sv, "abcde2"sv};
  EXPECT_EQ(nearest("abcde3", kNames), "abcde1");
}

}  // namespace
}  // namespace harden
