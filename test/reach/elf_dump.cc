// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints what the ELF view sees, a fact a line, for elf_oracle_test.py to hold against readelf.
#include <fmt/core.h>

#include <fstream>
#include <iterator>

#include "reach/elf_image.h"
#include "reach/unwind.h"

namespace {

using namespace harden::reach;

const char* name_of(RelocationKind kind) {
  switch (kind) {
    case RelocationKind::relative:
      return "relative";
    case RelocationKind::symbol:
      return "symbol";
    case RelocationKind::jump_slot:
      return "jump_slot";
    case RelocationKind::irelative:
      return "irelative";
    case RelocationKind::copy:
      return "copy";
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto image = ElfImage::parse(Bytes(bytes));
  if (!image) {
    fmt::print(stderr, "{}\n", image.error().text());
    return 1;
  }
  for (const std::string& fault : image->faults()) fmt::print("fault {}\n", fault);
  fmt::print("entry {:x}\nbuild-id {}\nsoname {}\ninterpreter {}\n", image->entry(), image->build_id(),
             image->soname(), image->interpreter());
  for (const auto& one : image->needed()) fmt::print("needed {}\n", one);
  for (const Symbol& one : image->symbols()) {
    if (one.name.empty()) continue;
    fmt::print("symbol {:x} {} {}{}{}\n", one.value, one.is_defined ? "defined" : "undefined", one.name,
               one.version.empty() ? "" : "@", one.version);
  }
  for (const Relocation& one : image->relocations())
    fmt::print("relocation {:x} {} {}\n", one.slot, name_of(one.kind),
               one.kind == RelocationKind::relative || one.kind == RelocationKind::irelative
                   ? fmt::format("{:x}", one.addend)
                   : std::string(image->symbols().at(one.symbol).name));
  for (const UnwindRange& one : read_unwind_ranges(*image))
    fmt::print("range {:x} {:x}\n", one.begin, one.end);
}
