// SPDX-License-Identifier: LGPL-2.1-or-later
// Every case runs with the kernel's resolver and with our own walk; random trees hold both and the
// fake of the tests against each other.
#include "util/root_dir.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <type_traits>

#include "support/fake_file_system.h"
#include "support/temp_dir.h"

namespace harden {
namespace {

static_assert(std::is_nothrow_move_constructible_v<RootDir> && std::is_nothrow_move_assignable_v<RootDir>);
static_assert(!std::is_copy_constructible_v<RootDir>);
static_assert(std::is_nothrow_move_constructible_v<FakeFileSystem>);

void write(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  ASSERT_TRUE(file.flush()) << path;
}

// The fake has no /proc and no seccomp to fall back from.
template <typename T>
std::string outcome(const Result<T>& result) {
  if (!result) return "Errc " + std::to_string(static_cast<int>(result.error().code));
  if constexpr (std::is_same_v<T, std::string>) {
    return "'" + *result + "'";
  } else if constexpr (std::is_same_v<T, FileType>) {
    return "type " + std::to_string(static_cast<int>(*result));
  } else {
    std::string text;
    for (const DirEntry& entry : *result)
      text += entry.name + "=" + std::to_string(static_cast<int>(entry.type)) + " ";
    return "[" + text + "]";
  }
}

class RootDirTest : public testing::TestWithParam<Resolver> {
 protected:
  void SetUp() override {
    if (GetParam() == Resolver::kernel && root().resolver() != Resolver::kernel) {
      GTEST_SKIP()
          << "openat2(2) does not work here: the kernel is older than 5.6, or a seccomp filter refuses it";
    }
  }

  [[nodiscard]] RootDir root() const { return RootDir::open(temp_.path(), GetParam()).value(); }
  [[nodiscard]] std::string at(std::string_view path) const { return temp_ / path; }
  void mkdir(std::string_view path) const { std::filesystem::create_directories(at(path)); }
  void link(const std::string& target, std::string_view path) const {
    std::filesystem::create_symlink(target, at(path));
  }

 private:
  TempDir temp_;
};

INSTANTIATE_TEST_SUITE_P(Resolvers, RootDirTest, testing::Values(Resolver::kernel, Resolver::walk),
                         [](const auto& tested) {
                           return tested.param == Resolver::kernel ? "kernel" : "walk";
                         });

TEST_P(RootDirTest, ReadsFilesOfEverySize) {
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 4097U, 100000U}) {
    const std::string text(size, 'x');
    write(at("file"), text);
    EXPECT_EQ(root().read_file("/file", 1 << 20), text) << size;
    EXPECT_EQ(root().read_file("/file", size), text) << "the limit itself is allowed";
    if (size > 0) {
      EXPECT_EQ(root().read_file("/file", size - 1).error().code, Errc::too_large) << size;
    }
  }
}

TEST_P(RootDirTest, ReadsFilesThatHaveNoSize) {
  const RootDir proc = RootDir::open("/proc", GetParam()).value();
  const auto text = proc.read_file("/self/status", 1 << 20);
  ASSERT_TRUE(text) << text.error().text();
  EXPECT_TRUE(text->starts_with("Name:")) << *text;
  EXPECT_EQ(proc.read_file("/self/status", 10).error().code, Errc::too_large);
}

TEST_P(RootDirTest, SymlinksStayInside) {
  mkdir("/etc/sub");
  write(at("/etc/passwd"), "ours");
  link("/etc/passwd", "/absolute");
  link("../../../../../etc/passwd", "/etc/sub/escaping");
  EXPECT_EQ(root().read_file("/absolute", 100), "ours");
  EXPECT_EQ(root().read_file("/etc/sub/escaping", 100), "ours");
  EXPECT_EQ(root().read_file("/../../etc/passwd", 100), "ours");
  EXPECT_EQ(root().read_file("etc/passwd", 100), "ours") << "relative is below the root";
  EXPECT_EQ(root().resolve("/etc/sub/escaping"), "/etc/passwd");
  EXPECT_EQ(root().resolve("/etc/sub/../.."), "/");
  EXPECT_EQ(root().read_link("/absolute"), "/etc/passwd");
}

TEST_P(RootDirTest, FollowsFortySymlinksAndNoMore) {
  write(at("/l0"), "end");
  for (int i = 1; i <= 41; ++i) link("l" + std::to_string(i - 1), "/l" + std::to_string(i));
  EXPECT_EQ(root().read_file("/l40", 100), "end");
  EXPECT_EQ(root().read_file("/l41", 100).error().code, Errc::invalid);
  EXPECT_EQ(root().resolve("/l40"), "/l0");
  EXPECT_EQ(root().resolve("/l41").error().code, Errc::invalid);
  EXPECT_EQ(root().stat_type("/l41").error().code, Errc::invalid);
}

