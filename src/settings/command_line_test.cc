// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/command_line.h"

#include <gtest/gtest.h>

namespace harden {
namespace {

ParsedCommands parse(std::string_view text) {
  static const UnitName kName = *parse_unit_name("web@one.service");
  return parse_command_line(text, {&kName, {}, 252});
}

TEST(CommandLine, SplitsProgramAndArguments) {
  const auto parsed = parse("/bin/echo 'a b' \\x41 %i");
  ASSERT_EQ(parsed.commands.size(), 1U);
  EXPECT_EQ(parsed.commands[0].program, "/bin/echo");
  EXPECT_EQ(parsed.commands[0].arguments, (std::vector<std::string>{"/bin/echo", "a b", "A", "one"}));
  EXPECT_FALSE(parsed.problem);
}

TEST(CommandLine, ReadsPrefixesInAnyOrder) {
  const auto command = parse("-@+/bin/sh name").commands.at(0);
  EXPECT_TRUE(command.ignore_failure);
  EXPECT_TRUE(command.full_privileges);
  EXPECT_EQ(command.arguments, std::vector<std::string>{"name"});
  EXPECT_TRUE(parse("!/bin/sh").commands.at(0).keep_user);
  EXPECT_TRUE(parse("!!/bin/sh").commands.at(0).ambient_magic);
}

TEST(CommandLine, ALoneSemicolonSeparatesCommands) {
  const auto parsed = parse("/bin/a x ; -/bin/b \\; y");
  ASSERT_EQ(parsed.commands.size(), 2U);
  EXPECT_EQ(parsed.commands[0].text, "/bin/a x");
  EXPECT_EQ(parsed.commands[1].arguments, (std::vector<std::string>{"/bin/b", ";", "y"}));
}

TEST(CommandLine, ABadProgramIsFatalUnlessItsFailureIsIgnored) {
  for (const char* text : {"/bin/", "bin/true", "@/bin/true", "\"/bin/a b\\t\"", "/bin/true %Z"}) {
    const auto parsed = parse(text);
    EXPECT_TRUE(parsed.problem) << text;
    EXPECT_TRUE(parsed.fatal) << text;
  }
  EXPECT_FALSE(parse("-bin/true").fatal);
}

TEST(CommandLine, AnOpenQuoteAtTheProgramDropsTheLineOnly) {
  const auto parsed = parse("\"/bin/true");
  EXPECT_TRUE(parsed.problem);
  EXPECT_FALSE(parsed.fatal);
}

}  // namespace
}  // namespace harden
