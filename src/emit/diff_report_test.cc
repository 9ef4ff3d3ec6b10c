// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/diff_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "emit/table.h"

namespace harden {
namespace {

LoadedUnit load(std::string_view service) {
  UnitFile file =
      parse_unit_file("[Service]\nExecStart=/bin/true\n" + std::string(service) + "\n", "/x.service");
  Unit unit{*parse_unit_name("x.service"), {}, LoadState::loaded, {}, std::move(file), {}, {}, {}};
  return load_settings(std::move(unit), {catalogue::find_systemd(252), {}});
}

DiffReport compare(std::string_view a, std::string_view b) {
  DiffReport report;
  report.systemd = 252;
  report.units.push_back(diff_units("x.service", load(a), load(b)));
  return report;
}

std::string text_of(std::string_view a, std::string_view b) {
  return diff_text(compare(a, b), kUnlimitedWidth, Style(false));
}

TEST(Diff, IsOneLineADirectiveAndAVerdict) {
  EXPECT_EQ(text_of("ProtectHome=read-only\nUser=alice", "ProtectHome=yes\nUser=alice"),
            "SETTING       ORDER    CHANGE\n"
            "ProtectHome=  tighter  read-only → yes\n"
            "\n"
            "tighter\n");
  EXPECT_EQ(text_of("ProtectHome=yes", "ProtectHome=yes\nProtectSystem=no"), "equal\n");
}

TEST(Diff, SaysWhenAChangeGoesBothWays) {
  EXPECT_TRUE(text_of("UMask=0077", "RestrictRealtime=yes").ends_with("both tighter and looser\n"));
  EXPECT_TRUE(
      text_of("", "Restart=always\nRestrictRealtime=yes").ends_with("tighter in part, else different\n"));
  EXPECT_TRUE(text_of("", "Restart=always").ends_with("\ndifferent\n"));
}

TEST(Diff, MarksWhatSystemdMakesOfOtherDirectives) {
  const std::string text = text_of("User=alice", "User=alice\nPrivateDevices=yes");
  EXPECT_NE(text.find("DevicePolicy=           tighter  auto → closed (implied)\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("NoNewPrivileges=        tighter  no → yes (implied)\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("PrivateDevices=         tighter  no → yes (implied)"), std::string::npos) << text;
}

TEST(Diff, ShortensLongListsToWhatCameAndWent) {
  EXPECT_NE(text_of("SystemCallFilter=@system-service @mount @clock @swap",
                    "SystemCallFilter=@system-service @swap @reboot")
                .find("allows +@reboot -@mount -@clock\n"),
            std::string::npos);
  EXPECT_NE(text_of("SystemCallFilter=@system-service @mount @swap",
                    "SystemCallFilter=@system-service @swap\n"
                    "SystemCallFilter=~@resources")
                .find("allows -@"),
            std::string::npos);
  // A mask may print as what it lacks; what it lets through is what is compared.
  EXPECT_NE(
      text_of("",
              "CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_SYS_MODULE CAP_SYS_BOOT CAP_SYSLOG")
          .find("allows -CAP_SYS_"),
      std::string::npos);
  EXPECT_NE(text_of("InaccessiblePaths=/srv/a /srv/b /srv/c /srv/d /srv/e",
                    "InaccessiblePaths=/srv/b /srv/c /srv/d /srv/e /srv/f")
                .find("+/srv/f -/srv/a\n"),
            std::string::npos);
}

TEST(Diff, ShowsBothValuesWhereWordsDoNotSubtract) {
  const std::string text =
      text_of("SystemCallFilter=~@mount @clock @swap @reboot @module @debug @cpu-emulation",
              "SystemCallFilter=@basic-io @file-system");
  EXPECT_NE(text.find("~@"), std::string::npos) << text;
  EXPECT_NE(text.find(" → @"), std::string::npos) << text;
}

TEST(Diff, EscapesWhatComesFromUnits) {
  EXPECT_EQ(text_of("", "Environment=A=\033[31m").find('\033'), std::string::npos);
}

TEST(Diff, CountsTheServicesOfTwoTrees) {
  DiffReport report = compare("", "RestrictRealtime=yes");
  report.trees = true;
  report.units.push_back({"y.service", UnitChange::added, Order::different, {}, {}, 96});
  report.units_equal = 3;
  const std::string text = diff_text(report, kUnlimitedWidth, Style(false));
  EXPECT_NE(text.find("x.service: tighter\n"), std::string::npos) << text;
  EXPECT_NE(text.find("y.service: added, exposure 9.6 UNSAFE\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("services: 1 tighter, 1 added, 3 equal\n")) << text;
  EXPECT_EQ(order_of(report), Order::different);
}

TEST(Diff, IsOneJsonRecord) {
  DiffReport report = compare("ProtectHome=read-only", "PrivateTmp=yes");
  report.units.front().exposure_a = 90;
  report.b.drop_in = "a.conf";
  const auto json = nlohmann::json::parse(diff_json(report));
  EXPECT_EQ(json["order"], "different");
  EXPECT_EQ(json["b"], (nlohmann::json{{"root", nullptr}, {"unit", nullptr}, {"drop_in", "a.conf"}}));
  EXPECT_EQ(json["directives"][0], (nlohmann::json{{"directive", "ProtectHome"},
                                                   {"order", "looser"},
                                                   {"a", {"read-only"}},
                                                   {"b", {"no"}},
                                                   {"implied", false},
                                                   {"by_policy", false}}));
  EXPECT_EQ(json["exposure_tenths"], (nlohmann::json{{"a", 90}, {"b", nullptr}}));
  EXPECT_TRUE(json["units"].is_null());
}

}  // namespace
}  // namespace harden
