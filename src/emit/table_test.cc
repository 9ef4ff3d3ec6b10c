// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/table.h"

#include <gtest/gtest.h>

#include <rapidcheck.h>

#include "util/text.h"

namespace harden {
namespace {

using Lines = std::vector<std::string_view>;

std::string print(const Table& table, std::size_t width) {
  std::string out;
  table.print(out, width, Style(false));
  return out;
}

TEST(WrapText, BreaksBetweenWords) {
  EXPECT_EQ(wrap_text("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(wrap_text("one two three", 8), (Lines{"one two", "three"}));
  EXPECT_EQ(wrap_text("one two three", 13), (Lines{"one two three"}));
}

TEST(WrapText, BreaksALongWordBehindAMark) {
  EXPECT_EQ(wrap_text("/usr/lib/systemd/system", 10), (Lines{"/usr/lib/", "systemd/", "system"}));
  EXPECT_EQ(wrap_text("aaaaaaaaaaaa", 5), (Lines{"aaaaa", "aaaaa", "aa"}));
}

TEST(WrapText, CountsColumnsNotBytes) { EXPECT_EQ(wrap_text("ääää ää", 4), (Lines{"ääää", "ää"})); }

TEST(WrapText, KeepsLinesAndUnlimitedWidthBreaksNothing) {
  EXPECT_EQ(wrap_text("a b\n\nc", kUnlimitedWidth), (Lines{"a b", "", "c"}));
  EXPECT_EQ(wrap_text("", 10), (Lines{""}));
}

TEST(WrapText, NoLineIsWiderAndNoCharacterIsLost) {
  EXPECT_TRUE(rc::check([] {
    const auto width = *rc::gen::inRange<std::size_t>(1, 40);
    const auto text = *rc::gen::container<std::string>(rc::gen::element('a', 'b', '/', ' ', '='));
    std::string together;
    for (const std::string_view line : wrap_text(text, width)) {
      RC_ASSERT(line.size() <= width);
      together += line;
    }
    std::string letters = text;
    std::erase(letters, ' ');
    std::erase(together, ' ');
    RC_ASSERT(together == letters);
  }));
}

TEST(Table, AlignsAndLeavesNoBlanksAtTheEnd) {
  Table table({{"UNIT"}, {"N", Align::right}, {"WHAT"}});
  table.add_row({{"a"}, {"10"}, {"x"}});
  table.add_row({{"long"}, {"9"}, {""}});
  EXPECT_EQ(print(table, kUnlimitedWidth), "UNIT   N  WHAT\na     10  x\nlong   9\n");
}

TEST(Table, TheLastColumnWraps) {
  Table table({{"A"}, {"B"}});
  table.add_row({{"x"}, {"words that do not fit on a line"}});
  EXPECT_EQ(print(table, 25), "A  B\nx  words that do not fit\n   on a line\n");
}

TEST(Table, ACellMayHaveSeveralLines) {
  Table table({{"A"}, {"B"}, {"C"}});
  table.add_row({{"x"}, {"1\n2"}, {"y\nz"}});
  EXPECT_EQ(print(table, kUnlimitedWidth), "A  B  C\nx  1  y\n   2  z\n");
}

TEST(Table, IsNeverWiderThanTheTerminal) {
  EXPECT_TRUE(rc::check([] {
    const auto width = *rc::gen::inRange<std::size_t>(30, 120);
    Table table({{"FIRST"}, {"SECOND", Align::right}, {"THIRD"}});
    const auto cell = rc::gen::container<std::string>(rc::gen::element('a', '/', ' ', 'c'));
    for (int i = 0; i < 3; ++i) table.add_row({{*cell}, {*cell}, {*cell}});
    const std::string out = print(table, width);
    for (const std::string_view line : split(out, '\n')) {
      RC_ASSERT(line.size() <= width);
      RC_ASSERT(!line.ends_with(' '));
    }
  }));
}

TEST(Table, ForeignTextIsEscaped) {
  EXPECT_EQ(foreign_cell("a\x1b[31m").text, "a\\x1b[31m");
  const std::vector<std::string> lines = {"a\nb", "c"};
  EXPECT_EQ(foreign_lines(lines).text, "a\\x0ab\nc");
}

TEST(PrintParagraph, AWideHeadStandsAlone) {
  std::string out;
  print_paragraph(out, "/etc/systemd/x.conf:12: ", "one two three", 12, Style(false));
  EXPECT_EQ(out, "/etc/systemd\n/x.conf:12:\n  one two\n  three\n");
}

TEST(PrintLine, IsColouredIfItFitsAndWrappedIfNot) {
  const std::vector<Cell> pieces = {{"a:", Ink::strong}, {" b c"}};
  std::string out;
  print_line(out, pieces, 6, Style(true));
  EXPECT_EQ(out, "\x1b[1ma:\x1b[0m b c\n");
  out.clear();
  print_line(out, pieces, 5, Style(true));
  EXPECT_EQ(out, "a: b\nc\n");
}

TEST(PrintParagraph, SetsFurtherLinesIn) {
  std::string out;
  print_paragraph(out, "hint: ", "one two three four", 16, Style(false));
  EXPECT_EQ(out, "hint: one two\n      three four\n");
}

}  // namespace
}  // namespace harden
