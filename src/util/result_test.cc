// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace harden {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(Errc::invalid, "odd", {"a.conf", 7}, "take an even one");
  return value / 2;
}

Result<void> check(int value) {
  HARDEN_TRY(const int halved, half(value));
  HARDEN_CHECK(half(halved));
  return {};
}

TEST(Result, TryReturnsTheErrorEarly) {
  EXPECT_TRUE(check(4));
  const Result<void> outer = check(3);
  ASSERT_FALSE(outer);
  EXPECT_EQ(outer.error().where, (SourcePos{"a.conf", 7}));
  EXPECT_EQ(outer.error().hint, "take an even one");
  EXPECT_FALSE(check(2)) << "HARDEN_CHECK lets the inner error through";
}

TEST(Result, ContextStandsBeforeThePlace) {
  const Error error{Errc::invalid, "unknown capability CAP_FOO", 0, {"50-local.conf", 7}};
  EXPECT_EQ(error.text(), "50-local.conf:7: unknown capability CAP_FOO");
  EXPECT_EQ(error.with_context("nginx.service").with_context("cannot score").text(),
            "cannot score: nginx.service: 50-local.conf:7: unknown capability CAP_FOO");
}

TEST(Result, PlaceWithoutLineIsTheFile) {
  EXPECT_EQ((Error{Errc::io, "gone", 0, {"a.conf", 0}}).text(), "a.conf: gone");
  EXPECT_EQ((Error{Errc::io, "gone"}).text(), "gone");
}

TEST(Result, ErrnoBecomesCodeAndWords) {
  EXPECT_EQ(fail_errno(ENOENT, "cannot read a").error().code, Errc::not_found);
  EXPECT_EQ(fail_errno(ENOTDIR, "cannot read a").error().code, Errc::not_found);
  const Error error = fail_errno(EACCES, "cannot read a").error();
  EXPECT_EQ(error.code, Errc::io);
  EXPECT_EQ(error.sys_errno, EACCES);
  EXPECT_EQ(error.message, "cannot read a: Permission denied");
  EXPECT_EQ(fail_errno(9999, "x").error().message, "x: error 9999");
}

}  // namespace
}  // namespace harden
