// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine/machine.h"

#include <gtest/gtest.h>

#include "support/fake_file_system.h"

namespace harden {
namespace {

TEST(FindSystemdVersion, ReadsTheNameOfTheLibrary) {
  FakeFileSystem debian;
  debian.add_file("/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so", "");
  EXPECT_EQ(find_systemd_version(debian), 252U);

  FakeFileSystem other;
  other.add_file("/usr/lib/systemd/libsystemd-shared-257.9-1~deb13u1.so", "");
  EXPECT_EQ(find_systemd_version(other), 257U);

  FakeFileSystem split;
  split.add_file("/lib/systemd/libsystemd-shared-241.so", "");
  EXPECT_EQ(find_systemd_version(split), 241U);
}

TEST(FindSystemdVersion, AnotherFileIsNoVersion) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/libsystemd-shared-.so", "");
  fs.add_file("/usr/lib/systemd/libsystemd-core-257.so", "");
  EXPECT_EQ(find_systemd_version(fs), std::nullopt);
}

}  // namespace
}  // namespace harden