TEST_P(RootDirTest, NeverBlocksOnWhatIsNoFile) {
  mkdir("/dir");
  ASSERT_EQ(::mkfifo(at("/fifo").c_str(), 0600), 0);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  at("/socket").copy(&address.sun_path[0], sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  link("/fifo", "/link");
  for (const char* path : {"/dir", "/fifo", "/socket", "/link"}) {
    EXPECT_EQ(root().read_file(path, 100).error().code, Errc::invalid) << path;
  }
  EXPECT_EQ(root().stat_type("/fifo"), FileType::other);
  EXPECT_EQ(root().stat_type("/socket"), FileType::other);
}

TEST_P(RootDirTest, NullDeviceIsAnEmptyFile) {
  const RootDir real = RootDir::open("/", GetParam()).value();
  EXPECT_EQ(real.stat_type("/dev/null"), FileType::null_device);
  EXPECT_EQ(real.read_file("/dev/null", 100), "");
  EXPECT_EQ(real.read_file("/dev/zero", 100).error().code, Errc::invalid);
  const auto entries = real.list_dir("/dev").value();
  EXPECT_NE(std::ranges::find(entries, DirEntry{"null", FileType::null_device}), entries.end());
}

TEST_P(RootDirTest, ListsSortedByBytes) {
  mkdir("/d/sub");
  for (const char* name : {"b", "B", "a.conf", "a", "\xc3\xa4"}) write(at("/d/" + std::string(name)), "");
  link("nowhere", "/d/dangling");
  link("d", "/alias");
  const std::vector<DirEntry> expected = {{"B", FileType::regular},        {"a", FileType::regular},
                                          {"a.conf", FileType::regular},   {"b", FileType::regular},
                                          {"dangling", FileType::symlink}, {"sub", FileType::directory},
                                          {"\xc3\xa4", FileType::regular}};
  EXPECT_EQ(root().list_dir("/d"), expected);
  EXPECT_EQ(root().list_dir("/alias/"), expected);
  EXPECT_EQ(root().list_dir("/d/a").error().code, Errc::not_found);
  EXPECT_EQ(root().list_dir("/none").error().code, Errc::not_found);
}

TEST_P(RootDirTest, ListsMoreThanOneBufferful) {
  mkdir("/d");
  for (int i = 0; i < 2000; ++i) write(at("/d/some-rather-long-name-" + std::to_string(i)), "");
  EXPECT_EQ(root().list_dir("/d").value().size(), 2000U);
}

TEST_P(RootDirTest, RefusesPathsThatTheKernelCannotTake) {
  using namespace std::string_view_literals;
  EXPECT_EQ(root().read_file("/a\0b"sv, 100).error().code, Errc::invalid);
  EXPECT_EQ(root().resolve("/a\0b"sv).error().code, Errc::invalid);
  EXPECT_EQ(root().read_file("", 100).error().code, Errc::not_found);
  EXPECT_EQ(root().read_file(std::string(5000, 'a'), 100).error().sys_errno, ENAMETOOLONG);
  EXPECT_EQ(root().read_file(std::string(300, 'a'), 100).error().sys_errno, ENAMETOOLONG);
}

TEST_P(RootDirTest, SaysWhatItCouldNotRead) {
  write(at("/secret"), "x");
  ASSERT_EQ(::chmod(at("/secret").c_str(), 0), 0);
  const uid_t user = ::geteuid();
  if (user == 0) {  // who reads everything
    ASSERT_EQ(::chmod(at("/").c_str(), 0755), 0);
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto text = root().read_file("/secret", 100);
  ASSERT_EQ(::seteuid(user), 0);
  ASSERT_FALSE(text);
  const Error& error = text.error();
  EXPECT_EQ(error.code, Errc::io);
  EXPECT_EQ(error.message, "cannot read /secret: Permission denied");
}

TEST(RootDir, OpenFailsWithoutADirectory) {
  EXPECT_EQ(RootDir::open("/nonexistent").error().code, Errc::not_found);
  EXPECT_EQ(RootDir::open("/dev/null").error().code, Errc::not_found);
}

// --- Random trees ---------------------------------------------------------------------------------

struct Made {
  FileType type;
  std::string path, text;
};

void showValue(const Made& made, std::ostream& out) {  // NOLINT: rapidcheck's name
  out << static_cast<int>(made.type) << " " << made.path << " '" << made.text << "'";
}

// Few names, so that random paths meet.
rc::Gen<std::string> path_of(const rc::Gen<std::string>& component, bool maybe_relative) {
  return rc::gen::map(
      rc::gen::tuple(
          rc::gen::resize(4, rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(component))),
          rc::gen::arbitrary<bool>(), rc::gen::inRange(0, 5)),
      [maybe_relative](const std::tuple<std::vector<std::string>, bool, int>& made) {
        const auto& [parts, relative, slash] = made;
        std::string path;
        for (const std::string& part : parts) path += "/" + part;
        if (slash == 0) path += "/";
        return maybe_relative && relative ? path.substr(1) : path;
      });
}

rc::Gen<std::string> walked_path() {
  return path_of(rc::gen::weightedElement<std::string>(
                     {{5, "a"}, {5, "b"}, {5, "c"}, {2, ".."}, {1, "."}, {1, "none"}, {1, ""}}),
                 true);
}

rc::Gen<Made> made() {
  return rc::gen::build<Made>(
      rc::gen::set(&Made::type, rc::gen::weightedElement<FileType>({{3, FileType::regular},
                                                                    {4, FileType::directory},
                                                                    {5, FileType::symlink},
                                                                    {1, FileType::other}})),
      rc::gen::set(&Made::path, path_of(rc::gen::element<std::string>("a", "b", "c"), false)),
      rc::gen::set(&Made::text,
                   rc::gen::suchThat(walked_path(), [](const std::string& s) { return !s.empty(); })));
}

// The same thing in the fake and, if the place is free, on disk.
void make(const Made& wanted, const TempDir& temp, FakeFileSystem& fake) {
  const std::string_view inside =
      std::string_view(wanted.path).substr(0, wanted.path.find_last_not_of('/') + 1);
  const std::string path = temp / inside;
  std::error_code failed;
  std::filesystem::path parent = std::filesystem::path(inside).parent_path();
  for (; parent != "/"; parent = parent.parent_path()) {
    const auto status = std::filesystem::symlink_status(temp / parent.string(), failed);
    if (exists(status) && !is_directory(status)) return;  // add_* takes parents literally
  }
  if (exists(std::filesystem::symlink_status(path, failed))) return;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  switch (wanted.type) {
    case FileType::regular:
      write(path, wanted.text), fake.add_file(inside, wanted.text);
      break;
    case FileType::directory:
      std::filesystem::create_directory(path), fake.add_dir(inside);
      break;
    case FileType::symlink:
      std::filesystem::create_symlink(wanted.text, path), fake.add_symlink(inside, wanted.text);
      break;
    default:
      RC_ASSERT(::mkfifo(path.c_str(), 0600) == 0), fake.add_special(inside);
      break;
  }
}

RC_GTEST_PROP(RootDirProperty, KernelWalkAndFakeAgree, ()) {
  const TempDir temp;
  FakeFileSystem fake;
  const auto plan = *rc::gen::scale(0.3, rc::gen::container<std::vector<Made>>(made())).as("tree");
  for (const Made& wanted : plan) make(wanted, temp, fake);

  const RootDir kernel = RootDir::open(temp.path()).value();
  const RootDir walk = RootDir::open(temp.path(), Resolver::walk).value();
  const auto paths = *rc::gen::container<std::vector<std::string>>(20, walked_path()).as("paths");
  for (const std::string& path : paths) {
    const auto answers = [&](const FileSystem& fs) {
      return path + ": read " + outcome(fs.read_file(path, 10)) + " list " + outcome(fs.list_dir(path)) +
             " link " + outcome(fs.read_link(path)) + " resolve " + outcome(fs.resolve(path)) + " type " +
             outcome(fs.stat_type(path));
    };
    RC_ASSERT(answers(kernel) == answers(walk));
    RC_ASSERT(answers(fake) == answers(walk));
  }
}

}  // namespace
}  // namespace harden

namespace harden {
namespace {

TEST(RootDirIdentity, ChangesWithTheFile) {
  const TempDir dir;
  std::ofstream(dir / "a") << "one";
  std::filesystem::create_symlink("/a", dir / "link");
  for (const Resolver resolver : {Resolver::kernel, Resolver::walk}) {
    const RootDir root = RootDir::open(dir.path(), resolver).value();
    const FileIdentity first = root.identify("/a").value();
    EXPECT_EQ(root.identify("/link"), first);
    EXPECT_EQ(first.size, 3U);
    std::ofstream(dir / "a") << "three";
    EXPECT_NE(root.identify("/a").value(), first);
    std::ofstream(dir / "a") << "one";
    EXPECT_EQ(root.identify("/none").error().code, Errc::not_found);
    EXPECT_EQ(root.identify("/").error().code, Errc::invalid);
    EXPECT_EQ(root.read_start("/a", 2), "on");
    EXPECT_EQ(root.read_start("/a", 9), "one");
    EXPECT_EQ(root.read_start("/none", 9).error().code, Errc::not_found);
  }
}

}  // namespace
}  // namespace harden
