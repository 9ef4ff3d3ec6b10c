// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/root_dir.h"

#include <gtest/gtest.h>

namespace harden {
namespace {
TEST(RootDir, Stub) { EXPECT_TRUE(RootDir::open("/")); }
}  // namespace
}  // namespace harden
