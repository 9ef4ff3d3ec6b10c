// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/exemptions.h"

#include <gtest/gtest.h>

namespace harden {
namespace {

TEST(Exemptions, ALineIsAPatternPerhapsAThresholdPerhapsAReason) {
  Diagnostics diagnostics;
  const auto exemptions =
      parse_exemptions("# head\n\ngetty@.service # a login\nold-*.service 85\nnginx\n", "f", diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  ASSERT_EQ(exemptions.list.size(), 3U);
  EXPECT_EQ(exemptions.list[0].reason, "a login");
  EXPECT_FALSE(exemptions.list[0].threshold);
  EXPECT_EQ(exemptions.list[1].threshold, 85U);
  EXPECT_EQ(exemptions.list[1].line, 4U);
  EXPECT_EQ(exemptions.list[2].pattern, "nginx.service");
}

TEST(Exemptions, TheFirstThatFitsCounts) {
  Diagnostics diagnostics;
  const auto exemptions = parse_exemptions("a.service 50\na*.service\n", "f", diagnostics);
  EXPECT_EQ(exemptions.find("a.service"), &exemptions.list[0]);
  EXPECT_EQ(exemptions.find("ab.service"), &exemptions.list[1]);
  EXPECT_EQ(exemptions.find("b.service"), nullptr);
}

TEST(Exemptions, EveryFaultIsToldWithItsLine) {
  Diagnostics diagnostics;
  const auto exemptions = parse_exemptions("a.service 101\nb.service x y\nc.service 5\n", "f", diagnostics);
  ASSERT_EQ(diagnostics.size(), 2U);
  EXPECT_EQ(diagnostics[0].where, (SourcePos{"f", 1}));
  EXPECT_EQ(diagnostics[1].where, (SourcePos{"f", 2}));
  EXPECT_EQ(exemptions.list.size(), 1U);
}

}  // namespace
}  // namespace harden
