// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy/trouble.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "policy/grant.h"
#include "util/text.h"

namespace harden {
namespace {

std::string grants_of(const std::string& line) {
  const std::vector<Trouble> troubles = explain_log(std::vector{line});
  if (troubles.empty()) return "-";
  return join(troubles.front().grants, " ");
}

// Lines as real programs write them.
TEST(Trouble, NamesTheGrantForARefusedLine) {
  EXPECT_EQ(grants_of("nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)"), "listen:80");
  EXPECT_EQ(grants_of("bind() to [::]:443 failed (13: Permission denied)"), "listen:443");
  EXPECT_EQ(
      grants_of("nginx: [emerg] open() \"/var/log/nginx/error.log\" failed (30: Read-only file system)"),
      "write:/var/log/nginx");
  EXPECT_EQ(grants_of("/bin/sh: 1: cannot create /srv/written: Read-only file system"), "write:/srv");
  EXPECT_EQ(grants_of("FATAL: could not open file \"/srv/pg/base\": Permission denied"),
            "any-owner read:/srv/pg/base exec:/srv/pg/base");
  EXPECT_EQ(grants_of("nginx: [emerg] setgid(33) failed (1: Operation not permitted)"), "switch-user");
  EXPECT_EQ(grants_of("socket: Address family not supported by protocol"), "connect listen family");
  EXPECT_EQ(grants_of("Failed to mlock memory"), "lock-memory");
  EXPECT_EQ(grants_of("Server initialized"), "-");
}

TEST(Trouble, KeepsEachKindOnceAndAShortList) {
  std::vector<std::string> lines(100, "chown(/a) failed: Operation not permitted");
  EXPECT_EQ(explain_log(lines).size(), 1U);
  lines.clear();
  for (int i = 0; i < 100; ++i)
    lines.push_back("open /srv/" + std::to_string(i) + "/a: Read-only file system");
  EXPECT_EQ(explain_log(lines).size(), 8U);
}

TEST(Trouble, SaysHowAProcessEnded) {
  UnitStatus status;
  status.exit_code = CLD_EXITED;
  status.exit_status = 203;
  EXPECT_EQ(explain_end(status).what,
            "it exited with status 203 (EXEC): its program may not be executed, or is out of reach");
  EXPECT_TRUE(explain_end(status).fatal);
  status.exit_status = 1;
  EXPECT_EQ(explain_end(status).what, "it exited with status 1");
  status.exit_code = CLD_DUMPED;
  status.exit_status = SIGSYS;
  EXPECT_EQ(explain_end(status).what, "it was killed by SIGSYS: a system call was refused");
}

}  // namespace
}  // namespace harden
