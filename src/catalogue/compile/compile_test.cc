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

TEST_F(Spoiled, NamesASummaryWithoutPeriodOrTooLong) {
  replace("directives.toml", "name = \"Group\"", "own.\"", "own\"");
  expect_fault("directives.toml", "the summary of Group has no period");
  replace("directives.toml", "name = \"Group\"", "own\"", std::string(120, 'x') + ".\"");
  expect_fault("directives.toml", "longer than 120 columns");
}

TEST_F(Spoiled, NamesACallThatNoFilterDenies) {
  replace("implications.toml", "!SystemCallFilter~capget", "~capget", "~capgett");
  expect_fault("implications.toml", "252 has no system call capgett");
}

TEST_F(Spoiled, NamesARowWithoutWeightAndAWeightWithoutRow) {
  replace("exposure.toml", "json_field = \"PrivateTmp\"", "PrivateTmp", "PrivateTemp");
  expect_fault("exposure.toml", "252 has no weight for PrivateTemp");
  expect_fault("systemd/257.toml", "exposure.toml has no row PrivateTmp");
}

// One thing spoiled, and what is said of it.
struct Fault {
  std::string_view file;
  std::string_view anchor;   // `from` stands behind it
  std::string_view from;
  std::string_view to;
  std::string_view message;
};

void PrintTo(const Fault& one, std::ostream* out) { *out << one.file << ": " << one.message; }

constexpr Fault kFaults[] = {
    {"directives.toml", "name = \"Group\"", "name = \"Group\"", "name = \"User\"", "User stands twice"},
    {"directives.toml", "name = \"Group\"", "kind = \"user\"", "kind = \"usr\"", "`usr` is not a kind"},
    {"directives.toml", "name = \"PrivatePIDs\"", "since = 257", "since = 250",
     "PrivatePIDs is since 250, but 252 has no such key in [Service]"},
    {"directives.toml", "name = \"PrivateNetwork\"", "since = 183", "since = 255",
     "PrivateNetwork is since 255, but 252 has it in [Service]"},
    {"directives.toml", "name = \"PrivateDevices\"", "\"yes\"", "\"maybe\"",
     "PrivateDevices is a boolean to 252, but not here"},
    {"directives.toml", "name = \"ProtectHome\"", "default = \"no\"", "default = \"none\"",
     "default `none` is not one of its values"},
    {"directives.toml", "name = \"Group\"", "kind = \"user\"", "kind = \"user\"\nlist = \"opens\"",
     "Group: `list` is for lists, masks and modes"},
    {"directives.toml", "name = \"ReadOnlyPaths\"", "list = \"closes\"", "list = \"close\"",
     "`close` is not a list"},
    {"implications.toml", "stage", "PrivateDevices=yes", "PrivateDevice=yes",
     "directives.toml has no PrivateDevice"},
    {"implications.toml", "stage", "PrivateDevices=yes", "PrivateDevices=true",
     "PrivateDevices has no value `true`"},
    {"implications.toml", "stage", "CAP_MKNOD", "CAP_MKNODE", "252 has no capability CAP_MKNODE"},
    {"implications.toml", "DynamicUser=yes\", \"ProtectHome=no", "ProtectHome = \"read-only\"",
     "PrivateDevices = \"yes\"", "changes PrivateDevices, which line"},
    {"pitfalls.toml", "id = \"inherited-files\"", "when = [\"OpenFile\", \"PrivateMounts=yes\"]", "",
     "this holds of every unit"},
    {"pitfalls.toml", "id = \"inherited-files\"", "inherited-files", "inherited-sockets",
     "a second pitfall inherited-sockets"},
    {"pitfalls.toml", "id = \"ip-deny-packet\"", "CAP_NET_RAW", "CAP_NET_ROW",
     "252 has no capability CAP_NET_ROW"},
    {"pitfalls.toml", "id = \"mdwe-memfd\"", "~memfd_create\"", "~memfd_creat\"",
     "252 does not know `memfd_creat`"},
    {"pitfalls.toml", "id = \"ip-deny-packet\"", "AF_PACKET", "AF_PACKETS", "257 has no family AF_PACKETS"},
    {"pitfalls.toml", "id = \"home-hidden\"", "items = [\"ReadWritePaths\"]",
     "items = [\"SystemCallFilter\"]", "SystemCallFilter lists no paths"},
    {"pitfalls.toml", "id = \"remove-ipc-root\"", "RemoveIPC= does", "{item} does",
     "{item} without `items`"},
    {"exposure.toml", "json_field = \"ProtectHome\"", "tmpfs = 1, ", "",
     "no badness for ProtectHome=tmpfs"},
    {"exposure.toml", "json_field = \"ProtectHome\"", "tmpfs = 1", "tmpfs = 6",
     "ProtectHome=tmpfs is worse than a looser value"},
    {"exposure.toml", "json_field = \"ProtectHome\"", "no = 10", "no = 11",
     "badness 11 is above the range 10"},
    {"exposure.toml", "SystemCallFilter_swap", "@swap", "@swop", "252 has no group @swop"},
    {"systemd/252.toml", "\"@system-service\" = [", "\"@aio\"", "\"@aioo\"",
     "@system-service holds the unknown @aioo"},
};

class SpoiledBy : public Spoiled, public ::testing::WithParamInterface<Fault> {};

TEST_P(SpoiledBy, IsNamed) {
  const Fault& one = GetParam();
  replace(std::string(one.file), one.anchor, one.from, one.to);
  expect_fault(std::string(one.file), one.message);
}
INSTANTIATE_TEST_SUITE_P(CatalogueCompile, SpoiledBy, ::testing::ValuesIn(kFaults));

}  // namespace
}  // namespace harden::catalogue::compile
