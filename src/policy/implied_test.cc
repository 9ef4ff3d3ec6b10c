// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "policy/policy.h"

namespace harden {
namespace {

std::string implied_by(const std::string& text, std::string_view name = "a.service") {
  Unit unit{*parse_unit_name(name), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file(text, "/etc/a.service");
  const LoadedUnit loaded = load_settings(std::move(unit), {catalogue::find_systemd(257), {}});
  std::string grants;
  for (const ImpliedUse& use : find_implied_grants(loaded, *catalogue::find_layout("usr")))
    grants += (grants.empty() ? "" : " ") + use.grant.text();
  return grants;
}
std::string implied_by_lines(const std::string& lines) {
  return implied_by("[Service]\nExecStart=/usr/bin/a\n" + lines);
}

TEST(ImpliedGrants, AreNoneForAUnitThatAsksForNothing) {
  EXPECT_EQ(implied_by_lines("User=a\nPrivateTmp=yes\n"), "");
}

TEST(ImpliedGrants, NameProgramsOutsideOfProgramFolders) {
  EXPECT_EQ(implied_by_lines("ExecStop=/etc/init.d/a stop\n"), "exec:-/etc/init.d/a");
  EXPECT_EQ(implied_by_lines("ExecStop=/opt/vendor/bin/a\n"), "exec:-/opt/vendor");
  EXPECT_EQ(implied_by_lines("ExecStop=//sbin/nbd-client\n"), "");
  EXPECT_EQ(implied_by_lines("ExecStop=+/etc/init.d/a stop\n"), "");
}

TEST(ImpliedGrants, NameTheFolderWhereTheServiceStarts) {
  EXPECT_EQ(implied_by_lines("WorkingDirectory=-/root\n"), "read:-/root");
  EXPECT_EQ(implied_by_lines("WorkingDirectory=~\n"), "home");
  EXPECT_EQ(implied_by_lines("WorkingDirectory=/tmp\n"), "");
  EXPECT_EQ(implied_by_lines("WorkingDirectory=/srv\nWorkingDirectory=\n"), "");
}

// PrivateTmp= would order these after what waits for them.
TEST(ImpliedGrants, LeaveEarlyServicesTheHostsTmp) {
  EXPECT_EQ(implied_by("[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/usr/bin/a\n"), "tmp");
}

}  // namespace
}  // namespace harden
