// SPDX-License-Identifier: LGPL-2.1-or-later
// Expectations are what systemd-analyze 252 and 257 make of the same trees.
#include "unit/unit_tree_test.h"

namespace harden {
namespace {

TEST_F(UnitTreeTest, DropInsApplyInOrderOfFileName) {
  file("/lo/a.service");
  drop_in("/lo/a.service.d/10.conf");
  drop_in("/hi/a.service.d/20.conf");
  drop_in("/mid/service.d/15.conf");
  drop_in("/mid/service.d/A.conf");
  EXPECT_EQ(drop_ins("a.service"), (Names{"/lo/a.service.d/10.conf", "/mid/service.d/15.conf",
                                          "/hi/a.service.d/20.conf", "/mid/service.d/A.conf"}));
}

TEST_F(UnitTreeTest, OfOneFileNameTheHigherFolderWins) {
  file("/lo/a.service");
  drop_in("/lo/a.service.d/10.conf");
  drop_in("/hi/a.service.d/10.conf");
  EXPECT_EQ(drop_ins("a.service"), Names{"/hi/a.service.d/10.conf"});
}

TEST_F(UnitTreeTest, FolderPriorityComesBeforeOwner) {
  file("/lo/a-b@.service");
  drop_in("/lo/a-b@i.service.d/10.conf");
  drop_in("/mid/a-.service.d/10.conf");
  drop_in("/hi/service.d/10.conf");
  EXPECT_EQ(drop_ins("a-b@i.service"), Names{"/mid/a-.service.d/10.conf"})
      << "but the type comes last of all";
}

TEST_F(UnitTreeTest, InOneFolderTheMostSpecificOwnerWins) {
  file("/lo/a-b@.service");
  const Names owners = {"a-b@i.service", "a-b@.service", "a-.service",
                        "a-@i.service",  "a-@.service",  "service"};
  for (const std::string& owner : owners) drop_in("/lo/" + owner + ".d/10.conf");
  for (const std::string& owner : owners) {
    EXPECT_EQ(drop_ins("a-b@i.service"), Names{"/lo/" + owner + ".d/10.conf"});
    fs_.remove("/lo/" + owner + ".d/10.conf");
  }
  EXPECT_TRUE(drop_ins("a-b@i.service").empty());
}

TEST_F(UnitTreeTest, DropInsOfAliasesApply) {
  file("/lo/a.service");
  link("/lo/b-c.service", "a.service");
  drop_in("/lo/a.service.d/10.conf");
  drop_in("/hi/b-c.service.d/10.conf");
  drop_in("/hi/b-.service.d/20.conf");
  drop_in("/hi/service.d/20.conf");
  for (const char* unit : {"a.service", "b-c.service"})
    EXPECT_EQ(drop_ins(unit), (Names{"/lo/a.service.d/10.conf", "/hi/b-.service.d/20.conf"})) << unit;
}

TEST_F(UnitTreeTest, OtherTypesAndNamesDoNotApply) {
  file("/lo/a.service");
  drop_in("/lo/socket.d/10.conf");
  drop_in("/lo/a.socket.d/10.conf");
  drop_in("/lo/a@.service.d/10.conf");
  drop_in("/lo/aa.service.d/10.conf");
  drop_in("/lo/a.d/10.conf");
  EXPECT_TRUE(drop_ins("a.service").empty());
}

TEST_F(UnitTreeTest, OnlyConfFilesThatAreNotHidden) {
  file("/lo/a.service");
  for (const char* file : {".conf", ".10.conf", "10.conf~", "10.conf.bak", "10", "conf"})
    drop_in("/lo/a.service.d/" + std::string(file));
  EXPECT_TRUE(drop_ins("a.service").empty());
  EXPECT_TRUE(warnings("a.service").empty());
}

TEST_F(UnitTreeTest, DropInIsMaskedByAnEmptyOne) {
  file("/lo/a.service");
  drop_in("/lo/a.service.d/10.conf");
  link("/hi/a.service.d/10.conf", "/dev/null");
  fs_.add_null_device("/dev/null");
  drop_in("/lo/a.service.d/20.conf");
  file("/hi/a.service.d/20.conf", "");
  EXPECT_EQ(drop_ins("a.service"), (Names{"/hi/a.service.d/10.conf", "/hi/a.service.d/20.conf"}));
  for (const UnitFile& drop_in : load("a.service").drop_ins) EXPECT_TRUE(drop_in.entries().empty());
}

TEST_F(UnitTreeTest, DropInThatSystemdCannotReadHidesAndDoesNotCount) {
  file("/lo/a.service");
  for (const char* file : {"10.conf", "20.conf", "30.conf"})
    drop_in("/lo/a.service.d/" + std::string(file));
  link("/hi/a.service.d/10.conf", "gone");
  fs_.add_dir("/hi/a.service.d/20.conf");
  link("/hi/a.service.d/30.conf", "30.conf");
  EXPECT_TRUE(drop_ins("a.service").empty());
  EXPECT_EQ(state("a.service"), LoadState::loaded);
  EXPECT_EQ(warnings("a.service"), Names(3, "unreadable-drop-in"));
}

TEST_F(UnitTreeTest, DropInThatOnlyWeCannotReadLeavesTheUnitUnknown) {
  file("/lo/a.service");
  fs_.add_unreadable("/lo/a.service.d/10.conf");
  EXPECT_EQ(load("a.service").state, LoadState::refused);
  EXPECT_EQ(load("a.service").refusal->code, Errc::io);
  EXPECT_EQ(load("a.service").refusal->where.file, "/lo/a.service.d/10.conf");

  file("/lo/a.service.d/10.conf", std::string(kEntriesMax, '\n'));
  EXPECT_EQ(load("a.service").refusal->code, Errc::too_large);
  file("/lo/a.service.d/10.conf", std::string(kUnitFileMax + 1, '\n'));
  EXPECT_EQ(load("a.service").refusal->code, Errc::too_large);
}

TEST_F(UnitTreeTest, StoppedDropInCountsUpToThere) {
  file("/lo/a.service");
  file("/lo/a.service.d/10.conf", "[Service]\nUser=a\n[Bad\nUser=b\n");
  const Unit unit = load("a.service");
  EXPECT_EQ(unit.state, LoadState::loaded);
  ASSERT_EQ(unit.drop_ins.size(), 1U);
  EXPECT_TRUE(unit.drop_ins[0].stopped());
  EXPECT_EQ(unit.drop_ins[0].entries()[1].value, "a");
}

TEST_F(UnitTreeTest, LinkedDropInFolder) {
  file("/lo/a.service");
  drop_in("/ext/real.d/10.conf");
  drop_in("/ext/rel.d/20.conf");
  drop_in("/rel.d/20.conf");
  link("/hi/a.service.d", "/ext/real.d");
  EXPECT_EQ(drop_ins("a.service"), Names{"/hi/a.service.d/10.conf"});
  EXPECT_TRUE(warnings("a.service").empty());

  // systemd looks a relative target up from its working directory, the root, and finds nothing.
  link("/hi/a.service.d", "../ext/gone.d");
  EXPECT_TRUE(drop_ins("a.service").empty());
  EXPECT_EQ(warnings("a.service"), Names{"dead-drop-in-folder"});
  file("/mid/real.d/x.conf");
  link("/hi/a.service.d", "../mid/real.d");
  EXPECT_EQ(drop_ins("a.service"), Names{"/hi/a.service.d/x.conf"}) << "from the root it does, here";
  link("/mid/service.d", "real.d");
  EXPECT_EQ(warnings("a.service"), Names{"dead-drop-in-folder"}) << "from /mid it would be there";
}

TEST_F(UnitTreeTest, FileNamedLikeADropInFolderIsNone) {
  file("/lo/a.service");
  file("/hi/a.service.d", "");
  EXPECT_TRUE(drop_ins("a.service").empty());
  EXPECT_EQ(state("a.service"), LoadState::loaded);
}

TEST_F(UnitTreeTest, DropInsAloneMakeNoUnit) {
  drop_in("/lo/a.service.d/10.conf");
  EXPECT_EQ(state("a.service"), LoadState::not_found);
}

}  // namespace
}  // namespace harden
