// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit/unit_name.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace harden {
namespace {

using namespace std::string_literals;

UnitName name(std::string_view text) { return parse_unit_name(text).value(); }

bool is_name(std::string_view text) { return parse_unit_name(text).has_value(); }

TEST(UnitName, NeedsAStemAndAKnownType) {
  EXPECT_TRUE(is_name("a.service"));
  EXPECT_TRUE(is_name("a.b.service"));
  EXPECT_TRUE(is_name("..service")) << "the last dot counts";
  EXPECT_FALSE(is_name("")) << "nothing";
  EXPECT_FALSE(is_name(".service"));
  EXPECT_FALSE(is_name("service"));
  EXPECT_FALSE(is_name("a.Service"));
  EXPECT_FALSE(is_name("a.conf"));
  EXPECT_FALSE(is_name("a.service."));
  EXPECT_FALSE(is_name("a.service.d"));
}

TEST(UnitName, TakesAsManyBytesAsAFileName) {
  const std::string suffix = ".service";
  EXPECT_TRUE(is_name(std::string(kUnitNameMax - suffix.size(), 'a') + suffix));
  EXPECT_FALSE(is_name(std::string(kUnitNameMax - suffix.size() + 1, 'a') + suffix));
}

TEST(UnitName, TakesAsciiOnly) {
  EXPECT_TRUE(is_name(R"(aZ09:-_.\x2d.service)"));
  for (const char c : "/ +*[]!?~%=,;'\"\t\n\x7f"s) EXPECT_FALSE(is_name("a"s + c + "b.service")) << c;
  EXPECT_FALSE(is_name("\xc3\xa4.service"));
  EXPECT_FALSE(is_name("a\0b.service"s));
}

TEST(UnitName, FirstAtSeparatesTheInstance) {
  EXPECT_EQ(name("a.service").kind(), UnitNameKind::plain);
  EXPECT_EQ(name("a@.service").kind(), UnitNameKind::template_);
  EXPECT_EQ(name("a@b.service").kind(), UnitNameKind::instance);
  EXPECT_FALSE(is_name("@.service"));
  EXPECT_FALSE(is_name("@a.service"));

  const UnitName many = name("a@b@c.d.service");
  EXPECT_EQ(many.kind(), UnitNameKind::instance);
  EXPECT_EQ(many.prefix(), "a");
  EXPECT_EQ(many.instance(), "b@c.d");
  EXPECT_EQ(many.stem(), "a@b@c.d");
  EXPECT_EQ(many.type(), "service");
  EXPECT_EQ(name("a@@.service").instance(), "@");
}

TEST(UnitName, PlainNamesHaveNoInstance) {
  EXPECT_EQ(name("a.b.service").prefix(), "a.b");
  EXPECT_EQ(name("a.b.service").instance(), "");
  EXPECT_EQ(name("a@.service").instance(), "");
}

TEST(UnitName, InstancesComeFromTemplates) {
  EXPECT_EQ(name("a@b.service").template_name().text(), "a@.service");
  EXPECT_EQ(name("a@b.service").template_name().kind(), UnitNameKind::template_);
  EXPECT_EQ(name("a.service").template_name().text(), "a.service");
  EXPECT_EQ(name("a@.service").with_instance("b@c")->text(), "a@b@c.service");
  EXPECT_EQ(name("a@b.service").with_instance("c")->text(), "a@c.service");
  EXPECT_FALSE(name("a.service").with_instance("b"));
  EXPECT_FALSE(name("a@.service").with_instance(""));
  EXPECT_FALSE(name("a@.service").with_instance("b/c"));
  EXPECT_FALSE(name("a@.service").with_instance(std::string(kUnitNameMax, 'b')));
}

TEST(UnitName, DropInNamesOfAPlainNameShortenByDashes) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(name("a.service").drop_in_names(), Names{"a.service"});
  EXPECT_EQ(name("a-b-c.service").drop_in_names(), (Names{"a-b-c.service", "a-b-.service", "a-.service"}));
  EXPECT_EQ(name("a-b-.service").drop_in_names(), (Names{"a-b-.service", "a-.service"}));
  EXPECT_EQ(name("a--.service").drop_in_names(), (Names{"a--.service", "a-.service"}));
  EXPECT_EQ(name("a--b.service").drop_in_names(), (Names{"a--b.service", "a--.service", "a-.service"}));
  EXPECT_EQ(name("-.slice").drop_in_names(), Names{"-.slice"});
  EXPECT_EQ(name("--.slice").drop_in_names(), Names{"--.slice"});
  EXPECT_EQ(name("-a.service").drop_in_names(), Names{"-a.service"}) << "a leading dash ends the walk";
}

