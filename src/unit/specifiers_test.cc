// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit/specifiers.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace harden {
namespace {

using State = Expansion::State;

Expansion expand(std::string_view text, std::string_view unit = "foo-bar@a-b.service",
                 unsigned systemd = 257) {
  const UnitName name = parse_unit_name(unit).value();
  return expand_specifiers(
      text,
      {.name = &name, .fragment_path = "/usr/lib/systemd/system/foo-bar@.service", .systemd = systemd});
}

std::string known(std::string_view text, std::string_view unit = "foo-bar@a-b.service") {
  const Expansion expansion = expand(text, unit);
  EXPECT_EQ(expansion.state, State::known) << text;
  return expansion.text;
}

TEST(Specifiers, TextWithoutAnyIsItself) {
  EXPECT_EQ(known(""), "");
  EXPECT_EQ(known("/var/lib/x"), "/var/lib/x");
}

TEST(Specifiers, NameAndItsParts) {
  EXPECT_EQ(known("%n"), "foo-bar@a-b.service");
  EXPECT_EQ(known("%N"), "foo-bar@a-b");
  EXPECT_EQ(known("%p %P"), "foo-bar foo/bar");
  EXPECT_EQ(known("%i %I"), "a-b a/b");
  EXPECT_EQ(known("%j %J"), "bar bar");
  EXPECT_EQ(known("%f"), "/a/b");
  EXPECT_EQ(known("%d"), "/run/credentials/foo-bar@a-b.service");
}

TEST(Specifiers, PlainUnitsHaveAnEmptyInstance) {
  EXPECT_EQ(known("[%i%I]", "foo-bar.service"), "[]");
  EXPECT_EQ(known("%f", "foo-bar.service"), "/foo/bar");
  EXPECT_EQ(known("%j", "foo.service"), "foo");
  EXPECT_EQ(known("[%j]", "foo-.service"), "[]");
}

TEST(Specifiers, FragmentPath) {
  EXPECT_EQ(known("%y"), "/usr/lib/systemd/system/foo-bar@.service");
  EXPECT_EQ(known("%Y"), "/usr/lib/systemd/system");
  const UnitName name = parse_unit_name("a.service").value();
  EXPECT_EQ(expand_specifiers("%y", {.name = &name, .systemd = 257}).state, State::invalid)
      << "transient units";
}

TEST(Specifiers, FoldersAndIdentityOfTheSystemManager) {
  EXPECT_EQ(known("%C %E %L %S %t %T %V"), "/var/cache /etc /var/log /var/lib /run /tmp /var/tmp");
  EXPECT_EQ(known("%u %U %g %G %h"), "root 0 root 0 /root");
}

TEST(Specifiers, SharedDataFolderCameLate) {
  EXPECT_EQ(expand("%D", "a.service", 257).text, "/usr/share");
  EXPECT_EQ(expand("%D", "a.service", 252).state, State::invalid);
}

TEST(Specifiers, MachineSpecifiersStayAsTheyAre) {
  const Expansion expansion = expand("%n on %H in %b");
  EXPECT_EQ(expansion.state, State::unknown);
  EXPECT_EQ(expansion.text, "foo-bar@a-b.service on %H in %b");
}

TEST(Specifiers, PercentSigns) {
  EXPECT_EQ(known("100%%"), "100%");
  EXPECT_EQ(known("%%n"), "%n") << "not expanded twice";
  EXPECT_EQ(known("100%"), "100%") << "a stray one at the end stays";
  EXPECT_EQ(known("50% or %/"), "50% or %/") << "and one before anything but a letter or digit";
  EXPECT_EQ(known("%\xc3\xa4"), "%\xc3\xa4");
}

TEST(Specifiers, UnknownLettersAreInvalid) {
  for (const char* text : {"%Z", "%n%0", "%H %k"}) {
    EXPECT_EQ(expand(text).state, State::invalid) << text;
    EXPECT_EQ(expand(text).text, text);
  }
}

TEST(Specifiers, MalformedEscapesInTheNameAreInvalid) {
  EXPECT_EQ(expand("%I", R"(a@b\x.service)").state, State::invalid);
  EXPECT_EQ(expand("%i", R"(a@b\x.service)").text, R"(b\x)");
  EXPECT_EQ(expand("%P", R"(a\y.service)").state, State::invalid);
  EXPECT_EQ(expand("%f", "a@b-.service").state, State::invalid);
}

TEST(Specifiers, UnescapedNulEndsTheValue) { EXPECT_EQ(known("%I%f!", R"(u@a\x00b.service)"), "a/a!"); }

TEST(Specifiers, ResultIsBounded) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "%n";
  EXPECT_EQ(expand(text).state, State::invalid) << "past 1 MiB systemd refuses too";
}

RC_GTEST_PROP(SpecifiersProperty, TextComesBackWithPercentsDoubled, (const std::string& text)) {
  std::string doubled;
  for (const char c : text) doubled += c == '%' ? "%%" : std::string(1, c);
  const Expansion expansion = expand(doubled);
  RC_ASSERT(expansion.state == State::known);
  RC_ASSERT(expansion.text == text);
}

}  // namespace
}  // namespace harden
