// SPDX-License-Identifier: LGPL-2.1-or-later
// Expectations are what systemd-analyze 252 and 257 make of the same trees.
#include "unit/unit_tree_test.h"

#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "support/temp_dir.h"

namespace harden {
namespace {

// --- Files ----------------------------------------------------------------------------------------

TEST_F(UnitTreeTest, FirstFolderThatHasTheNameWins) {
  file("/lo/a.service");
  file("/mid/a.service");
  file("/lo/b.service");
  EXPECT_EQ(fragment("a.service"), "/mid/a.service");
  EXPECT_EQ(fragment("b.service"), "/lo/b.service");
  EXPECT_EQ(state("c.service"), LoadState::not_found);
  EXPECT_TRUE(warnings("a.service").empty()) << "missing folders are no error";
}

TEST_F(UnitTreeTest, EmptyFileAndLinkToNullMask) {
  file("/lo/a.service");
  file("/hi/a.service", "");
  file("/lo/b.service");
  link("/hi/b.service", "/dev/null");
  fs_.add_null_device("/dev/null");
  file("/ext/empty", "");
  link("/hi/c.service", "/ext/empty");
  for (const char* unit : {"a.service", "b.service", "c.service"}) {
    EXPECT_EQ(state(unit), LoadState::masked) << unit;
    EXPECT_FALSE(load(unit).fragment) << unit;
  }
  file("/hi/d.service", "\n");
  EXPECT_EQ(state("d.service"), LoadState::loaded) << "a blank line is no empty file";
}

TEST_F(UnitTreeTest, MaskedTemplateMasksItsInstances) {
  file("/hi/a@.service", "");
  file("/lo/a@.service");
  file("/lo/a@own.service");
  EXPECT_EQ(state("a@i.service"), LoadState::masked);
  EXPECT_EQ(state("a@own.service"), LoadState::loaded);
}

TEST_F(UnitTreeTest, LinkToOutsideIsTheUnitItself) {
  file("/ext/other.service");
  link("/hi/a.service", "/ext/other.service");
  link("/hi/b.service", "../ext/other.service");
  link("/hi/c.service", "/ext/gone.service");
  EXPECT_EQ(fragment("a.service"), "/hi/a.service");
  EXPECT_EQ(load("a.service").name.text(), "a.service");
  EXPECT_EQ(load("a.service").fragment_real_path, "/ext/other.service");
  EXPECT_EQ(fragment("b.service"), "/hi/b.service");
  EXPECT_EQ(state("c.service"), LoadState::not_found);
}

TEST_F(UnitTreeTest, DanglingLinkHidesLowerFolders) {
  file("/lo/a.service");
  link("/hi/a.service", "/ext/gone.service");
  EXPECT_EQ(state("a.service"), LoadState::not_found);
}

TEST_F(UnitTreeTest, OnlyFilesAndLinksAreUnits) {
  fs_.add_dir("/hi/a.service");
  fs_.add_special("/hi/b.service");
  file("/lo/a.service");
  file("/lo/b.service");
  EXPECT_EQ(fragment("a.service"), "/lo/a.service") << "a folder named like a unit";
  EXPECT_EQ(fragment("b.service"), "/lo/b.service") << "a fifo named like a unit";
  fs_.add_dir("/ext/dir");
  link("/hi/c.service", "/ext/dir");
  fs_.add_special("/ext/fifo");
  link("/hi/d.service", "/ext/fifo");
  EXPECT_EQ(state("c.service"), LoadState::refused);
  EXPECT_EQ(state("d.service"), LoadState::refused);
}

TEST_F(UnitTreeTest, UnreadableFileIsRefused) {
  fs_.add_unreadable("/hi/a.service");
  const Unit unit = load("a.service");
  EXPECT_EQ(unit.state, LoadState::refused);
  EXPECT_EQ(unit.refusal->code, Errc::io);
  EXPECT_EQ(unit.refusal->where.file, "/hi/a.service");
}

TEST_F(UnitTreeTest, StoppedFileIsRefused) {
  file("/hi/a.service", "[Service]\nUser=a\n[Bad\n");
  const Unit unit = load("a.service");
  EXPECT_EQ(unit.state, LoadState::refused);
  EXPECT_EQ(unit.refusal->where.line, 3U);
  EXPECT_TRUE(unit.fragment) << "what was read is there";
}

TEST_F(UnitTreeTest, FilesHaveALimit) {
  file("/hi/a.service", std::string(kUnitFileMax, '#'));
  EXPECT_EQ(load("a.service").refusal->code, Errc::refused) << "systemd's line limit";
  file("/hi/b.service", std::string(kUnitFileMax + 1, '#'));
  EXPECT_EQ(load("b.service").state, LoadState::refused);
  EXPECT_EQ(load("b.service").refusal->code, Errc::too_large);
}

// --- Aliases --------------------------------------------------------------------------------------

TEST_F(UnitTreeTest, LinkInsideThePathIsAnAlias) {
  file("/lo/a.service");
  link("/hi/b.service", "/lo/a.service");
  link("/hi/c.service", "../lo/a.service");
  for (const char* unit : {"a.service", "b.service", "c.service"}) {
    EXPECT_EQ(load(unit).name.text(), "a.service") << unit;
    EXPECT_EQ(fragment(unit), "/lo/a.service") << unit;
    EXPECT_EQ(aliases(unit), (Names{"b.service", "c.service"})) << unit;
  }
}

TEST_F(UnitTreeTest, AliasNamesAUnitNotAFile) {
  file("/lo/a.service");
  file("/hi/a.service", "[Service]\nUser=hi\n");
  link("/lo/b.service", "a.service");
  EXPECT_EQ(fragment("b.service"), "/hi/a.service") << "whichever folder has the name first";
  link("/lo/c.service", "/hi/gone/../a.service");
  EXPECT_EQ(state("c.service"), LoadState::not_found) << "'..' behind what is not there leads nowhere";
  link("/lo/d.service", "/mid/a.service");
  EXPECT_EQ(fragment("d.service"), "/hi/a.service") << "though /mid has none";
}

TEST_F(UnitTreeTest, AliasesChain) {
  file("/lo/u0.service");
  for (int i = 1; i <= 9; ++i)
    link("/lo/u" + std::to_string(i) + ".service", "u" + std::to_string(i - 1) + ".service");
  EXPECT_EQ(load("u3.service").name.text(), "u0.service");
  EXPECT_EQ(state("u7.service"), LoadState::loaded);
  EXPECT_EQ(state("u8.service"), LoadState::not_found) << "systemd follows eight names";
  EXPECT_EQ(warnings("u8.service"), Names{"alias-loop"});
}

TEST_F(UnitTreeTest, AliasLoopIsNoUnit) {
  link("/hi/a.service", "b.service");
  link("/hi/b.service", "a.service");
  EXPECT_EQ(state("a.service"), LoadState::not_found);
  EXPECT_EQ(warnings("a.service"), Names{"alias-loop"});
}

TEST_F(UnitTreeTest, AliasLoopStandsInTheTemplatesWay) {
  link("/hi/a@i.service", "b@i.service");
  link("/hi/b@i.service", "a@i.service");
  link("/hi/c@i.service", "gone@i.service");
  file("/lo/a@.service");
  file("/lo/c@.service");
  EXPECT_EQ(state("a@i.service"), LoadState::not_found);
  EXPECT_EQ(fragment("c@i.service"), "/lo/c@.service") << "an alias of nothing does not";
}

TEST_F(UnitTreeTest, AliasOfItselfFallsThrough) {
  link("/hi/a.service", "/lo/a.service");
  file("/lo/a.service");
  EXPECT_EQ(fragment("a.service"), "/lo/a.service");
  link("/hi/b.service", "b.service");
  EXPECT_EQ(state("b.service"), LoadState::not_found);
}

TEST_F(UnitTreeTest, BadAliasesFallThrough) {
  file("/lo/t@.service");
  file("/lo/p.service");
  file("/lo/p.socket");
  file("/lo/p.slice");
  link("/hi/a.service", "t@.service");       // plain to template
  link("/hi/b@.service", "p.service");       // template to plain
  link("/hi/c@i.service", "t@j.service");    // another instance
  link("/hi/d.service", "p.socket");         // another type
  link("/hi/e.service", "readme");           // no unit name
  link("/hi/f.service", "/lo");              // the folder itself
  link("/hi/g.slice", "p.slice");            // slices have no aliases
  for (const char* unit :
       {"a.service", "b@.service", "c@i.service", "d.service", "e.service", "f.service", "g.slice"})
    EXPECT_EQ(state(unit), LoadState::not_found) << unit;
  EXPECT_EQ(warnings("p.service"), Names(7, "bad-alias"));
  file("/lo/a.service");
  EXPECT_EQ(fragment("a.service"), "/lo/a.service");
}

TEST_F(UnitTreeTest, AliasOfAMaskedUnitIsMasked) {
  file("/lo/a.service", "");
  link("/lo/b.service", "a.service");
  EXPECT_EQ(state("b.service"), LoadState::masked);
}

TEST_F(UnitTreeTest, AliasOfNothingIsNotFound) {
  link("/lo/b.service", "gone.service");
  EXPECT_EQ(state("b.service"), LoadState::not_found);
  EXPECT_EQ(warnings("b.service"), Names{"dangling-alias"});
}

TEST_F(UnitTreeTest, LinksAreFollowedFolderByFolder) {
  fs_.add_dir("/ext/system");
  link("/mid", "ext/system");
  file("/ext/a.service");
  file("/a.service", "");
  link("/ext/system/b.service", "../a.service");  // from /ext/system, not from /mid
  EXPECT_EQ(state("b.service"), LoadState::loaded);
}

// --- Templates ------------------------------------------------------------------------------------

TEST_F(UnitTreeTest, InstancesUseTheTemplate) {
  file("/lo/a@.service");
  file("/lo/a@own.service");
  EXPECT_EQ(fragment("a@i.service"), "/lo/a@.service");
  EXPECT_EQ(load("a@i.service").name.text(), "a@i.service");
  EXPECT_EQ(fragment("a@own.service"), "/lo/a@own.service");
  EXPECT_EQ(load("a@.service").name.text(), "a@.service");
  EXPECT_EQ(state("a@i.socket"), LoadState::not_found);
}

TEST_F(UnitTreeTest, AliasOfATemplateHoldsForInstances) {
  file("/lo/a@.service");
  link("/lo/b@.service", "a@.service");
  EXPECT_EQ(load("b@i.service").name.text(), "a@i.service");
  EXPECT_EQ(aliases("b@i.service"), Names{"b@i.service"});
  EXPECT_EQ(aliases("a@i.service"), Names{"b@i.service"});
  file("/hi/b@own.service");
  EXPECT_EQ(load("b@own.service").name.text(), "b@own.service");
  EXPECT_TRUE(aliases("a@own.service").empty()) << "b@own is a unit of its own";
}

TEST_F(UnitTreeTest, InstanceMayBeAnAliasOfAnotherTemplate) {
  file("/lo/a@.service");
  link("/hi/b@i.service", "a@.service");
  EXPECT_EQ(load("b@i.service").name.text(), "a@i.service");
  EXPECT_EQ(fragment("b@i.service"), "/lo/a@.service");
  EXPECT_EQ(aliases("a@i.service"), Names{"b@i.service"});
  EXPECT_TRUE(aliases("a@j.service").empty());
}

TEST_F(UnitTreeTest, AliasKeepsItsNameIfTheOtherIsTaken) {
  file("/lo/a@.service");
  file("/lo/a@i.service");
  link("/hi/b@i.service", "a@.service");
  EXPECT_EQ(load("b@i.service").name.text(), "b@i.service");
  EXPECT_EQ(fragment("b@i.service"), "/lo/a@.service");
}

TEST_F(UnitTreeTest, AliasToAnInstanceUsesItsTemplate) {
  file("/lo/a@.service");
  link("/hi/b@i.service", "a@i.service");
  EXPECT_EQ(load("b@i.service").name.text(), "a@i.service");
  EXPECT_EQ(fragment("b@i.service"), "/lo/a@.service");
}

// --- Search path ----------------------------------------------------------------------------------

TEST(UnitTree, MergedLibIsOneFolder) {
  FakeFileSystem fs({{"/usr/lib/systemd/system/a.service", kText},
                     {"/usr/lib/systemd/system/a.service.d/10.conf", "[Service]\n"}});
  fs.add_symlink("/lib", "usr/lib");
  fs.add_symlink("/etc/systemd/system/b.service", "/lib/systemd/system/a.service");
  const UnitTree tree = UnitTree::scan(fs, default_search_path(Scope::system, false));
  const Unit unit = tree.load(name("b.service"));
  EXPECT_EQ(unit.name.text(), "a.service");
  EXPECT_EQ(unit.fragment->path(), "/usr/lib/systemd/system/a.service") << "by its real name";
  ASSERT_EQ(unit.drop_ins.size(), 1U);
  EXPECT_EQ(unit.drop_ins[0].path(), "/usr/lib/systemd/system/a.service.d/10.conf");
}

TEST(UnitTree, UnmergedLibComesBeforeUsrLib) {
  const FakeFileSystem fs(
      {{"/usr/lib/systemd/system/a.service", kText}, {"/lib/systemd/system/a.service", kText}});
  const UnitTree tree = UnitTree::scan(fs, default_search_path(Scope::system, false));
  EXPECT_EQ(tree.load(name("a.service")).fragment->path(), "/lib/systemd/system/a.service");
}

TEST(UnitTree, LinkedSearchFolder) {
  FakeFileSystem fs({{"/nix/store/x/a.service", kText}, {"/nix/store/x/b.service.d/10.conf", ""}});
  fs.add_symlink("/etc/systemd/system", "/nix/store/x");
  fs.add_symlink("/nix/store/x/b.service", "/nix/store/x/a.service");
  fs.add_symlink("/nix/store/x/c.service", "/etc/systemd/system/a.service");
  const UnitTree tree = UnitTree::scan(fs, default_search_path(Scope::system, false));
  EXPECT_EQ(tree.load(name("b.service")).name.text(), "a.service") << "an alias, not a linked unit";
  EXPECT_EQ(tree.load(name("c.service")).name.text(), "a.service");
  EXPECT_EQ(tree.load(name("b.service")).drop_ins.size(), 1U);
}

TEST(UnitTree, GeneratedFoldersOnDemand) {
  FakeFileSystem fs({{"/run/systemd/generator/a.service", kText},
                     {"/run/systemd/generator.late/b.service", kText},
                     {"/run/systemd/generator.late/c.service", kText},
                     {"/usr/lib/systemd/system/c.service", kText}});
  const UnitTree with = UnitTree::scan(fs, default_search_path(Scope::system, true));
  const UnitTree without = UnitTree::scan(fs, default_search_path(Scope::system, false));
  EXPECT_EQ(with.load(name("a.service")).state, LoadState::loaded);
  EXPECT_EQ(with.load(name("b.service")).state, LoadState::loaded);
  EXPECT_EQ(with.load(name("c.service")).fragment->path(), "/usr/lib/systemd/system/c.service");
  EXPECT_EQ(without.load(name("a.service")).state, LoadState::not_found);
  EXPECT_EQ(without.load(name("b.service")).state, LoadState::not_found);
}

TEST(UnitTree, SaysWhichFolderItCannotRead) {
  FakeFileSystem fs;
  fs.add_symlink("/hi", "hi");
  const UnitTree tree = UnitTree::scan(fs, {{"/hi", "/lo"}});
  ASSERT_EQ(tree.diagnostics().size(), 1U);
  EXPECT_EQ(tree.diagnostics()[0].id, "unreadable-folder");
  EXPECT_EQ(tree.diagnostics()[0].where.file, "/hi");
}

TEST_F(UnitTreeTest, NamesOfAType) {
  file("/lo/b.service");
  file("/hi/b.service", "");
  file("/mid/a@.service");
  link("/hi/c.service", "b.service");
  link("/hi/d.service", "/ext/d.service");
  file("/hi/e.socket");
  Names names;
  for (const UnitName& unit : scan().names("service")) names.push_back(unit.text());
  EXPECT_EQ(names, (Names{"a@.service", "b.service", "d.service"}));
}

// --- The real thing -------------------------------------------------------------------------------

TEST(UnitTree, NeverBlocksOnAFifo) {
  const TempDir temp;
  std::filesystem::create_directories(temp / "units/a.service.d");
  std::ofstream(temp / "units/a.service") << kText;
  ASSERT_EQ(::mkfifo((temp / "fifo").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo((temp / "units/b.service").c_str(), 0600), 0);
  ASSERT_EQ(::mkfifo((temp / "units/a.service.d/10.conf").c_str(), 0600), 0);
  std::filesystem::create_symlink("/fifo", temp / "units/c.service");
  std::filesystem::create_symlink("/units/loop.service/x", temp / "units/loop.service");

  const RootDir root = RootDir::open(temp.path()).value();
  const UnitTree tree = UnitTree::scan(root, {{"/units"}});
  EXPECT_EQ(tree.load(name("a.service")).state, LoadState::loaded);
  EXPECT_TRUE(tree.load(name("a.service")).drop_ins.empty());
  EXPECT_EQ(tree.load(name("b.service")).state, LoadState::not_found);
  EXPECT_EQ(tree.load(name("c.service")).state, LoadState::refused);
  EXPECT_EQ(tree.load(name("loop.service")).state, LoadState::not_found);
}

// --- Properties -----------------------------------------------------------------------------------

// Lists in another order than by name, as a kernel does.
class Shuffled final : public FileSystem {
 public:
  Shuffled(const FileSystem& fs, unsigned seed) : fs_(&fs), seed_(seed) {}
  [[nodiscard]] Result<std::string> read_file(std::string_view path, std::size_t limit) const override {
    return fs_->read_file(path, limit);
  }
  [[nodiscard]] Result<std::vector<DirEntry>> list_dir(std::string_view path) const override {
    auto entries = fs_->list_dir(path);
    if (entries) {
      unsigned state = seed_;
      for (std::size_t i = entries->size(); i > 1; --i) {
        state = state * 1664525U + 1013904223U;
        std::swap((*entries)[i - 1], (*entries)[(state >> 8U) % i]);
      }
    }
    return entries;
  }
  [[nodiscard]] Result<std::string> read_link(std::string_view path) const override {
    return fs_->read_link(path);
  }
  [[nodiscard]] Result<std::string> resolve(std::string_view path) const override {
    return fs_->resolve(path);
  }
  [[nodiscard]] Result<FileType> stat_type(std::string_view path) const override {
    return fs_->stat_type(path);
  }

 private:
  const FileSystem* fs_;
  unsigned seed_;
};

const Names kUnits = {"a", "b", "a-b", "a@", "b@", "a-b@", "a@i", "b@i", "a-b@i"};

std::string show(const Unit& unit) {
  std::string text = unit.name.text() + " " + std::to_string(static_cast<int>(unit.state));
  for (const UnitName& alias : unit.aliases) text += " =" + alias.text();
  if (unit.fragment) text += " " + unit.fragment->path();
  for (const UnitFile& drop_in : unit.drop_ins) text += " +" + drop_in.path();
  for (const Diagnostic& diagnostic : unit.diagnostics) text += " !" + std::string(diagnostic.id);
  return text;
}

FakeFileSystem random_tree() {
  FakeFileSystem fs;
  fs.add_null_device("/dev/null");
  fs.add_file("/ext/x.service", kText);
  const auto unit = rc::gen::elementOf(kUnits);
  const auto dir = rc::gen::element<std::string>("/hi/", "/mid/", "/lo/");
  const int count = *rc::gen::inRange(0, 30);
  for (int i = 0; i < count; ++i) {
    const std::string at = *dir + *unit + ".service";
    switch (*rc::gen::inRange(0, 7)) {
      case 0:
        fs.add_file(at, kText);
        break;
      case 1:
        fs.add_file(at, "");
        break;
      case 2:
        fs.add_symlink(at, *rc::gen::element<std::string>("/dev/null", "/ext/x.service", "/ext/gone", "."));
        break;
      case 3:
        fs.add_symlink(at, *unit + ".service");
        break;
      case 4:
        fs.add_symlink(at, *dir + *unit + ".service");
        break;
      default:
        fs.add_file(at + ".d/" + *rc::gen::element<std::string>("10.conf", "20.conf"), "[Service]\n");
        break;
    }
  }
  return fs;
}

RC_GTEST_PROP(UnitTreeProperty, OrderOfListingDoesNotMatter, (unsigned seed)) {
  const FakeFileSystem fs = random_tree();
  const Shuffled shuffled(fs, seed);
  const SearchPath path{{"/hi", "/mid", "/lo"}};
  const UnitTree sorted_tree = UnitTree::scan(fs, path);
  const UnitTree shuffled_tree = UnitTree::scan(shuffled, path);
  for (const std::string& unit : kUnits) {
    const UnitName asked = name(unit + ".service");
    RC_ASSERT(show(sorted_tree.load(asked)) == show(shuffled_tree.load(asked)));
  }
  RC_ASSERT(sorted_tree.names("service") == shuffled_tree.names("service"));
}

RC_GTEST_PROP(UnitTreeProperty, LoadedUnitsHoldTogether, ()) {
  const FakeFileSystem fs = random_tree();
  const UnitTree tree = UnitTree::scan(fs, {{"/hi", "/mid", "/lo"}});
  for (const std::string& text : kUnits) {
    const UnitName asked = name(text + ".service");
    const Unit unit = tree.load(asked);
    RC_ASSERT(show(tree.load(asked)) == show(unit));
    RC_ASSERT(unit.fragment.has_value() == (unit.state == LoadState::loaded));
    if (unit.state != LoadState::loaded || asked.kind() == UnitNameKind::template_) continue;
    // The name asked for is the unit's own or an alias of it; file names are in order, each once.
    RC_ASSERT(unit.name == asked || std::ranges::binary_search(unit.aliases, asked));
    std::string last;
    for (const UnitFile& drop_in : unit.drop_ins) {
      const std::string file = drop_in.path().substr(drop_in.path().rfind('/') + 1);
      RC_ASSERT(last < file);
      last = file;
    }
  }
}

}  // namespace
}  // namespace harden
