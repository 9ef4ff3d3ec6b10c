// SPDX-License-Identifier: LGPL-2.1-or-later
// The least that a generator can do for a tree: list the folder of units, read each file and drop-in once,
// and write one drop-in of SIZE bytes for each service.
//
//   generator_floor TREE OUT SIZE     without arguments: nothing, as an empty generator does
//   generator_floor --peak COMMAND…   KiB of memory that it has at the most; a small parent's child, since
//   a
//                                     process counts what its parent had when it was made
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "util/root_dir.h"
#include "util/unique_fd.h"

namespace {

int print_peak(char** command) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv(command[0], command);
    ::_exit(127);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || ::wait4(child, &status, 0, &usage) != child || status != 0) return 2;
  std::printf("%ld\n", usage.ru_maxrss);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && std::string_view(argv[1]) == "--peak") return print_peak(argv + 2);
  if (argc != 4) return argc == 1 ? 0 : 2;
  const auto tree = harden::RootDir::open(argv[1]);
  const harden::UniqueFd out(::open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!tree || !out) return 2;
  const std::string text(std::strtoul(argv[3], nullptr, 10), '#');
  constexpr std::size_t kLimit = std::size_t{16} << 20U;
  const std::string dir = "/usr/lib/systemd/system";
  const auto entries = tree->list_dir(dir);
  if (!entries) return 2;
  for (const harden::DirEntry& entry : *entries) {
    const std::string path = dir + "/" + entry.name;
    if (entry.name.ends_with(".d")) {
      if (const auto drop_ins = tree->list_dir(path))
        for (const harden::DirEntry& drop_in : *drop_ins)
          (void)tree->read_file(path + "/" + drop_in.name, kLimit);  // its cost is what counts
      continue;
    }
    if (!tree->read_file(path, kLimit)) return 2;
    const std::string folder = entry.name + ".d";
    if (::mkdirat(out.get(), folder.c_str(), 0755) != 0) return 2;
    const harden::UniqueFd fd(::openat(out.get(), (folder + "/10-harden.conf").c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return 2;
  }
  return 0;
}
