// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/manager_conf.h"

#include <gtest/gtest.h>

#include "policy/policy.h"
#include "support/fake_file_system.h"

namespace harden {
namespace {

TEST(ManagerConf, TakesTheFirstFileAndAllDropIns) {
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/system.conf", "[Manager]\nNoNewPrivileges=yes\n");
  fs.add_file("/etc/systemd/system.conf",
              "[Manager]\n#NoNewPrivileges=yes\nCapabilityBoundingSet=~CAP_SYS_TIME\n");
  fs.add_file("/usr/lib/systemd/system.conf.d/10-abi.conf", "[Manager]\nSystemCallArchitectures=native\n");
  const Settings settings = read_manager_conf(fs, *catalogue::find_systemd(257));
  using catalogue::DirectiveId;
  EXPECT_EQ(settings.ids(),
            (std::vector{DirectiveId::CapabilityBoundingSet, DirectiveId::SystemCallArchitectures}));
}

TEST(ManagerConf, KeepsGrantsShut) {
  FakeFileSystem fs;
  fs.add_file("/etc/systemd/system.conf",
              "[Manager]\nNoNewPrivileges=yes\nCapabilityBoundingSet=~CAP_SYS_"
              "TIME\nSystemCallArchitectures=native\n");
  const catalogue::Systemd& systemd = *catalogue::find_systemd(257);
  Target target{&systemd, catalogue::find_layout("usr"), RunsAs::root, {}, read_manager_conf(fs, systemd)};
  std::vector<Grant> grants;
  for (const char* word : {"clock", "setuid-programs", "foreign-abi", "jit", "cap:CAP_CHOWN"}) {
    const auto parsed = parse_grants(word);
    grants.insert(grants.end(), parsed->begin(), parsed->end());
  }
  const Policy policy{catalogue::find_profile("strict@1"), normalized(std::move(grants)), {}, {}};
  std::string shut;
  for (const Shut& one : compile(policy, {}, target, nullptr).shut)
    shut += one.grant.text() + " " + std::string(catalogue::directive(one.directive).name) + "\n";
  EXPECT_EQ(shut,
            "clock CapabilityBoundingSet\nsetuid-programs NoNewPrivileges\nforeign-abi "
            "SystemCallArchitectures\n");
}

}  // namespace
}  // namespace harden
