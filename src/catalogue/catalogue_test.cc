// SPDX-License-Identifier: LGPL-2.1-or-later
#include "catalogue/catalogue.h"

#include <gtest/gtest.h>

namespace harden::catalogue {
namespace {

TEST(Catalogue, FindsEveryDirectiveByItsName) {
  for (const Directive& directive : directives()) EXPECT_EQ(find_directive(directive.name), &directive);
}

}  // namespace
}  // namespace harden::catalogue
