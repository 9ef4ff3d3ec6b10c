// SPDX-License-Identifier: LGPL-2.1-or-later
// What is written beside a unit that has settings of its own.
#include <gtest/gtest.h>

#include <algorithm>

#include "policy/policy.h"
#include "policy/word_lines_test.h"

namespace harden {
namespace {

std::vector<std::string> written_beside(const std::string& lines, std::string_view profile) {
  Unit unit{*parse_unit_name("a.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file("[Service]\nExecStart=/usr/bin/a\n" + lines, "/etc/a.service");
  const LoadedUnit loaded = load_settings(std::move(unit), {catalogue::find_systemd(257), {}});
  const Target target{loaded.systemd, catalogue::find_layout("usr"), runs_as_of(loaded.settings), {}};
  return word_lines(compile({catalogue::find_profile(profile), {}, {}, {}}, target, &loaded));
}

bool has(const std::vector<std::string>& lines, std::string_view line) {
  return std::ranges::find(lines, line) != lines.end();
}

// ExecPaths=/usr alone takes /usr out of the read-only tree, as haproxy.service of Debian would have had
// it.
TEST(Compile, KeepsProgramsReadOnlyBesideBindsOfTheUnit) {
  const auto lines = written_beside("BindReadOnlyPaths=/dev/log:/var/lib/a/dev/log\n", "strict@1");
  EXPECT_TRUE(has(lines, "ExecPaths=/usr"));
  EXPECT_TRUE(has(lines, "BindReadOnlyPaths=/usr"));
}

TEST(Compile, LeavesProgramsExecutableBesideExecPathsOfTheUnit) {
  EXPECT_TRUE(has(written_beside("ExecPaths=/srv/a\n", "baseline@1"), "ExecPaths=/usr"));
  EXPECT_FALSE(has(written_beside("ExecPaths=/usr/bin\nNoExecPaths=/\n", "baseline@1"), "ExecPaths=/usr"));
}

// /var/tmp is not there before /var is mounted, and a path that is missing stops a service.
TEST(Compile, StandsMissingFoldersOfGrants) {
  const auto lines = written_beside("[Unit]\nDefaultDependencies=no\n", "strict@1");
  EXPECT_TRUE(has(lines, "ReadWritePaths=-/tmp"));
  EXPECT_TRUE(has(lines, "ReadWritePaths=-/var/tmp"));
}

TEST(Compile, AddsNoPeersOfTheProfileToThoseOfTheUnit) {
  EXPECT_FALSE(has(written_beside("IPAddressAllow=10.0.0.1\n", "baseline@1"), "IPAddressAllow=localhost"));
}

}  // namespace
}  // namespace harden
