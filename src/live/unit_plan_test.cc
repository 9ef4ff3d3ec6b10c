// SPDX-License-Identifier: LGPL-2.1-or-later
#include "live/unit_plan.h"

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace harden {
namespace {

// A file tree with one service, and the plans for it.
struct Tree {
  TempDir dir;
  Console console;
  PlanOptions options;

  explicit Tree(const std::string& unit = "[Service]\nExecStart=/bin/true\nUser=a\n") {
    dir.write("usr/lib/systemd/system/a.service", unit);
    dir.write("usr/lib/systemd/libsystemd-shared-257.so", "");
  }
  std::optional<UnitPlan> plan(const std::optional<Generation>& in_force = std::nullopt) {
    const std::vector<std::string> names = {"a"};
    TreeOptions tree;
    tree.root = dir.path();
    const auto source = UnitSource::open(tree, names);
    if (!source || source->selected().empty()) return std::nullopt;
    return plan_unit(*source, source->selected().front(), options, in_force, console);
  }
};

TEST(UnitPlan, WritesTheProfileAndGrantsOfTheCommandLine) {
  Tree tree;
  tree.options.policy.profile = "strict@1";
  tree.options.policy.allow = {"listen:443", "jit"};
  const auto made = tree.plan();
  ASSERT_TRUE(made);
  ASSERT_EQ(made->plan.files.size(), 1U);
  EXPECT_EQ(made->plan.files[0].name, "50-harden.conf");
  EXPECT_NE(made->plan.files[0].text.find("Profile=strict@1\nAllow=\n"), std::string::npos);
  EXPECT_NE(made->plan.files[0].text.find("Allow=listen:443\n"), std::string::npos);
  EXPECT_EQ(made->plan.unit, "a.service");
  EXPECT_LT(made->report.policy.exposure->tenths, made->report.before->tenths);
}

TEST(UnitPlan, AddsToWhatIsInForceAndKeepsItWithoutOptions) {
  Tree tree;
  const std::string applied = "[X-Harden]\nProfile=strict@1\n# because\nAllow=jit\n";
  tree.dir.write("etc/systemd/system/a.service.d/50-harden.conf", applied);
  EXPECT_EQ(tree.plan()->plan.files.at(0).text, applied) << "the same again changes nothing";
  tree.options.policy.allow = {"connect"};
  const std::string text = tree.plan()->plan.files.at(0).text;
  EXPECT_NE(text.find("Allow=jit\n"), std::string::npos);
  EXPECT_NE(text.find("Allow=connect\n"), std::string::npos);
}

TEST(UnitPlan, LeavesAPolicyInTheUnitsOwnFilesWhereItIs) {
  Tree tree("[Service]\nExecStart=/bin/true\n[X-Harden]\nProfile=light@1\n");
  const auto made = tree.plan();
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->plan.files.empty());
  EXPECT_EQ(made->report.warnings.size(), 1U);
}

TEST(UnitPlan, TakesTheShippedPolicyWordForWord) {
  Tree tree;
  const std::string shipped = "[X-Harden]\nProfile=strict@1\n# the log\nAllow=write:/var/log/a\n";
  tree.dir.write("usr/share/harden/policies/a.service.conf", shipped);
  const auto made = tree.plan();
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->plan.files.at(0).text.ends_with(shipped));
  EXPECT_EQ(made->report.from, "/usr/share/harden/policies/a.service.conf");
}

TEST(UnitPlan, WritesSettingsForAMachineWithoutTheGenerator) {
  Tree tree("[Service]\nExecStart=/bin/true\nProtectHome=no\n");
  tree.options.policy.profile = "strict@1";
  tree.options.is_static = true;
  const auto first = tree.plan();
  ASSERT_TRUE(first);
  ASSERT_EQ(first->plan.files.size(), 1U);
  EXPECT_NE(first->plan.files[0].text.find("NoNewPrivileges=yes"), std::string::npos);
  EXPECT_EQ(first->plan.files[0].text.find("ProtectHome"), std::string::npos);
  // What it wrote before is no will of the unit's author.
  tree.dir.write("etc/systemd/system/a.service.d/50-harden-static.conf", first->plan.files[0].text);
  EXPECT_EQ(tree.plan()->plan.files.at(0).text, first->plan.files[0].text);
}

TEST(UnitPlan, GoesOnFromWhatTheRecordOfStaticSettingsSays) {
  Tree tree;
  tree.options.is_static = true;
  tree.options.policy.allow = {"jit"};
  Generation in_force;
  in_force.number = 1;
  in_force.is_static = true;
  in_force.profile = "strict@1";
  in_force.grants = "listen:443 \"write:/srv/a b\"";
  const auto made = tree.plan(in_force);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->plan.profile, "strict@1");
  EXPECT_EQ(made->plan.grants, "listen:443 \"write:/srv/a b\" jit");
}

TEST(UnitPlan, NeedsAPolicyAndAWordForWhatIsDangerous) {
  Tree tree;
  EXPECT_FALSE(tree.plan());
  tree.options.policy.profile = "strict@1";
  tree.options.policy.allow = {"cap:SYS_ADMIN"};
  EXPECT_FALSE(tree.plan());
  tree.options.dangerous = true;
  EXPECT_TRUE(tree.plan());
}

TEST(UnitPlan, RefusesSettingsInAPolicyFile) {
  Tree tree;
  tree.dir.write("p.conf", "[X-Harden]\nProfile=strict@1\n[Service]\nUser=root\n");
  tree.options.from = tree.dir.path() + "/p.conf";
  EXPECT_FALSE(tree.plan());
  tree.dir.write("p.conf", "[X-Harden]\nProfile=strict@1\n");
  EXPECT_TRUE(tree.plan());
}

}  // namespace
}  // namespace harden
