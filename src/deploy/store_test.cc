// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy/store.h"

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace harden {
namespace {

Generation sample(unsigned number) {
  using namespace std::string_literals;
  Generation generation{number, number - 1, 1700000000000000, "strict@1", "jit, listen:80", true, 257, {}};
  generation.files.push_back(
      {"/etc/systemd/system/a.service.d/50-harden.conf", "old\0\xff"s, "new", 0640, true});
  generation.files.push_back({"/etc/systemd/system/a.service.d/gone.conf", "x", std::nullopt, 0644, false});
  return generation;
}

TEST(Store, GivesBackWhatItWasGiven) {
  const TempDir dir;
  auto store = Store::open(dir.path() + "/state").value();
  EXPECT_EQ(store.current("a.service").value(), 0U);
  EXPECT_EQ(store.pending("a.service").value(), std::nullopt);
  ASSERT_TRUE(store.add_generation("a.service", sample(1)));
  ASSERT_TRUE(store.add_generation("a.service", sample(2)));
  ASSERT_TRUE(store.set_current("a.service", 2));
  EXPECT_EQ(store.current("a.service").value(), 2U);
  EXPECT_EQ(store.generations("a.service"), (std::vector<unsigned>{1, 2}));
  EXPECT_EQ(store.generation("a.service", 1).value(), sample(1));
  EXPECT_EQ(store.units(), std::vector<std::string>{"a.service"});

  const Pending pending{DeployPhase::trial, sample(3), 42, "boot", false};
  ASSERT_TRUE(store.set_pending("a.service", pending));
  EXPECT_EQ(store.pending("a.service").value(), pending);
  ASSERT_TRUE(store.clear_pending("a.service"));
  EXPECT_EQ(store.pending("a.service").value(), std::nullopt);
}

TEST(Store, IsForOneAtATime) {
  const TempDir dir;
  const auto first = Store::open(dir.path() + "/state");
  ASSERT_TRUE(first);
  const auto second = Store::open(dir.path() + "/state");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::refused);
  EXPECT_TRUE(Store::open_to_read(dir.path() + "/state"));
}

TEST(Store, NamesARecordThatIsNone) {
  const TempDir dir;
  auto store = Store::open(dir.path() + "/state").value();
  for (const char* text : {"", "{", "[]", "{}", R"({"schema": 2})", R"({"schema": 1})",
                           R"({"schema": 1, "phase": "dancing"})", R"({"schema": 1, "phase": 7})"}) {
    dir.write("state/units/a.service/pending.json", text);
    const auto pending = store.pending("a.service");
    ASSERT_FALSE(pending) << text;
    EXPECT_EQ(pending.error().code, Errc::invalid) << text;
    EXPECT_NE(pending.error().where.file.find("pending.json"), std::string::npos);
  }
  dir.write("state/units/a.service/current", "many");
  EXPECT_FALSE(store.current("a.service"));
}

}  // namespace
}  // namespace harden
