// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a cache file: they are no entry, or a summary that every index of it leads into, and that is
// written as the same bytes.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "fuzz/check.h"
#include "reach/cache.h"
#include "reach/graph.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace harden::reach;
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  auto summary = read_summary(text);
  if (!summary) return 0;
  FUZZ_CHECK(read_summary(write_summary(*summary)) == summary);
  std::vector<std::unique_ptr<Module>> modules;
  modules.push_back(std::make_unique<Module>());
  modules.back()->summary = std::move(*summary);
  Graph graph(modules);
  graph.add_root({0, modules.back()->summary.entry});
  for (const std::uint32_t one : modules.back()->summary.initial) graph.add_root({0, one});
  graph.run();
  return 0;
}
