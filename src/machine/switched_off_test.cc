// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine/switched_off.h"

#include <gtest/gtest.h>

#include "support/fake_file_system.h"

namespace harden {
namespace {

TEST(SwitchedOff, TakesTheLastWordOfTheCommandLine) {
  for (const std::string_view off :
       {"harden=off", "ro quiet harden=no\n", "harden=on harden=0", "a harden=false b"})
    EXPECT_TRUE(is_off_on_command_line(off)) << off;
  for (const std::string_view on :
       {"", "quiet", "harden=on", "harden=off harden=on", "xharden=off", "harden", "harden=offline"})
    EXPECT_FALSE(is_off_on_command_line(on)) << on;
  EXPECT_TRUE(is_off_on_command_line(std::string_view("systemd\0harden=off\0", 19)));
}

TEST(SwitchedOff, SaysByWhat) {
  FakeFileSystem fs;
  EXPECT_EQ(switched_off(fs, ""), "");
  EXPECT_NE(switched_off(fs, "harden=off").find("command line"), std::string::npos);
  fs.add_file("/etc/harden/disabled", "");
  EXPECT_NE(switched_off(fs, "").find("/etc/harden/disabled"), std::string::npos);
}

TEST(SwitchedOff, ReadsTheCommandLineOfThePlace) {
  FakeFileSystem fs;
  EXPECT_EQ(read_command_line(fs), "");
  fs.add_file("/proc/cmdline", "quiet");
  fs.add_file("/proc/1/cmdline", "systemd");
  EXPECT_EQ(read_command_line(fs), "quiet");
  fs.add_file("/run/systemd/container", "lxc");
  EXPECT_EQ(read_command_line(fs), "systemd");
}

}  // namespace
}  // namespace harden
