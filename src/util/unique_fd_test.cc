// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <type_traits>

namespace harden {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd>);
static_assert(std::is_nothrow_move_constructible_v<UniqueFd>);

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
UniqueFd open_null() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

TEST(UniqueFd, ClosesAtTheEndOfItsLife) {
  int raw = -1;
  {
    const UniqueFd fd = open_null();
    ASSERT_TRUE(fd);
    raw = fd.get();
    EXPECT_TRUE(is_open(raw));
  }
  EXPECT_FALSE(is_open(raw));
}

TEST(UniqueFd, MoveLeavesTheSourceEmptyAndClosesTheOldOne) {
  UniqueFd first = open_null();
  UniqueFd second = open_null();
  const int kept = first.get();
  const int closed = second.get();
  second = std::move(first);
  EXPECT_EQ(second.get(), kept);
  EXPECT_FALSE(is_open(closed));
  const UniqueFd third = std::move(second);
  EXPECT_EQ(third.get(), kept);
}

TEST(UniqueFd, ReleaseGivesItUp) {
  UniqueFd fd = open_null();
  const int raw = fd.release();
  EXPECT_FALSE(fd);
  EXPECT_TRUE(is_open(raw));
  (void)::close(raw);
}

}  // namespace
}  // namespace harden
