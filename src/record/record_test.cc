// SPDX-License-Identifier: LGPL-2.1-or-later
// What comes out of the kernel as values: recipes, interpretation, events. The programs themselves are
// tested by test/record, on a kernel.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "record/event_reader.h"
#include "record/interpret.h"
#include "record/recipes.h"
#include "record/systemctl.h"

namespace harden::record {
namespace {

std::vector<Finding> findings(const Seen& seen) { return interpret(seen, {}); }

Seen call(std::string name, std::array<std::uint64_t, 6> arguments, std::int64_t ret, std::string name1) {
  Seen seen;
  seen.call = std::move(name);
  seen.arg = arguments;
  seen.ret = ret;
  seen.name1 = std::move(name1);
  return seen;
}

bool has(const std::vector<Finding>& all, const NeedDetail& detail, std::optional<int> error = 0) {
  return std::ranges::find(all, Finding{detail, error}) != all.end();
}

TEST(Recipes, CoverBothAbisByName) {
  const auto all = recipes_by_number();
  EXPECT_EQ(all[257].fd, RETURNED);                   // openat
  EXPECT_EQ(all[kCallsOfAbi + 295].fd, RETURNED);     // openat of 32-bit programs
  EXPECT_EQ(plain_name("chown32"), "chown");
  EXPECT_EQ(plain_name("clock_settime64"), "clock_settime");
  EXPECT_EQ(plain_name("getdents64"), "getdents64");
  EXPECT_EQ(all[0].flags, 0);   // read
}

TEST(Interpret, AnOpenForReadingAndWritingIsTwoNeeds) {
  Seen seen = call("openat", {0, 0, O_RDWR | O_CREAT, 0666}, 3, {});
  seen.from1 = "/var/lib/x/db";
  seen.has_file = true;
  seen.mode = S_IFREG | 0644;
  seen.flags = O_RDWR;
  seen.created = true;
  const auto all = findings(seen);
  for (const FileAccess access : {FileAccess::create, FileAccess::read, FileAccess::write})
    EXPECT_TRUE(has(all, FileUse{access, NodeType::regular, "/var/lib/x/db", {}, false}));
  EXPECT_TRUE(has(all, ModeBits{"openat", "/var/lib/x/db", 0666}));
}

TEST(Interpret, ARefusedOpenKeepsTheWordsOfTheProgram) {
  Seen seen = call("open", {0, O_WRONLY}, -EROFS, "../etc/x");
  seen.from1 = "/var";
  EXPECT_TRUE(
      has(findings(seen), FileUse{FileAccess::write, NodeType::unknown, "/etc/x", {}, true}, EROFS));
}

TEST(Interpret, DevicesSysctlsAndProcOfOthersFollowFromTheirFiles) {
  Seen seen = call("openat", {}, 3, {});
  seen.from1 = "/dev/fuse";
  seen.has_file = true;
  seen.mode = S_IFCHR | 0666;
  seen.rdev = 10U << 20U | 229U;
  EXPECT_TRUE(has(findings(seen), DeviceUse{false, 10, 229, DeviceAccess::read, "/dev/fuse"}));
  seen.mode = S_IFREG | 0444;
  seen.from1 = "/proc/sys/net/core/somaxconn";
  EXPECT_TRUE(has(findings(seen), SysctlUse{"net/core/somaxconn", false}));
  seen.from1 = "/proc/1/status";
  EXPECT_TRUE(has(findings(seen), ProcessUse{"status", ""}));
}

TEST(Interpret, TheLinkerAskedForExecutableMemoryIsNoWriting) {
  Seen seen = call("mmap", {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 3}, 0x7000, {});
  seen.from1 = "/usr/lib/libx.so";
  seen.has_file = true;
  seen.mode = S_IFREG | 0755;
  const auto all = findings(seen);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(has(all, FileUse{FileAccess::map_execute, NodeType::regular, "/usr/lib/libx.so", {}, false}));
}

TEST(Interpret, AChildThatComesBackFromCloneTellsNothing) {
  const std::string flags("\0\0\2\0\0\0\0\0", 8);
  Seen seen = call("clone3", {}, 4711, flags);
  EXPECT_TRUE(has(findings(seen), CallUse<NeedKind::name_space>{"clone3", "mnt"}));
  seen.ret = 0;
  EXPECT_TRUE(findings(seen).empty());
}

TEST(Interpret, ReadsAddresses) {
  const std::string four("\x02\x00\x00\x50\x7f\x00\x00\x01\0\0\0\0\0\0\0\0", 16);
  Seen seen = call("bind", {}, 0, four);
  seen.type = 1;
  EXPECT_TRUE(has(findings(seen), BindUse{"AF_INET", "SOCK_STREAM", "127.0.0.1", 80}));
  seen.call = "connect";
  seen.ret = -EINPROGRESS;
  EXPECT_TRUE(has(findings(seen), PeerUse{PeerAction::connect, "AF_INET", "SOCK_STREAM", "127.0.0.1", 80}));
  seen.ret = 0;
  seen.name1 = std::string("\x01\0/run/dbus/system_bus_socket\0xx", 32);
  const auto all = findings(seen);
  EXPECT_TRUE(has(all, UnixUse{UnixAction::connect, "SOCK_STREAM", "/run/dbus/system_bus_socket"}));
  EXPECT_TRUE(has(all, DbusUse{"system", ""}));
  seen.name1 = std::string("\x01\0\0abc", 6);
  EXPECT_TRUE(has(findings(seen), UnixUse{UnixAction::connect, "SOCK_STREAM", "@abc"}));
  for (std::size_t size = 0; size < four.size();
       ++size) {   // cut off anywhere: nothing is read past the end
    seen.name1 = four.substr(0, size);
    (void)findings(seen);
  }
}

TEST(Interpret, AnIdentityThatItHasIsNoNeed) {
  Seen seen = call("setresuid", {~0U, 33, 0}, 0, {});
  const auto all = findings(seen);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_TRUE(has(all, IdentityUse{IdKind::user, 33}));
}

TEST(NormalizePath, KeepsWhatItMeans) {
  EXPECT_EQ(normalize_path("/a/./b//../c/"), "/a/c");
  EXPECT_EQ(normalize_path("/../.."), "/");
  EXPECT_EQ(normalize_path("../x/../y"), "../y");
}

TEST(Capability, TellsTheCallerAndTheIdleQuestions) {
  EXPECT_EQ(capability_caller({"cap_capable", "security_capable", "ns_capable", "__x64_sys_chroot"}),
            "__x64_sys_chroot");
  EXPECT_FALSE(capability_caller({"cap_capable", "cap_vm_enough_memory", "mmap_region"}));
  EXPECT_EQ(capability_caller({}), "");
}

TEST(Event, PiecesNeverReachBeyondTheText) {
  event one{};
  one.length[0] = 3, one.length[1] = 5, one.length[2] = 4000;
  const auto pieces = pieces_of(one, "abc/path");
  EXPECT_EQ(pieces[0], "abc");
  EXPECT_EQ(pieces[1], "/path");
  EXPECT_EQ(pieces[2], "");
  one.length[0] = ~0U;
  EXPECT_EQ(pieces_of(one, "abc")[0], "");
}

TEST(Systemctl, ReadsExecLinesAsShowPrintsThem) {
  const auto lines = parse_exec_lines(parse_properties(
      "ExecStart={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -g daemon on; ; ignore_errors=no ; pid=0 "
      "}\n"
      "ExecStartPre={ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -t ; pid=0 }\nId=nginx.service\n"));
  EXPECT_EQ(lines,
            (std::vector<ExecLine>{{"ExecStartPre", "/usr/sbin/nginx"}, {"ExecStart", "/usr/sbin/nginx"}}));
}

}  // namespace
}  // namespace harden::record
