// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/file_write.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "support/temp_dir.h"
#include "util/root_dir.h"

namespace harden {
namespace {

class FileWriteTest : public testing::Test {
 protected:
  [[nodiscard]] std::string at(std::string_view path) const { return temp_ / path; }
  [[nodiscard]] std::string text(std::string_view path) const {
    return RootDir::open(at("/")).value().read_file(path, 1 << 20).value();
  }
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(at("/")), {}));
  }

 private:
  TempDir temp_;
};

mode_t mode_of(const std::string& path) {
  struct stat st = {};
  EXPECT_EQ(::lstat(path.c_str(), &st), 0);
  return st.st_mode;
}

TEST_F(FileWriteTest, MakesAndReplacesWithTheModeAskedFor) {
  const mode_t old_mask = ::umask(0077);
  ASSERT_TRUE(replace_file(at("/a"), "one", 0644));
  EXPECT_EQ(text("/a"), "one");
  EXPECT_EQ(mode_of(at("/a")), S_IFREG | 0644U) << "whatever the umask";
  ASSERT_TRUE(replace_file(at("/a"), "", 0600, Durability::volatile_));
  EXPECT_EQ(text("/a"), "");
  EXPECT_EQ(mode_of(at("/a")), S_IFREG | 0600U);
  EXPECT_EQ(count(), 1U) << "no temporary file stays";
  (void)::umask(old_mask);
}

TEST_F(FileWriteTest, ReplacesASymlinkAndLeavesItsTarget) {
  ASSERT_TRUE(replace_file(at("/target"), "kept", 0644));
  std::filesystem::create_symlink("target", at("/link"));
  ASSERT_TRUE(replace_file(at("/link"), "new", 0644));
  EXPECT_EQ(text("/target"), "kept");
  EXPECT_EQ(text("/link"), "new");
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(at("/link"))));
}

TEST_F(FileWriteTest, TakesANameOfTheGreatestLength) {
  const std::string name(255, 'n');
  ASSERT_TRUE(replace_file(at(name), "x", 0644));
  EXPECT_EQ(text(name), "x");
}

TEST_F(FileWriteTest, OutputGoesThroughWhatIsNoRegularFile) {
  ASSERT_TRUE(write_output(at("/target"), "before", 0640));
  EXPECT_EQ(mode_of(at("/target")), S_IFREG | 0640U);
  std::filesystem::create_symlink("target", at("/link"));
  ASSERT_TRUE(write_output(at("/link"), "new", 0644));
  EXPECT_TRUE(std::filesystem::is_symlink(at("/link")));
  EXPECT_EQ(text("/target"), "new");
  std::filesystem::create_symlink("/dev/null", at("/null"));
  EXPECT_TRUE(write_output(at("/null"), "x", 0644));
  EXPECT_EQ(write_output("/dev", "x", 0644).error().sys_errno, EISDIR);
}

TEST_F(FileWriteTest, FailureLeavesNothingBehind) {
  std::filesystem::create_directory(at("/taken"));
  const auto failed = replace_file(at("/taken"), "x", 0644);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::io);
  EXPECT_EQ(failed.error().sys_errno, EISDIR);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(replace_file(at("/none/a"), "x", 0644).error().code, Errc::not_found);
  EXPECT_EQ(replace_file(at("/"), "x", 0644).error().code, Errc::invalid);
}

}  // namespace
}  // namespace harden