// The `@` of a template is not carried over to its prefixes, that of an instance is. So do systemd 252
// and 257: `a-.service.d` holds for a-b@i.service as well.
TEST(UnitName, DropInNamesOfTemplatesAndInstances) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(name("a-b@.service").drop_in_names(), (Names{"a-b@.service", "a-.service"}));
  EXPECT_EQ(name("a@i.service").drop_in_names(), (Names{"a@i.service", "a@.service"}));
  EXPECT_EQ(name("a-b-c@i.service").drop_in_names(),
            (Names{"a-b-c@i.service", "a-b-c@.service", "a-b-.service", "a-.service", "a-b-@i.service",
                   "a-b-@.service", "a-@i.service", "a-@.service"}));
  EXPECT_EQ(name("a@i-j.service").drop_in_names(), (Names{"a@i-j.service", "a@.service"}))
      << "dashes of the instance do not count";
}

TEST(UnescapeUnitName, TurnsDashesAndHexDigits) {
  EXPECT_EQ(unescape_unit_name("dev-sda1"), "dev/sda1");
  EXPECT_EQ(unescape_unit_name(R"(a\x2db\x2Dc)"), "a-b-c");
  EXPECT_EQ(unescape_unit_name(R"(\xff)"), "\xff");
  EXPECT_EQ(unescape_unit_name(""), "");
}

TEST(UnescapeUnitName, RefusesMalformedEscapes) {
  for (const char* text : {R"(\)", R"(\x)", R"(\x2)", R"(\x2g)", R"(\n)", R"(\X2d)", R"(\\)"})
    EXPECT_EQ(unescape_unit_name(text), std::nullopt) << text;
}

TEST(UnescapeUnitName, EndsAtNul) {
  EXPECT_EQ(unescape_unit_name(R"(a\x00b)"), "a");
  EXPECT_EQ(unescape_unit_name(R"(a\x00b\x)"), std::nullopt) << "the rest is still read";
}

TEST(UnescapeUnitPath, GivesNormalAbsolutePaths) {
  EXPECT_EQ(unescape_unit_path("-"), "/");
  EXPECT_EQ(unescape_unit_path("dev-sda1"), "/dev/sda1");
  EXPECT_EQ(unescape_unit_path(R"(a\x2db)"), "/a-b");
  EXPECT_EQ(unescape_unit_path(".a"), "/.a");
  for (const char* text :
       {"", "-a", "a-", "a--b", "..-a", "a-..", ".", "a-.-b", R"(\x2fa)", R"(a\x2f)", R"(a\x)"})
    EXPECT_EQ(unescape_unit_path(text), std::nullopt) << text;
}

RC_GTEST_PROP(UnitNameProperty, PartsMakeTheWhole, ()) {
  const auto text =
      *rc::gen::map(rc::gen::container<std::string>(rc::gen::element('a', 'b', '@', '-', '.', '\\')),
                    [](std::string stem) { return stem + ".service"; });
  const auto parsed = parse_unit_name(text);
  if (!parsed) return;
  std::string whole(parsed->prefix());
  if (parsed->kind() != UnitNameKind::plain) whole += "@" + std::string(parsed->instance());
  RC_ASSERT(whole + "." + std::string(parsed->type()) == text);
  RC_ASSERT(whole == parsed->stem());
  if (parsed->kind() == UnitNameKind::instance)
    RC_ASSERT(parsed->template_name().with_instance(parsed->instance()) == parsed);

  auto names = parsed->drop_in_names();
  RC_ASSERT(names.front() == text);
  std::ranges::sort(names);
  RC_ASSERT(std::ranges::adjacent_find(names) == names.end());
  RC_ASSERT(std::ranges::all_of(names, is_name));
}

}  // namespace
}  // namespace harden
