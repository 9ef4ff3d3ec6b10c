// SPDX-License-Identifier: LGPL-2.1-or-later
// The hash of the generated name tables, shared by the build step that fills them and the look-up that
// reads them: FNV-1a, open addressing with linear probing, a power of two of slots at most half full.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace harden::catalogue {

inline constexpr std::uint16_t kEmptySlot = 0xffff;

constexpr std::uint32_t hash_name(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash ^ hash >> 15;
}

constexpr std::size_t slot_count(std::size_t names) {
  std::size_t slots = 8;
  while (slots < names * 2) slots *= 2;
  return slots;
}

}  // namespace harden::catalogue
