// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/parse_value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "settings/address.h"
#include "settings/errno_names.h"

namespace harden {
namespace {

using Lines = std::vector<std::string>;

// Assignments of one directive, one after another, as systemd `version` takes them.
class Assignments {
 public:
  explicit Assignments(std::string_view directive, unsigned version = 252)
      : directive_(catalogue::find_directive(directive)), name_(*parse_unit_name("a.service")) {
    context_.systemd = catalogue::find_systemd(version);
    context_.specifiers = {&name_, {}, version};
    context_.where = {"a.service", 1};
    context_.diagnostics = &diagnostics;
  }

  Assigned operator()(std::string_view text) { return assign_value(*directive_, text, value, context_); }

  // The value as words after all these lines; empty if unset.
  Lines after(const Lines& lines) {
    for (const std::string& line : lines) (void)(*this)(line);
    return words();
  }
  [[nodiscard]] Lines words() const {
    return value ? value_words(*directive_, *value, *context_.systemd) : Lines{};
  }

  std::optional<Value> value;
  Diagnostics diagnostics;

 private:
  const catalogue::Directive* directive_;
  UnitName name_;
  AssignContext context_;
};

Lines after(std::string_view directive, const Lines& lines, unsigned version = 252) {
  return Assignments(directive, version).after(lines);
}

TEST(ParseValue, TakesTheLastValidChoice) {
  EXPECT_EQ(after("ProtectHome", {"yes", "tmpfs"}), Lines{"tmpfs"});
  EXPECT_EQ(after("ProtectHome", {"TRUE"}), Lines{"yes"});
}

TEST(ParseValue, KeepsTheEarlierChoiceWhereALaterIsUnknownOrEmpty) {
  Assignments home("ProtectHome");
  EXPECT_EQ(home.after({"tmpfs", "readonly", ""}), Lines{"tmpfs"});
  ASSERT_EQ(home.diagnostics.size(), 2U);
  EXPECT_EQ(home.diagnostics[0].id, "bad-value");
}

TEST(ParseValue, ResetsATristateFromTheVersionThatHasIt) {
  EXPECT_EQ(after("PrivateMounts", {"yes", ""}, 252), Lines{"yes"});
  EXPECT_EQ(after("PrivateMounts", {"yes", ""}, 257), Lines{});
}

TEST(ParseValue, SaysWhichSystemdAValueCameWith) {
  Assignments tmp("PrivateTmp", 252);
  EXPECT_EQ(tmp.after({"yes", "disconnected"}), Lines{"yes"});
  ASSERT_EQ(tmp.diagnostics.size(), 1U);
  EXPECT_NE(tmp.diagnostics[0].message.find("257"), std::string::npos);
  EXPECT_EQ(after("PrivateTmp", {"yes", "disconnected"}, 257), Lines{"disconnected"});
}

TEST(ParseValue, CapabilityLinesSetThenAddThenTakeAway) {
  EXPECT_EQ(after("CapabilityBoundingSet", {"CAP_KILL"}), Lines{"CAP_KILL"});
  EXPECT_EQ(after("CapabilityBoundingSet", {"CAP_KILL", "CAP_CHOWN"}), (Lines{"CAP_CHOWN", "CAP_KILL"}));
  EXPECT_EQ(after("CapabilityBoundingSet", {"CAP_KILL CAP_CHOWN", "~CAP_KILL"}), Lines{"CAP_CHOWN"});
  EXPECT_EQ(after("CapabilityBoundingSet", {"~CAP_KILL"}), Lines{"~CAP_KILL"});
}

TEST(ParseValue, EmptyCapabilityLineIsTheEmptySet) {
  EXPECT_EQ(after("CapabilityBoundingSet", {"CAP_KILL", ""}), Lines{""});
  EXPECT_EQ(after("CapabilityBoundingSet", {"CAP_KILL", "~"}), Lines{"~"});
  EXPECT_EQ(after("CapabilityBoundingSet", {"CAP_BOGUS"}), Lines{""});
}

TEST(ParseValue, AnOpenQuoteEndsACapabilityListOn252Only) {
  EXPECT_EQ(after("CapabilityBoundingSet", {"\"CAP_KILL"}, 252), Lines{""});
  EXPECT_EQ(after("CapabilityBoundingSet", {"\"CAP_KILL"}, 257), Lines{"CAP_KILL"});
}

TEST(ParseValue, FirstSyscallLineDecidesAllowOrDeny) {
  Assignments allow("SystemCallFilter");
  (void)allow("@clock");
  const auto& list = std::get<SyscallFilter>(*allow.value);
  EXPECT_TRUE(list.allow_list);
  EXPECT_TRUE(list.allows(*catalogue::find_syscall("clock_settime")));
  EXPECT_TRUE(list.allows(*catalogue::find_syscall("execve"))) << "@default is always there";
  EXPECT_FALSE(list.allows(*catalogue::find_syscall("mount")));

  Assignments deny("SystemCallFilter");
  (void)deny("~@clock");
  EXPECT_FALSE(std::get<SyscallFilter>(*deny.value).allows(*catalogue::find_syscall("clock_settime")));
  (void)deny("clock_settime");  // takes it off the deny list
  EXPECT_TRUE(std::get<SyscallFilter>(*deny.value).allows(*catalogue::find_syscall("clock_settime")));
}

TEST(ParseValue, AnErrnoDeniesInsideAnAllowList) {
  Assignments filter("SystemCallFilter");
  (void)filter("@system-service");
  (void)filter("~chown:EPERM");
  EXPECT_FALSE(std::get<SyscallFilter>(*filter.value).allows(*catalogue::find_syscall("chown")));
  (void)filter("kill:EPERM");
  EXPECT_EQ(filter.diagnostics.back().id, "errno-on-allow");
}

TEST(ParseValue, UnknownCallsInADenyListDenyNothing) {
  Assignments filter("SystemCallFilter");
  EXPECT_EQ(filter("~sethostnam @clok"), Assigned::added);
  EXPECT_TRUE(std::get<SyscallFilter>(*filter.value).listed.none());
  ASSERT_EQ(filter.diagnostics.size(), 2U);
  EXPECT_EQ(filter.diagnostics[0].hint, "did you mean sethostname?");
  EXPECT_EQ(filter.diagnostics[1].hint, "did you mean @clock?");
}

TEST(ParseValue, NoFamiliesThenTheNextLineDecidesAnew) {
  EXPECT_EQ(after("RestrictAddressFamilies", {"none"}), Lines{"none"});
  EXPECT_EQ(after("RestrictAddressFamilies", {"none", "AF_UNIX"}), Lines{"AF_UNIX"});
  EXPECT_EQ(after("RestrictAddressFamilies", {"none", "~AF_UNIX"}), Lines{"~AF_UNIX"});
  EXPECT_EQ(after("RestrictAddressFamilies", {"AF_UNIX", ""}), Lines{});
  EXPECT_EQ(after("RestrictAddressFamilies", {"AF_BOGUS", "~AF_UNIX"}), Lines{"none"});
}

TEST(ParseValue, NamespaceNamesAddToWhatIsAllowed) {
  EXPECT_EQ(after("RestrictNamespaces", {"yes", "net"}), Lines{"net"});
  EXPECT_EQ(after("RestrictNamespaces", {"~user"}), (Lines{"cgroup", "ipc", "net", "mnt", "pid", "uts"}));
  EXPECT_EQ(after("RestrictNamespaces", {"net", "bogus"}), Lines{"net"});
  EXPECT_EQ(after("RestrictNamespaces", {"net", ""}), Lines{});
  EXPECT_EQ(after("RestrictNamespaces", {"time"}), Lines{"time"});
}

TEST(ParseValue, AddressWordsBecomePrefixes) {
  EXPECT_EQ(after("IPAddressDeny", {"any"}), (Lines{"0.0.0.0/0", "::/0"}));
  EXPECT_EQ(after("IPAddressAllow", {"10.1.2.3/8 localhost"}),
            (Lines{"10.0.0.0/8", "127.0.0.0/8", "::1/128"}));
  EXPECT_EQ(after("IPAddressDeny", {"true"}), Lines{}) << "breakage: no filter although the unit says so";
}

TEST(ParseValue, PathsAreSimplifiedAndBadOnesDropped) {
  EXPECT_EQ(after("ReadWritePaths", {"/srv//a/ -/b +/c -+/d"}), (Lines{"/srv/a", "-/b", "+/c", "-+/d"}));
  EXPECT_EQ(after("ReadWritePaths", {"relative /x/../y /ok"}), Lines{"/ok"});
  EXPECT_EQ(after("ReadWritePaths", {"/srv/%p"}), Lines{"/srv/a"});
}

TEST(ParseValue, DeviceLinesKeepNodeAndRights) {
  EXPECT_EQ(after("DeviceAllow", {"/dev/null rw", "char-rtc r", "/etc/passwd", "/dev/sda x"}),
            (Lines{"/dev/null rw", "char-rtc r"}));
}

TEST(ParseValue, RefusesAUnitForABadUserOrRoot) {
  EXPECT_EQ(Assignments("User")("a:b"), Assigned::refused);
  EXPECT_EQ(Assignments("User")("65535"), Assigned::refused);
  EXPECT_EQ(Assignments("User")("no space"), Assigned::replaced);
  EXPECT_EQ(Assignments("RootDirectory")("relative"), Assigned::refused);
  EXPECT_EQ(Assignments("DynamicUser")("maybe"), Assigned::refused);
}

TEST(ParseValue, ModesAreOctal) {
  EXPECT_EQ(after("UMask", {"77"}), Lines{"0077"});
  EXPECT_EQ(after("UMask", {"0077", "+22", "0o22", "10000", ""}), Lines{"0077"});
}

TEST(ParseValue, EmptyDelegateDelegatesAll) {
  Assignments delegate("Delegate");
  EXPECT_EQ(delegate(""), Assigned::replaced);
  EXPECT_TRUE(delegate.value.has_value());
  EXPECT_EQ(delegate("no"), Assigned::reset);
  EXPECT_FALSE(delegate.value.has_value());
}

TEST(ParseValue, ErrnosByNameNumberAndAction) {
  EXPECT_EQ(parse_errno_or_action("EPERM"), 1);
  EXPECT_EQ(parse_errno_or_action("4095"), 4095);
  EXPECT_EQ(parse_errno_or_action("kill"), kErrnoKill);
  EXPECT_FALSE(parse_errno_or_action("4096"));
  EXPECT_FALSE(parse_errno_or_action("ENOTANERRNO"));
}

TEST(ParseValue, LoopbackIsToldByTheAddressNotItsLength) {
  EXPECT_TRUE(is_localhost_prefix("127.0.0.0/8"));
  EXPECT_TRUE(is_localhost_prefix("::1/128"));
  EXPECT_FALSE(is_localhost_prefix("::/0"));
  EXPECT_TRUE(parse_address_prefixes("192.168.1.1/33").empty());
}

// Printing is faithful: the words of a value, a `~` beginning a new line, make the value again.
RC_GTEST_PROP(ParseValueProperties, PrintedFiltersReadBack, (bool allow)) {
  const std::vector<std::string> pool = {
      "@clock", "@mount",      "@system-service", "read",    "mount",     "kill",      "~@clock",
      "~mount", "~kill:EPERM", "@file-system",    "~execve", "~@default", "~read:kill"};
  const unsigned version = *rc::gen::element(252U, 257U);
  Assignments filter("SystemCallFilter", version);
  (void)filter(allow ? "@basic-io" : "~@swap");
  for (const std::string& line : *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pool)))
    (void)filter(line);
  const Lines words = filter.words();
  RC_PRE(!words.empty());

  Assignments again("SystemCallFilter", version);
  std::string line;
  for (const std::string& word : words) {
    if (word.starts_with('~') && !line.empty()) (void)again(std::exchange(line, {}));
    line += (line.empty() ? "" : " ") + word;
  }
  (void)again(line);
  RC_ASSERT(again.value == filter.value);
}

RC_GTEST_PROP(ParseValueProperties, AssigningTheSameMaskTwiceChangesNothing, ()) {
  Assignments mask("CapabilityBoundingSet");
  const auto names = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(
      std::vector<std::string>{"CAP_KILL", "CAP_CHOWN", "CAP_SYS_ADMIN", "cap_net_raw"})));
  std::string line = *rc::gen::element(std::string(), std::string("~"));
  for (const std::string& name : names) line += name + " ";
  (void)mask(line);
  const auto once = mask.value;
  (void)mask(line);
  RC_ASSERT(mask.value == once);
}

}  // namespace
}  // namespace harden
