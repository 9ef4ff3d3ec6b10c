// SPDX-License-Identifier: LGPL-2.1-or-later
// The least that scoring a tree's units can cost: list the folders that hold them, read every unit file
// and drop-in once, and look at each byte.
#include <algorithm>
#include <cstdio>
#include <string>

#include "util/root_dir.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto tree = harden::RootDir::open(argv[1]);
  if (!tree) return 2;
  constexpr std::size_t kLimit = 16U << 20U;
  const std::string dir = "/usr/lib/systemd/system";
  const auto entries = tree->list_dir(dir);
  if (!entries) return 2;
  std::size_t lines = 0;
  const auto read = [&](const std::string& path) {
    if (const auto text = tree->read_file(path, kLimit)) lines += static_cast<std::size_t>(std::ranges::count(*text, '\n'));
  };
  for (const harden::DirEntry& entry : *entries) {
    const std::string path = dir + "/" + entry.name;
    if (entry.name.ends_with(".service")) read(path);
    if (!entry.name.ends_with(".service.d")) continue;
    if (const auto drop_ins = tree->list_dir(path))
      for (const harden::DirEntry& drop_in : *drop_ins) read(path + "/" + drop_in.name);
  }
  std::printf("%zu lines\n", lines);
  return 0;
}
