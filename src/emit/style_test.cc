// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/style.h"

#include <gtest/gtest.h>

namespace harden {
namespace {

TEST(WantsColor, OnlyATerminalHasColorByItself) {
  EXPECT_TRUE(wants_color(ColorWhen::automatic, true, nullptr, "xterm"));
  EXPECT_FALSE(wants_color(ColorWhen::automatic, false, nullptr, "xterm"));
  EXPECT_FALSE(wants_color(ColorWhen::automatic, true, nullptr, "dumb"));
}

TEST(WantsColor, NoColorCountsIfNotEmpty) {
  EXPECT_FALSE(wants_color(ColorWhen::automatic, true, "1", "xterm"));
  EXPECT_TRUE(wants_color(ColorWhen::automatic, true, "", "xterm"));
}

TEST(WantsColor, TheOptionOverridesEverything) {
  EXPECT_TRUE(wants_color(ColorWhen::always, false, "1", "dumb"));
  EXPECT_FALSE(wants_color(ColorWhen::never, true, nullptr, "xterm"));
}

TEST(Style, WithoutColorTextStaysAsItIs) {
  std::string out;
  Style(false).paint(out, "text", Ink::bad);
  EXPECT_EQ(out, "text");
}

TEST(Style, EmptyTextGetsNoEscapes) {
  std::string out;
  Style(true).paint(out, "", Ink::bad);
  EXPECT_EQ(out, "");
}

TEST(TenthsText, HasOneDigitBehindThePoint) {
  EXPECT_EQ(tenths_text(0), "0.0");
  EXPECT_EQ(tenths_text(96), "9.6");
  EXPECT_EQ(tenths_text(100), "10.0");
}

}  // namespace
}  // namespace harden
