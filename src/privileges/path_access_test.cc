// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/path_access.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace harden {
namespace {

TEST(PathAccess, LetsTheLongestPathDecide) {
  const PathAccess access({{"/var", Right::read | Right::execute}, {"/var/lib/a", kHostRights}});
  EXPECT_EQ(access.at("/"), kHostRights);
  EXPECT_EQ(access.at("/var/log/x"), Right::read | Right::execute);
  EXPECT_EQ(access.at("/variable"), kHostRights);
  EXPECT_EQ(access.at("/var/lib/a/b"), kHostRights);
  EXPECT_EQ(access.at("no/path"), kHostRights);
}

TEST(PathAccess, KeepsOnlyWhatChangesSomething) {
  EXPECT_EQ(PathAccess({{"/usr/lib", kHostRights}}), PathAccess());
  EXPECT_EQ(PathAccess({{"/usr", 0}, {"/usr/lib", 0}}).changes().size(), 2U);
  EXPECT_EQ(PathAccess({{"/", 0}, {"/usr", 0}}).changes().size(), 1U);
}

PathAccess any_access() {
  static const std::array<std::string, 7> kPaths = {"/", "/a", "/a/b", "/a/b/c", "/ab", "/a/b-c", "/d"};
  PathAccess::Changes changes;
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i)
    changes[*rc::gen::elementOf(kPaths)] = *rc::gen::inRange<Rights>(0, 16);
  return PathAccess(std::move(changes));
}

// Against the functions taken point by point.
RC_GTEST_PROP(PathAccess, JoinsAndComparesPointByPoint, ()) {
  const PathAccess a = any_access();
  const PathAccess b = any_access();
  PathAccess sum = a;
  sum.add(b);
  bool is_subset = true;
  for (const std::string path : {"/", "/x", "/a", "/a/x", "/a/b", "/a/b/x", "/a/b/c", "/a/b/c/x", "/ab",
                                 "/ab/x", "/a/b-c", "/a/b-c/x", "/d", "/d/x"}) {
    RC_ASSERT(sum.at(path) == (a.at(path) | b.at(path)));
    is_subset = is_subset && (a.at(path) & ~b.at(path)) == 0;
  }
  RC_ASSERT(a.is_subset_of(b) == is_subset);
  RC_ASSERT((a == b) == (a.is_subset_of(b) && b.is_subset_of(a)));
}

}  // namespace
}  // namespace harden
