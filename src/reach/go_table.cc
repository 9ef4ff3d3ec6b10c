// SPDX-License-Identifier: LGPL-2.1-or-later
// Format: the Go source tree, debug/gosym/pclntab.go and runtime/symtab.go (1.16, 1.18, 1.20).
#include "reach/go_table.h"

#include <algorithm>

namespace harden::reach {
namespace {
constexpr std::uint32_t kGo116 = 0xfffffffa, kGo118 = 0xfffffff0, kGo120 = 0xfffffff1;
constexpr std::uint64_t kFunctionsMax = 1U << 21U;
}  // namespace

std::vector<GoFunction> read_go_functions(const ElfImage& image) {
  std::vector<GoFunction> functions;
  const Section* section = image.find_section(".gopclntab");
  if (section == nullptr) section = image.find_section(".data.rel.ro.gopclntab");
  if (section == nullptr) return functions;
  const Bytes table = image.bytes_at(section->address).slice(0, section->size).value_or(Bytes());
  const auto magic = table.read<std::uint32_t>(0);
  const auto pointer_size = table.read<std::uint8_t>(7);
  if (!magic || pointer_size != 8) return functions;
  const bool has_text_start = *magic == kGo118 || *magic == kGo120;
  if (!has_text_start && *magic != kGo116) return functions;
  const auto word = [&](unsigned index) {
    return table.read<std::uint64_t>(8 + std::uint64_t{index} * 8).value_or(0);
  };
  const std::uint64_t count = std::min(word(0), kFunctionsMax);
  const std::uint64_t text_start = has_text_start ? word(2) : 0;
  const Bytes names = table.from(word(has_text_start ? 3 : 2));
  const Bytes entries = table.from(word(has_text_start ? 7 : 6));
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t begin = 0;
    std::uint64_t record = 0;
    if (has_text_start) {
      const auto entry = entries.read<std::uint32_t>(i * 8), at = entries.read<std::uint32_t>(i * 8 + 4);
      if (!entry || !at) break;
      begin = text_start + *entry;
      record = *at;
    } else {
      const auto entry = entries.read<std::uint64_t>(i * 16), at = entries.read<std::uint64_t>(i * 16 + 8);
      if (!entry || !at) break;
      begin = *entry;
      record = *at;
    }
    const auto name_at = entries.read<std::uint32_t>(record + (has_text_start ? 4 : 8));
    if (image.is_code(begin))
      functions.push_back({begin, name_at ? names.c_string(*name_at).value_or("") : std::string_view()});
  }
  std::ranges::sort(functions, {}, &GoFunction::begin);
  return functions;
}

}  // namespace harden::reach
