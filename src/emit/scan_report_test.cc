// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/scan_report.h"

#include <gtest/gtest.h>

namespace harden {
namespace {

const catalogue::Systemd& systemd() { return *catalogue::find_systemd(252); }

TEST(SmallestFilter, TakesGroupsThatLieWithin) {
  std::vector<std::string> calls = {"mount"};
  for (const std::uint16_t id : catalogue::find_group(systemd(), "@timer")->calls)
    calls.emplace_back(catalogue::syscalls()[id].name);
  const FilterWords filter = smallest_filter(calls, systemd());
  EXPECT_EQ(filter.words, (std::vector<std::string>{"@timer", "mount"}));
}

TEST(SmallestFilter, LetsThroughTheSetAndNothingElse) {
  const std::vector<std::string> calls = {"read",   "openat",    "bind",      "connect",
                                          "execve", "nanosleep", "exit_group"};
  const FilterWords filter = smallest_filter(calls, systemd());
  // execve, exit_group and nanosleep are always allowed.
  EXPECT_EQ(filter.words, (std::vector<std::string>{"bind", "connect", "openat", "read"}));
}

TEST(SmallestFilter, NamesWhatTheVersionDoesNotKnow) {
  const FilterWords filter = smallest_filter({"mseal", "nanosleep"}, systemd());
  EXPECT_EQ(filter.unknown, std::vector<std::string>{"mseal"});
  EXPECT_EQ(filter.words, std::vector<std::string>{"@default"});   // never the empty assignment
}

TEST(ScanReport, EscapesWhatComesFromFiles) {
  reach::ReachSet set;
  set.program = "/bin/a\x1b[31m";
  set.calls.push_back({0,
                       "read",
                       reach::Confidence::high,
                       reach::Source::code,
                       {{"/lib/x\x1b", "f\x1b[2J", 16}, {"/lib/x\x1b", "f\x1b[2J", 18}}});
  set.objections = {"no\x1b"};
  for (const std::string& text :
       {scan_text(set, 100, Style(false)), witness_text(set.calls[0], 100, Style(false)), scan_json(set)})
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace harden
