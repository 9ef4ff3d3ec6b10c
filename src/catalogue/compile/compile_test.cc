// SPDX-License-Identifier: LGPL-2.1-or-later
// The build step against the real catalogue, whole and with one thing spoiled at a time: each fault must
// be named with its file and line, and alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "catalogue/compile/check.h"
#include "catalogue/compile/emit.h"
#include "catalogue/compile/read.h"

namespace harden::catalogue::compile {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = fs::path(HARDEN_SOURCE_DIR) / "catalogue";

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A copy of the catalogue that goes away with the test.
class Spoiled : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "harden-catalogue-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
    fs::copy(kSource, dir_, fs::copy_options::recursive);
  }
  void TearDown() override { fs::remove_all(dir_); }

  // Replaces the first `from` behind the first `anchor` in the file.
  void replace(const std::string& file, std::string_view anchor, std::string_view from,
               std::string_view to) {
    std::string text = read(dir_ / file);
    const std::size_t start = text.find(anchor);
    ASSERT_NE(start, std::string::npos) << anchor;
    const std::size_t at = text.find(from, start);
    ASSERT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::ofstream(dir_ / file, std::ios::binary) << text;
    line_ = 1 + static_cast<std::size_t>(
                    std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  }

  std::vector<std::string> faults() {
    Report report;
    const Catalogue catalogue = read_catalogue(dir_.string(), report);
    if (report.empty()) check_catalogue(catalogue, report);
    return report.lines();
  }

  // Some fault of this file says so, and each one names a line.
  void expect_fault(const std::string& file, std::string_view text) {
    const std::vector<std::string> lines = faults();
    const std::string start = (dir_ / file).string() + ":";
    EXPECT_TRUE(std::ranges::any_of(lines,
                                    [&](const std::string& line) {
                                      return line.starts_with(start) &&
                                             line.find(text) != std::string::npos;
                                    }))
        << "wanted: " << file << ": … " << text << "\ngot: " << (lines.empty() ? "nothing" : lines.front());
  }

  // At the very line that was changed.
  void expect_fault_there(const std::string& file, std::string_view text) {
    const std::vector<std::string> lines = faults();
    ASSERT_EQ(lines.size(), 1U) << (lines.empty() ? "" : lines.back());
    EXPECT_TRUE(lines[0].starts_with((dir_ / file).string() + ":" + std::to_string(line_) + ": "))
        << lines[0];
    EXPECT_NE(lines[0].find(text), std::string::npos) << lines[0];
  }

  fs::path dir_;
  std::size_t line_ = 0;
};

TEST(CatalogueCompile, FindsNoFaultInTheCatalogueAndIsDeterministic) {
  Report report;
  const Catalogue catalogue = read_catalogue(kSource.string(), report);
  check_catalogue(catalogue, report);
  EXPECT_TRUE(report.empty()) << (report.empty() ? "" : report.lines().front());
  EXPECT_EQ(emit_ids(catalogue), emit_ids(catalogue));
  EXPECT_EQ(emit_tables(catalogue), emit_tables(catalogue));
}

TEST_F(Spoiled, NamesAFileThatIsMissing) {
  fs::remove(dir_ / "exposure.toml");
  EXPECT_EQ(faults().size(), 1U);
}

TEST_F(Spoiled, NamesASyntaxErrorWithItsLine) {
  replace("directives.toml", "name = \"Group\"", "kind = \"user\"", "kind = ");
  const auto lines = faults();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with((dir_ / "directives.toml").string() + ":" + std::to_string(line_) + ":"))
      << lines[0];
}

TEST_F(Spoiled, NamesAnUnknownColumn) {
  replace("directives.toml", "name = \"Group\"", "specifiers = true", "specifier = true");
  expect_fault_there("directives.toml", "unknown column `specifier`");
}

TEST_F(Spoiled, NamesAColumnOfTheWrongType) {
  replace("directives.toml", "name = \"Group\"", "specifiers = true", "specifiers = \"yes\"");
  expect_fault_there("directives.toml", "`specifiers` must be true or false");
}

TEST_F(Spoiled, NamesADirectiveThatStandsTwice) {
  replace("directives.toml", "name = \"Group\"", "name = \"Group\"", "name = \"User\"");
  expect_fault("directives.toml", "User stands twice");
}

TEST_F(Spoiled, NamesAnUnknownKind) {
  replace("directives.toml", "name = \"Group\"", "kind = \"user\"", "kind = \"usr\"");
  expect_fault("directives.toml", "`usr` is not a kind");
}

TEST_F(Spoiled, NamesASinceThatTheKeyListRefutes) {
  replace("directives.toml", "name = \"PrivatePIDs\"", "since = 257", "since = 250");
  expect_fault("directives.toml", "PrivatePIDs is since 250, but 252 has no such key in [Service]");
  replace("directives.toml", "name = \"PrivateNetwork\"", "since = 183", "since = 255");
  expect_fault("directives.toml", "PrivateNetwork is since 255, but 252 has it in [Service]");
}

TEST_F(Spoiled, NamesABooleanThatIsNone) {
  replace("directives.toml", "name = \"PrivateDevices\"", "\"yes\"", "\"maybe\"");
  expect_fault("directives.toml", "PrivateDevices is a boolean to 252, but not here");
}

TEST_F(Spoiled, NamesADefaultThatIsNoValue) {
  replace("directives.toml", "name = \"ProtectHome\"", "default = \"no\"", "default = \"none\"");
  expect_fault("directives.toml", "default `none` is not one of its values");
}

