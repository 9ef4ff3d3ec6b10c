// SPDX-License-Identifier: LGPL-2.1-or-later
#include "needs/recording.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "needs/any_recording_test.h"
#include "needs/recording_file.h"

namespace harden {
namespace {

Recording of_one(char id, Need need, std::uint64_t count) {
  Recording recording;
  recording.sources.push_back({});
  recording.sources.back().id = std::string(32, id);
  recording.sources.back().start_seen = true;
  recording.sources.back().stopped_ms = 5;
  need.seen = {{0, count, 0, {}}};
  recording.needs = {std::move(need)};
  return recording;
}

Need reading(const std::string& path) {
  return {FileUse{FileAccess::read, NodeType::regular, path, {}, false}, 0, {}};
}

TEST(Merge, AddsCountsOfDifferentRecordingsAndTakesOneOnce) {
  const Recording a = of_one('a', reading("/etc/x"), 3);
  const Recording b = of_one('b', reading("/etc/x"), 4);
  const Recording both = merge(a, b);
  ASSERT_EQ(both.needs.size(), 1U);
  EXPECT_EQ(both.needs[0].count(), 7U);
  EXPECT_EQ(merge(both, a), both);
  EXPECT_EQ(merge(both, merge(b, a)), both);
}

TEST(Merge, KeepsWhatFailedApartFromWhatSucceeded) {
  Need refused = reading("/etc/x");
  refused.error = 13;
  EXPECT_EQ(merge(of_one('a', reading("/etc/x"), 1), of_one('a', refused, 1)).needs.size(), 2U);
}

TEST(Merge, AFinishedCopyCompletesOneThatWasCutOff) {
  const Recording whole = of_one('a', reading("/etc/x"), 9);
  Recording cut = of_one('a', reading("/etc/x"), 2);
  cut.sources[0].stopped_ms.reset();
  EXPECT_EQ(merge(cut, whole), whole);
  EXPECT_FALSE(objections(cut).empty());
  EXPECT_TRUE(objections(whole).empty());
}

TEST(Objections, NameEachReason) {
  Recording recording = of_one('a', reading("/etc/x"), 1);
  recording.sources[0].lost = 1;
  recording.sources[0].sandbox = {"ProtectHome="};
  recording.sources[0].start_seen = false;
  EXPECT_EQ(objections(recording).size(), 3U);
  EXPECT_EQ(objections({}).size(), 2U);
}

RC_GTEST_PROP(Merge, IsAssociativeCommutativeAndIdempotent, ()) {
  const Recording a = any_recording();
  const Recording b = any_recording();
  const Recording c = any_recording();
  RC_ASSERT(merge(a, b) == merge(b, a));
  RC_ASSERT(merge(merge(a, b), c) == merge(a, merge(b, c)));
  RC_ASSERT(merge(a, a) == a);
  RC_ASSERT(merge(a, {}) == a);
}

RC_GTEST_PROP(Merge, LosesNothing, ()) {
  const Recording a = any_recording();
  const Recording b = any_recording();
  const Recording both = merge(a, b);
  for (const Recording* one : {&a, &b})
    for (const Need& need : one->needs) {
      const auto at = std::ranges::find_if(both.needs, [&](const Need& other) {
        return other.detail == need.detail && other.error == need.error;
      });
      RC_ASSERT(at != both.needs.end());
      RC_ASSERT(at->count() >= need.count());
      RC_ASSERT(at->first().first <= need.first().first);
    }
}

TEST(Redact, TakesUserNamesAndWhatLiesBelowAHome) {
  Recording recording = of_one('a', reading("/home/alice/.ssh/id_rsa"), 2);
  for (const char* path : {"/home/bob/diary", "/var/mail/alice", "/var/mail/carol", "/root/.bash_history",
                           "/home", "/srv/alicesque"}) {
    recording.needs.push_back(reading(path));
    recording.needs.back().seen = {{0, 1, 0, {}}};
  }
  recording.needs[1].seen[0].first.exe = "/home/bob/bin/x";
  normalize(recording);
  const std::vector<std::string> names = {"carol"};
  const Recording redacted = redact(recording, names);
  std::string text = print_recording(redacted);
  for (const char* secret : {"alice\"", "alice/", "bob", "carol", "ssh", "diary", "bash"})
    EXPECT_EQ(text.find(secret), std::string::npos) << secret << " in " << text;
  EXPECT_NE(text.find("/srv/alicesque"), std::string::npos);
  const auto home = std::ranges::find_if(redacted.needs, [](const Need& need) {
    return std::get<FileUse>(need.detail).path == "/home/USER/…";
  });
  ASSERT_NE(home, redacted.needs.end());
  EXPECT_EQ(home->count(), 3U);
  EXPECT_TRUE(redacted.sources[0].redacted);
}

RC_GTEST_PROP(Redact, IsIdempotent, ()) {
  const Recording once = redact(any_recording());
  RC_ASSERT(redact(once) == once);
}

}  // namespace
}  // namespace harden
