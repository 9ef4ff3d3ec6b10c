// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts that stand by themselves; whole programs are in test/reach.
#include <gtest/gtest.h>

#include "catalogue/syscall_names.h"
#include "reach/bytes.h"
#include "reach/cache.h"
#include "reach/elf_image.h"
#include "reach/flow_state.h"
#include "reach/library_search.h"
#include "reach/recording.h"
#include "reach/unit_programs.h"
#include "support/fake_file_system.h"
#include "support/temp_dir.h"

namespace harden::reach {
namespace {

TEST(Bytes, RefusesWhatDoesNotFit) {
  const Bytes bytes(std::string_view("abc\0d", 5));
  EXPECT_TRUE(bytes.slice(5, 0));
  EXPECT_FALSE(bytes.slice(6, 0));
  EXPECT_FALSE(bytes.slice(2, ~std::uint64_t{0}));
  EXPECT_FALSE(bytes.slice(~std::uint64_t{0}, 2));
  EXPECT_FALSE(bytes.read<std::uint64_t>(0));
  EXPECT_EQ(bytes.c_string(1), "bc");
  EXPECT_FALSE(bytes.c_string(0, 2));
  EXPECT_FALSE(bytes.c_string(4));
  EXPECT_FALSE(bytes.c_string(9));
}

TEST(ElfImage, SaysWhatIsNoProgram) {
  EXPECT_EQ(ElfImage::parse(Bytes()).error().code, Errc::invalid);
  EXPECT_EQ(ElfImage::parse(Bytes(std::string_view("\x7f"
                                                   "ELF")))
                .error()
                .code,
            Errc::invalid);
  std::string header(sizeof(Elf64_Ehdr), '\0');
  header.replace(0, 6,
                 std::string("\x7f"
                             "ELF\x02\x01",
                             6));
  header[16] = ET_DYN;
  header[18] = static_cast<char>(EM_AARCH64);
  const auto arm = ElfImage::parse(Bytes(header));
  EXPECT_EQ(arm.error().code, Errc::unsupported);
  EXPECT_NE(arm.error().message.find("aarch64"), std::string::npos);
  header[18] = EM_X86_64;
  EXPECT_EQ(ElfImage::parse(Bytes(header)).error().code, Errc::invalid);   // nothing to load
  header[4] = 1;
  EXPECT_NE(ElfImage::parse(Bytes(header)).error().message.find("32-bit"), std::string::npos);
}

TEST(Value, JoinsToSetsAndThenToAnything) {
  Value value = Value::constant(3);
  EXPECT_TRUE(value.join(Value::constant(1)));
  EXPECT_FALSE(value.join(Value::constant(3)));
  EXPECT_EQ(value.constants().size(), 2U);
  EXPECT_TRUE(value.join(Value::parameter(7)));
  EXPECT_FALSE(value.is_constant());
  EXPECT_EQ(value.parameters(), 1U << 7U);
  for (int i = 0; i < 40; ++i) value.join(Value::constant(i));
  EXPECT_TRUE(value.is_any());
  EXPECT_FALSE(value.join(Value::constant(99)));
  Value top = Value::stack(-8);
  EXPECT_FALSE(top.join(Value::stack(-8)));
  EXPECT_TRUE(top.join(Value::stack(-16)));
  EXPECT_TRUE(top.is_any());
}

TEST(FlowState, KnowsParametersOnTheStack) {
  const FlowState entry = FlowState::entry();
  EXPECT_EQ(entry.load(8).parameters(), 1U << 16U);
  EXPECT_EQ(entry.load(16).parameters(), 1U << 17U);
  EXPECT_TRUE(entry.load(0).is_any());   // the return address
  FlowState other = entry;
  other.store(8, Value::constant(5));
  FlowState joined = entry;
  EXPECT_TRUE(joined.join(other));
  EXPECT_EQ(joined.load(8).parameters(), 1U << 16U);
  EXPECT_EQ(joined.load(8).constants().size(), 1U);
}

TEST(LibrarySearch, FollowsTheLinkersOrder) {
  const FakeFileSystem fs({{"/etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n"},
                           {"/etc/ld.so.conf.d/a.conf", "/opt/lib # local\n"},
                           {"/etc/ld.so.conf.d/b.txt", "/not/read\n"}});
  const LibrarySearch search(fs, "/lib64/ld-linux-x86-64.so.2");
  ModuleHeader program;
  program.rpath = "$ORIGIN/../lib";
  ModuleHeader library;
  library.runpath = "/run/path";
  const LoadedFrom first{&program, "/srv/app/bin", nullptr};
  const LoadedFrom second{&library, "/usr/lib", &first};
  EXPECT_EQ(search.candidates("libx.so", first)[0], "/srv/app/bin/../lib/libx.so");
  EXPECT_EQ(search.candidates("libx.so", first)[1], "/opt/lib/libx.so");
  // A RUNPATH of its own switches off what its loaders say.
  EXPECT_EQ(search.candidates("libx.so", second)[0], "/run/path/libx.so");
  EXPECT_EQ(search.candidates("libx.so", second)[1], "/opt/lib/libx.so");
  EXPECT_EQ(search.candidates("/abs/libx.so", second), std::vector<std::string>{"/abs/libx.so"});
}

Summary small_summary() {
  Summary summary;
  summary.build_id = "00ff";
  summary.needed = {"libc.so.6"};
  summary.text = "mainopen";
  summary.function_count = 1;
  summary.vertices = {{0x1000, 0, {0, 4}}, {0x2000, 1, {}}, {0, 2, {}}};
  summary.edges = {{1, 0, 0}, {0, 1, 1}};
  summary.imports = {{{4, 4}, {}, hash_name("open"), Import::kNone}};
  summary.calls = {{0, 39, 0, 0x1004}};
  summary.assumed_wrappers = known_wrappers();
  return summary;
}

TEST(Cache, ReadsBackWhatItWroteAndNothingElse) {
  const Summary summary = small_summary();
  const std::string bytes = write_summary(summary);
  EXPECT_EQ(read_summary(bytes), summary);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(read_summary(bytes.substr(0, size)));
  EXPECT_FALSE(read_summary(bytes + "x"));
  Summary wrong = summary;
  wrong.edges[0].target = 2;
  EXPECT_FALSE(read_summary(write_summary(wrong)));
  wrong = summary;
  wrong.imports[0].name.size = 9;
  EXPECT_FALSE(read_summary(write_summary(wrong)));
  wrong = summary;
  wrong.calls[0].vertex = 7;
  EXPECT_FALSE(read_summary(write_summary(wrong)));
}

TEST(Cache, KeepsFilesApartAndWithinItsLimit) {
  const TempDir dir;
  const Summary summary = small_summary();
  const Cache cache(dir.path() + "/a/b", 3 * write_summary(summary).size());
  const FileIdentity file{1, 2, 3, 4, 5};
  EXPECT_FALSE(cache.find(file));
  cache.keep(file, summary);
  EXPECT_EQ(cache.find(file), summary);
  FileIdentity changed = file;
  changed.changed_ns = 6;  // another file with the same build-id, or the same one written anew
  EXPECT_FALSE(cache.find(changed));
  int found = 0;
  for (std::int64_t i = 10; i < 20; ++i) cache.keep({1, 2, 3, 4, i}, summary);
  for (std::int64_t i = 10; i < 20; ++i) found += cache.find({1, 2, 3, 4, i}) ? 1 : 0;
  EXPECT_EQ(found, 3);
}

TEST(Recording, ReadsListsAndStrace) {
  EXPECT_EQ(read_recorded_calls("openat\n# read\n\nclose # why\nnonsense\n"),
            (std::vector<std::string>{"close", "openat"}));
  EXPECT_EQ(
      read_recorded_calls(
          "12 openat(AT_FDCWD, \"a\") = 3\n[pid    7] read(3, \"\", 1) = 0\n9 <... futex resumed>) = 0\n"
          "9 +++ exited with 0 +++\n9 --- SIGCHLD {si_signo=SIGCHLD} ---\n"),
      (std::vector<std::string>{"futex", "openat", "read"}));
}

TEST(SyscallNames, AreTheKernels) {
  EXPECT_EQ(syscall_name(0), "read");
  EXPECT_EQ(syscall_name(462), "mseal");
  EXPECT_EQ(syscall_name(400), "");
  EXPECT_EQ(syscall_number("execve"), 59U);
  EXPECT_FALSE(syscall_number("nothing"));
}

TEST(UnitPrograms, AreThoseOfItsCommandsInAllFiles) {
  FakeFileSystem fs;
  fs.add_file("/usr/bin/tool", "");
  Unit unit{*parse_unit_name("a@x.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file(
      "[Service]\nExecStartPre=-tool\nExecStart=/opt/%i/web --a ; "
      "/bin/b\nExecPaths=/srv/x\nExecSearchPath=/srv/y\n",
      "/etc/a@.service");
  unit.drop_ins.push_back(
      parse_unit_file("[Service]\nExecStart=\nExecStart=/bin/c\n", "/etc/a@.service.d/1.conf"));
  const LoadedUnit loaded = load_settings(std::move(unit), {catalogue::find_systemd(257), {}});
  EXPECT_EQ(programs_of_unit(fs, loaded),
            (std::vector<std::string>{"/usr/bin/tool", "/opt/x/web", "/bin/b", "/bin/c"}));
}

}  // namespace
}  // namespace harden::reach
