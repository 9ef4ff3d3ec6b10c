// SPDX-License-Identifier: LGPL-2.1-or-later
// What a scorer reads of a machine: 1,000 small files in 20 directories, listed and read. The floor is
// the same system calls with nothing around them.
#include <benchmark/benchmark.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/temp_dir.h"
#include "util/root_dir.h"

namespace harden {
namespace {

constexpr int kDirs = 20;
constexpr int kFilesPerDir = 50;

const TempDir& tree() {
  static const TempDir temp;
  static const bool made = [] {
    for (int d = 0; d < kDirs; ++d) {
      const std::string dir = temp / ("usr/lib/d" + std::to_string(d));
      std::filesystem::create_directories(dir);
      for (int f = 0; f < kFilesPerDir; ++f) {
        std::ofstream(dir + "/unit-" + std::to_string(f) + ".service") << std::string(700, 'x');
      }
    }
    return true;
  }();
  (void)made;
  return temp;
}

void read_tree(benchmark::State& state, Resolver resolver) {
  const std::string root = tree().path();
  for (auto _ : state) {
    const RootDir fs = RootDir::open(root, resolver).value();
    std::size_t bytes = 0;
    for (int d = 0; d < kDirs; ++d) {
      const std::string dir = "/usr/lib/d" + std::to_string(d);
      const std::vector<DirEntry> entries = fs.list_dir(dir).value();
      for (const DirEntry& entry : entries) {
        bytes += fs.read_file(dir + "/" + entry.name, 1 << 20).value().size();
      }
    }
    benchmark::DoNotOptimize(bytes);
  }
}
BENCHMARK_CAPTURE(read_tree, kernel, Resolver::kernel)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(read_tree, walk, Resolver::walk)->Unit(benchmark::kMillisecond);

void read_tree_floor(benchmark::State& state) {
  const std::string root = tree().path();
  std::array<char, 65536> buffer;
  for (auto _ : state) {
    for (int d = 0; d < kDirs; ++d) {
      const std::string dir = root + "/usr/lib/d" + std::to_string(d);
      DIR* listed = ::opendir(dir.c_str());
      while (const dirent* entry = ::readdir(listed)) {
        if (entry->d_type != DT_REG) continue;
        const int fd = ::openat(::dirfd(listed), &entry->d_name[0], O_RDONLY | O_CLOEXEC);
        struct stat st;
        (void)::fstat(fd, &st);
        benchmark::DoNotOptimize(::read(fd, buffer.data(), buffer.size()));
        (void)::close(fd);
      }
      (void)::closedir(listed);
    }
  }
}
BENCHMARK(read_tree_floor)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace harden