TEST_F(Spoiled, NamesASummaryWithoutPeriodOrTooLong) {
  replace("directives.toml", "name = \"Group\"", "own.\"", "own\"");
  expect_fault("directives.toml", "the summary of Group has no period");
  replace("directives.toml", "name = \"Group\"", "own\"", std::string(120, 'x') + ".\"");
  expect_fault("directives.toml", "longer than 120 columns");
}

TEST_F(Spoiled, NamesAnEffectOfEntriesWhereThereAreNone) {
  replace("directives.toml", "name = \"Group\"", "kind = \"user\"", "kind = \"user\"\nlist = \"opens\"");
  expect_fault("directives.toml", "Group: `list` is for lists, masks and modes");
  replace("directives.toml", "name = \"ReadOnlyPaths\"", "list = \"closes\"", "list = \"close\"");
  expect_fault("directives.toml", "`close` is not a list");
}

TEST_F(Spoiled, NamesAConditionOnNothing) {
  replace("implications.toml", "stage", "PrivateDevices=yes", "PrivateDevice=yes");
  expect_fault("implications.toml", "directives.toml has no PrivateDevice");
}

TEST_F(Spoiled, NamesAChoiceThatDoesNotExist) {
  replace("implications.toml", "stage", "PrivateDevices=yes", "PrivateDevices=true");
  expect_fault("implications.toml", "PrivateDevices has no value `true`");
}

TEST_F(Spoiled, NamesACapabilityThatDoesNotExist) {
  replace("implications.toml", "stage", "CAP_MKNOD", "CAP_MKNODE");
  expect_fault("implications.toml", "252 has no capability CAP_MKNODE");
}

TEST_F(Spoiled, NamesAnImplicationThatFeedsAnEarlierOne) {
  replace("implications.toml", "DynamicUser=yes\", \"ProtectHome=no", "ProtectHome = \"read-only\"",
          "PrivateDevices = \"yes\"");
  expect_fault("implications.toml", "changes PrivateDevices, which line");
}

TEST_F(Spoiled, NamesAPitfallThatNothingTriggersOrThatStandsTwice) {
  replace("pitfalls.toml", "id = \"inherited-files\"", "when = [\"OpenFile\", \"PrivateMounts=yes\"]", "");
  expect_fault("pitfalls.toml", "this holds of every unit");
  replace("pitfalls.toml", "id = \"inherited-files\"", "inherited-files", "inherited-sockets");
  expect_fault("pitfalls.toml", "a second pitfall inherited-sockets");
}

TEST_F(Spoiled, NamesAPitfallOnAWordThatAVersionLacks) {
  replace("pitfalls.toml", "id = \"ip-deny-packet\"", "CAP_NET_RAW", "CAP_NET_ROW");
  expect_fault("pitfalls.toml", "252 has no capability CAP_NET_ROW");
  replace("pitfalls.toml", "id = \"mdwe-memfd\"", "~memfd_create\"", "~memfd_creat\"");
  expect_fault("pitfalls.toml", "252 does not know `memfd_creat`");
  replace("pitfalls.toml", "id = \"ip-deny-packet\"", "AF_PACKET", "AF_PACKETS");
  expect_fault("pitfalls.toml", "257 has no family AF_PACKETS");
}

TEST_F(Spoiled, NamesAPitfallWithItemsThatAreNoPaths) {
  replace("pitfalls.toml", "id = \"home-hidden\"", "items = [\"ReadWritePaths\"]",
          "items = [\"SystemCallFilter\"]");
  expect_fault("pitfalls.toml", "SystemCallFilter lists no paths");
  replace("pitfalls.toml", "id = \"remove-ipc-root\"", "RemoveIPC= does", "{item} does");
  expect_fault("pitfalls.toml", "{item} without `items`");
}

TEST_F(Spoiled, NamesARowWithoutWeightAndAWeightWithoutRow) {
  replace("exposure.toml", "json_field = \"PrivateTmp\"", "PrivateTmp", "PrivateTemp");
  expect_fault("exposure.toml", "252 has no weight for PrivateTemp");
  expect_fault("systemd/257.toml", "exposure.toml has no row PrivateTmp");
}

TEST_F(Spoiled, NamesAValueWithoutBadness) {
  replace("exposure.toml", "json_field = \"ProtectHome\"", "tmpfs = 1, ", "");
  expect_fault("exposure.toml", "no badness for ProtectHome=tmpfs");
}

TEST_F(Spoiled, NamesATighterValueThatIsWorse) {
  replace("exposure.toml", "json_field = \"ProtectHome\"", "tmpfs = 1", "tmpfs = 6");
  expect_fault("exposure.toml", "ProtectHome=tmpfs is worse than a looser value");
}

TEST_F(Spoiled, NamesBadnessAboveTheRange) {
  replace("exposure.toml", "json_field = \"ProtectHome\"", "no = 10", "no = 11");
  expect_fault("exposure.toml", "badness 11 is above the range 10");
}

TEST_F(Spoiled, NamesAGroupThatAVersionLacks) {
  replace("exposure.toml", "SystemCallFilter_swap", "@swap", "@swop");
  expect_fault("exposure.toml", "252 has no group @swop");
}

TEST_F(Spoiled, NamesANestedGroupThatDoesNotExist) {
  replace("systemd/252.toml", "\"@system-service\" = [", "\"@aio\"", "\"@aioo\"");
  expect_fault("systemd/252.toml", "@system-service holds the unknown @aioo");
}

}  // namespace
}  // namespace harden::catalogue::compile
