// SPDX-License-Identifier: LGPL-2.1-or-later
#include "advise/places.h"

#include <gtest/gtest.h>

namespace harden {
namespace {

std::string placed(std::vector<Spot> spots, const OwnNames& names = {"web"}) {
  std::string text;
  for (const Place& place : generalize(spots, names)) text += (text.empty() ? "" : " ") + place.path;
  return text;
}

TEST(Places, FleetingNamesAreKnown) {
  for (const char* name :
       {"1234", "2024-11-30", "core.20241130", "tmp.Ab12Cd", "deadbeef01", "sess_4f3a9c1d22", "x-a1b2c3"})
    EXPECT_TRUE(is_fleeting_name(name)) << name;
  for (const char* name :
       {"8", "v2", "web", "access.log", "python3.11", "x86_64-linux-gnu", "facade", "dump.rdb"})
    EXPECT_FALSE(is_fleeting_name(name)) << name;
}

TEST(Places, FoldersStandForFiles) {
  EXPECT_EQ(placed({{"/srv/x/a", true}, {"/srv/x/b", true}}), "/srv/x");
  EXPECT_EQ(placed({{"/srv/x/2024-11-30/a", true}}), "/srv/x");
  EXPECT_EQ(placed({{"/etc/web.conf", true}}), "/etc/web.conf");
  EXPECT_EQ(placed({{"/var/cache/web/a/b/c", false}}), "/var/cache/web");
  EXPECT_EQ(placed({{"/var/cache/other/a/b", false}}), "/var/cache/other/a/b");
  EXPECT_EQ(placed({{"/srv/x/a", false}, {"/srv/x/b", false}, {"/srv/x/c", false}, {"/srv/x/d", false}}),
            "/srv/x");
  // Never up to a folder that all share.
  EXPECT_EQ(placed({{"/srv/a", false}, {"/srv/b", false}, {"/srv/c", false}, {"/srv/d", false}}),
            "/srv/a /srv/b /srv/c /srv/d");
}

TEST(Places, CautionNamesTheReason) {
  EXPECT_NE(caution_of("/", {}), "");
  EXPECT_NE(caution_of("/etc", {"etc"}), "");
  EXPECT_NE(caution_of("/usr/share/web", {"web"}), "");
  EXPECT_NE(caution_of("/var/lib/mysql", {"web"}), "");
  EXPECT_EQ(caution_of("/var/lib/mysql", {"mysqld"}), "");
  EXPECT_EQ(caution_of("/srv/anything", {"web"}), "");
}

TEST(Places, CommonFolder) {
  EXPECT_EQ(common_folder("/srv/mail/tmp", "/srv/mail/new"), "/srv/mail");
  EXPECT_EQ(common_folder("/srv/mail", "/srv/mail/new"), "/srv/mail");
  EXPECT_EQ(common_folder("/srv/mailman", "/srv/mail"), "/srv");
  EXPECT_EQ(common_folder("/a", "/b"), "/");
}

}  // namespace
}  // namespace harden
