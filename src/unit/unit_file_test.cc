// SPDX-License-Identifier: LGPL-2.1-or-later
// What a line is was checked against systemd-analyze 252, which 257 shares the reader with.
#include "unit/unit_file.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>

namespace harden {
namespace {

using namespace std::string_literals;

UnitFile parse(std::string text) { return parse_unit_file(std::move(text), "x.service"); }

// "section.key=value" of each assignment.
std::vector<std::string> assignments(const UnitFile& file) {
  std::vector<std::string> found;
  for (const Entry& entry : file.entries())
    if (entry.kind == EntryKind::assignment)
      found.push_back(std::string(entry.section) + "." + std::string(entry.key) + "=" +
                      std::string(entry.value));
  return found;
}

std::vector<EntryKind> kinds(const UnitFile& file) {
  std::vector<EntryKind> found;
  for (const Entry& entry : file.entries()) found.push_back(entry.kind);
  return found;
}

std::vector<std::string> warnings(const UnitFile& file) {
  std::vector<std::string> found;
  for (const Diagnostic& diagnostic : file.diagnostics())
    found.push_back(std::to_string(diagnostic.where.line) + ":" + std::string(diagnostic.id));
  return found;
}

using Lines = std::vector<std::string>;

TEST(UnitFile, EntriesTellKindPlaceAndSection) {
  const UnitFile file = parse("# c\n\n[Unit]\nDescription=a\n ; d\n[Service]\nUser=b\n");
  using enum EntryKind;
  EXPECT_EQ(kinds(file), (std::vector{comment, blank, section, assignment, comment, section, assignment}));
  EXPECT_EQ(assignments(file), (Lines{"Unit.Description=a", "Service.User=b"}));
  EXPECT_EQ(file.entries()[0].section, "");
  EXPECT_EQ(file.entries()[2].section, "Unit");
  EXPECT_EQ(file.entries()[4].section, "Unit") << "a comment stands in its section";
  EXPECT_EQ(file.entries()[6].line, 7U);
  EXPECT_EQ(file.entries()[6].raw, "User=b\n");
  EXPECT_EQ(file.path(), "x.service");
  EXPECT_TRUE(file.diagnostics().empty());
  EXPECT_FALSE(file.stopped());
}

TEST(UnitFile, NothingIsNoEntry) { EXPECT_TRUE(parse("").entries().empty()); }

TEST(UnitFile, StripsAroundKeyAndValue) {
  EXPECT_EQ(assignments(parse("[S]\n \t Key \t =\t a = b \t\n")), Lines{"S.Key=a = b"});
  EXPECT_EQ(assignments(parse("[S]\nKey=\n")), Lines{"S.Key="});
  EXPECT_EQ(assignments(parse("  [S]  \nKey=a#b ; c\n")), Lines{"S.Key=a#b ; c"})
      << "no comments behind values";
  EXPECT_EQ(assignments(parse("[S]\n\fKey=a\v\n")), Lines{"S.\fKey=a\v"}) << "form feeds are no whitespace";
}

TEST(UnitFile, SectionNamesAreTakenLiterally) {
  EXPECT_EQ(assignments(parse("[ S ]\nk=v\n")), Lines{" S .k=v"});
  EXPECT_EQ(assignments(parse("[a]b]\nk=v\n")), Lines{"a]b.k=v"});
}

// --- Line ends ------------------------------------------------------------------------------------

TEST(UnitFile, LinesEndAtNewlineReturnOrNul) {
  for (const std::string& end :
       {"\n"s, "\r"s, "\r\n"s, "\n\r"s, "\0"s, "\n\0"s, "\r\0"s, "\r\n\0"s, "\n\r\0"s}) {
    const UnitFile file = parse("[S]" + end + "a=1" + end + "b=2");
    EXPECT_EQ(assignments(file), (Lines{"S.a=1", "S.b=2"}));
    EXPECT_EQ(file.entries().size(), 3U);
    EXPECT_EQ(file.entries().back().line, 3U);
  }
}

TEST(UnitFile, OneOfEachEndsOneLine) {
  EXPECT_EQ(parse("\r\n\r\n").entries().size(), 2U);
  EXPECT_EQ(parse("\n\r\n").entries().size(), 2U);
  EXPECT_EQ(parse("\n\n").entries().size(), 2U);
  EXPECT_EQ(parse("\r\r").entries().size(), 2U);
  EXPECT_EQ(parse("\0\n"s).entries().size(), 2U) << "nothing joins a NUL from behind";
  EXPECT_EQ(parse("\0\0"s).entries().size(), 2U);
}

// --- Continuation ---------------------------------------------------------------------------------

TEST(UnitFile, ContinuedLinesJoinWithABlank) {
  const UnitFile file = parse("[S]\na=1\\\n  2\\\n3\nb=4\n");
  EXPECT_EQ(assignments(file), (Lines{"S.a=1   2 3", "S.b=4"}));
  EXPECT_EQ(file.entries()[1].line, 2U) << "the first line counts";
  EXPECT_EQ(file.entries()[1].raw, "a=1\\\n  2\\\n3\n");
  EXPECT_EQ(file.entries()[2].line, 5U);
}

TEST(UnitFile, CommentsInsideAContinuationAreLeftOut) {
  const UnitFile file = parse("[S]\na=1 \\\n  # c\\\n;d\n  2\n");
  EXPECT_EQ(assignments(file), Lines{"S.a=1    2"});
  EXPECT_EQ(file.entries().size(), 2U);
  EXPECT_EQ(file.entries()[1].raw, "a=1 \\\n  # c\\\n;d\n  2\n");
}

TEST(UnitFile, CommentsDoNotContinue) {
  EXPECT_EQ(assignments(parse("[S]\n# c\\\na=1\n")), Lines{"S.a=1"});
}

TEST(UnitFile, BlankLineEndsAContinuation) {
  EXPECT_EQ(assignments(parse("[S]\na=1\\\n\nb=2\n")), (Lines{"S.a=1", "S.b=2"}));
  EXPECT_EQ(assignments(parse("[S]\na=1\\\r\n\r\nb=2\r\n")), (Lines{"S.a=1", "S.b=2"}));
}

TEST(UnitFile, EscapedBackslashDoesNotContinue) {
  EXPECT_EQ(assignments(parse("[S]\na=1\\\\\nb=2\n")), (Lines{"S.a=1\\\\", "S.b=2"}));
  EXPECT_EQ(assignments(parse("[S]\na=1\\\\\\\nb=2\n")), Lines{"S.a=1\\\\ b=2"});
  EXPECT_EQ(assignments(parse("[S]\na=1\\ \nb=2\n")), (Lines{"S.a=1\\", "S.b=2"}))
      << "a blank stands behind it";
}

TEST(UnitFile, FileMayEndInsideAContinuation) {
  EXPECT_EQ(assignments(parse("[S]\na=1\\")), Lines{"S.a=1"});
  EXPECT_EQ(assignments(parse("[S]\na=1\\\n")), Lines{"S.a=1"});
  const UnitFile file = parse("[S]\na=1\\\n# c\n; d");
  EXPECT_EQ(assignments(file), Lines{"S.a=1"});
  EXPECT_EQ(print_unit_file(file), file.text());
}

TEST(UnitFile, SectionsMayBeContinuedOrSwallowed) {
  EXPECT_EQ(assignments(parse("[S]\na=1\\\n[T]\nb=2\n")), (Lines{"S.a=1 [T]", "S.b=2"}));
  EXPECT_EQ(assignments(parse("[S\\\nT]\nb=2\n")), Lines{"S T.b=2"});
}

// --- Byte order mark ------------------------------------------------------------------------------

TEST(UnitFile, FirstByteOrderMarkIsPassedOver) {
  EXPECT_EQ(assignments(parse("\xef\xbb\xbf[S]\na=1\n")), Lines{"S.a=1"});
  EXPECT_EQ(assignments(parse("[S]\n\xef\xbb\xbf"
                              "a=1\n")),
            Lines{"S.a=1"})
      << "wherever a line begins";
  EXPECT_EQ(assignments(parse("\xef\xbb\xbf[S]\n\xef\xbb\xbf"
                              "a=1\n")),
            Lines{"S.\xef\xbb\xbf"
                  "a=1"})
      << "the second is text";
}

TEST(UnitFile, MarkBeforeACommentMakesItNone) {
  const UnitFile file = parse("\xef\xbb\xbf# c\n[S]\n");
  EXPECT_EQ(kinds(file), (std::vector{EntryKind::malformed, EntryKind::section}));
}

// --- What systemd skips ---------------------------------------------------------------------------

TEST(UnitFile, SkipsLinesThatAreNoAssignments) {
  const UnitFile file = parse("[S]\nfoo\n = x\n=\na=1\n");
  EXPECT_EQ(assignments(file), Lines{"S.a=1"});
  EXPECT_EQ(warnings(file), (Lines{"2:missing-equals", "3:missing-key", "4:missing-key"}));
  EXPECT_FALSE(file.stopped());
}

TEST(UnitFile, SkipsLinesBeforeTheFirstSection) {
  const UnitFile file = parse("a=1\nfoo\n[S]\n");
  EXPECT_TRUE(assignments(file).empty());
  EXPECT_EQ(warnings(file), (Lines{"1:outside-section", "2:outside-section"}));
}

TEST(UnitFile, ExtensionSectionsAreNobodysBusiness) {
  const UnitFile file = parse("[X-Foo]\nbla\n=\n[X-]\nbla\n[S]\nbla\n");
  EXPECT_EQ(warnings(file), Lines{"7:missing-equals"});
}

TEST(UnitFile, NamelessSectionHoldsNothing) {
  const UnitFile file = parse("[S]\na=1\n[]\nb=2\nfoo\n");
  EXPECT_EQ(assignments(file), Lines{"S.a=1"});
  EXPECT_TRUE(file.diagnostics().empty());
  EXPECT_FALSE(file.stopped());
}

TEST(UnitFile, SaysNoMoreThanAThousandThings) {
  std::string text = "[S]\n";
  for (int i = 0; i < 5000; ++i) text += "foo\n";
  EXPECT_EQ(parse(text).diagnostics().size(), kDiagnosticsMax + 1);
}

// --- Where systemd stops --------------------------------------------------------------------------

void expect_stop(std::string text, unsigned line) {
  const UnitFile file = parse("[S]\na=1\n" + text + "[S]\nb=2\n");
  EXPECT_EQ(assignments(file), Lines{"S.a=1"}) << "what comes before counts";
  ASSERT_TRUE(file.stopped()) << text;
  EXPECT_EQ(file.stopped()->code, Errc::refused);
  EXPECT_EQ(file.stopped()->where, (SourcePos{"x.service", line}));
  EXPECT_EQ(file.entries().size(), 3U);
  EXPECT_EQ(file.entries().back().kind, EntryKind::malformed);
  EXPECT_EQ(file.entries().back().raw, text + "[S]\nb=2\n") << "the rest is one entry";
  EXPECT_EQ(print_unit_file(file), file.text());
}

TEST(UnitFile, StopsAtBadSectionHeaders) {
  expect_stop("[T\n", 3);
  expect_stop("[\n", 3);
  expect_stop("[T] # c\n", 3);
  expect_stop("[\"T]\n", 3);
  expect_stop("['T]\n", 3);
  expect_stop("[T\\x]\n", 3);
  expect_stop("[T\x01]\n", 3);
  expect_stop("[T\x7f]\n", 3);
}

TEST(UnitFile, StopsAtBytesThatAreNotUtf8) {
  expect_stop("k=\xff\n", 3);
  expect_stop("k=\xed\xa0\x80\n", 3);
  expect_stop("\xc3\n", 3);
  expect_stop("k=1\\\n\xff\n", 3);
  EXPECT_FALSE(parse("# \xff\n").stopped()) << "in a comment they do no harm";
}

TEST(UnitFile, StopsAtNoncharacters) {
  expect_stop("k=\xef\xb7\x90\n", 3);      // U+FDD0
  expect_stop("k=\xef\xb7\xaf\n", 3);      // U+FDEF
  expect_stop("k=\xef\xbf\xbe\n", 3);      // U+FFFE
  expect_stop("k=\xef\xbf\xbf\n", 3);      // U+FFFF
  expect_stop("k=\xf0\x9f\xbf\xbf\n", 3);  // U+1FFFF
  expect_stop("k=\xf4\x8f\xbf\xbe\n", 3);  // U+10FFFE
  for (const char* text : {"\ufdcf", "\ufdf0", "\ufffd", "\U0001fffd", "\U00020000"})
    EXPECT_FALSE(parse("[S]\nk="s + text + "\n").stopped()) << text;
}

TEST(UnitFile, LineMayHaveAMegabyteButOne) {
  const std::string longest = "k=" + std::string(kLineMax - 3, 'x');
  EXPECT_FALSE(parse("[S]\n" + longest + "\nb=2\n").stopped());
  EXPECT_FALSE(parse("[S]\n" + longest).stopped());
  expect_stop(longest + "x\n", 3);
  EXPECT_TRUE(parse("[S]\n#" + std::string(kLineMax - 1, 'x')).stopped()) << "a comment is a line too";
}

TEST(UnitFile, ContinuedLineMayHaveAMegabyte) {
  const std::string half = "k=" + std::string(kLineMax / 2 - 3, 'x') + "\\\n";
  const std::string fits(kLineMax / 2, 'y');
  EXPECT_FALSE(parse("[S]\n" + half + fits + "\nb=2\n").stopped());
  expect_stop(half + fits + "y\n", 3);
}

TEST(UnitFile, MessagesQuoteNoMegabytes) {
  const UnitFile file = parse("[" + std::string(1000, 'x') + "\n");
  ASSERT_TRUE(file.stopped());
  EXPECT_LT(file.stopped()->message.size(), 300U);
}

// --- Hostile sizes --------------------------------------------------------------------------------

TEST(UnitFile, ReadsAMillionLines) {
  std::string text = "[S]\n";
  for (int i = 0; i < 1'000'000; ++i) text += "a=1\n";
  const UnitFile file = parse(text);
  EXPECT_EQ(file.entries().size(), 1'000'001U);
  EXPECT_FALSE(file.stopped());
}

TEST(UnitFile, EntriesAreBounded) {
  EXPECT_EQ(parse(std::string(kEntriesMax - 1, '\n')).entries().size(), kEntriesMax - 1);
  const UnitFile file = parse(std::string(kUnitFileMax, '\n'));
  EXPECT_EQ(file.entries().size(), kEntriesMax);
  ASSERT_TRUE(file.stopped());
  EXPECT_EQ(file.stopped()->code, Errc::too_large) << "ours, not systemd's";
  EXPECT_EQ(print_unit_file(file), file.text());
}

TEST(UnitFile, EndlessContinuationIsOneLine) {
  std::string text = "[S]\n";
  for (std::size_t i = 0; i < kLineMax + 2; ++i) text += "\\\n";
  const UnitFile file = parse(text);
  ASSERT_TRUE(file.stopped());
  EXPECT_EQ(file.entries().size(), 2U);
}

// --- Copies ---------------------------------------------------------------------------------------

TEST(UnitFile, ViewsOutliveCopiesAndMoves) {
  std::optional<UnitFile> first = parse("[S]\na=1\\\n2\n");
  const UnitFile copy = *first;
  const UnitFile moved = *std::move(first);
  first.reset();
  EXPECT_EQ(assignments(copy), Lines{"S.a=1 2"});
  EXPECT_EQ(copy, moved);
}

// --- Properties -----------------------------------------------------------------------------------

rc::Gen<std::string> unit_like_text() {
  const auto line = rc::gen::oneOf(rc::gen::element("[Unit]"s, "[Service]"s, "[X-a]"s, "[]"s, "[bad"s,
                                                    "# c"s, "; c\\"s, ""s, "  "s, "\\"s),
                                   rc::gen::element("User=a"s, "a = b \\"s, "k=v\\\\"s, "k"s, "=v"s,
                                                    "  cont \\"s, "\xef\xbb\xbf"s, "k=\xff"s),
                                   rc::gen::container<std::string>(rc::gen::element(
                                       'a', '=', '[', ']', '\\', ' ', '#', '\t', '\xc3', '\xa4')));
  const auto end = rc::gen::weightedElement<std::string>(
      {{10, "\n"}, {3, "\r\n"}, {1, "\r"}, {1, "\0"s}, {1, "\n\r"}, {1, ""}});
  return rc::gen::map(
      rc::gen::container<std::vector<std::pair<std::string, std::string>>>(rc::gen::pair(line, end)),
      [](const std::vector<std::pair<std::string, std::string>>& lines) {
        std::string text;
        for (const auto& [content, line_end] : lines) text += content + line_end;
        return text;
      });
}

void check_any_text(const std::string& text) {
  const UnitFile file = parse(text);
  RC_ASSERT(print_unit_file(file) == text);
  RC_ASSERT(parse(print_unit_file(file)) == file);

  const char* at = file.text().data();
  unsigned line = 0;
  for (const Entry& entry : file.entries()) {
    RC_ASSERT(entry.raw.data() == at);  // entries cover the text without gap
    RC_ASSERT(!entry.raw.empty());
    at += entry.raw.size();
    RC_ASSERT(entry.line > line);
    line = entry.line;
    if (entry.kind != EntryKind::assignment) {
      RC_ASSERT(entry.key.empty() && entry.value.empty());
      continue;
    }
    RC_ASSERT(!entry.section.empty() && !entry.key.empty());
    RC_ASSERT(entry.value.find_first_of("\n\r\0"s) == std::string_view::npos);
  }
  if (file.stopped()) RC_ASSERT(file.entries().back().kind == EntryKind::malformed);
}

RC_GTEST_PROP(UnitFileProperty, AnyBytesPrintAsTheyWereRead, (const std::string& bytes)) {
  check_any_text(bytes);
}

RC_GTEST_PROP(UnitFileProperty, UnitLikeTextPrintsAsItWasRead, ()) { check_any_text(*unit_like_text()); }

// Two files one after the other mean what their parts mean, if the first ends a line and is not stopped.
RC_GTEST_PROP(UnitFileProperty, LinesMeanTheSameWhateverFollows, ()) {
  const std::string text = *unit_like_text();
  const UnitFile alone = parse(text + "\n\n");
  if (alone.stopped()) return;
  const UnitFile more = parse(text + "\n\n[Z]\nz=1\n");
  Lines expected = assignments(alone);
  expected.push_back("Z.z=1");
  RC_ASSERT(assignments(more) == expected);
}

}  // namespace
}  // namespace harden
