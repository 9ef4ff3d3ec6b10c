// SPDX-License-Identifier: LGPL-2.1-or-later
// Format: LSB Core, "DWARF Extensions"; the exception tables as GCC's unwind-pe.h and eh_personality.cc
// read them. Everything is foreign: a length that does not fit ends the table.
#include "reach/unwind.h"

#include <algorithm>
#include <map>
#include <optional>

namespace harden::reach {
namespace {

constexpr std::size_t kRangesMax = 4U << 20U;
constexpr std::size_t kPadsMax = 1U << 16U;

enum : std::uint8_t { kOmit = 0xff, kIndirect = 0x80, kPcRelative = 0x10, kDataRelative = 0x30 };

// Reads on in a piece of the image; `failed` once something was not there.
struct Cursor {
  Bytes bytes;
  std::uint64_t address = 0;   // of bytes[0]
  std::uint64_t at = 0;
  bool failed = false;

  template <typename T>
  T take() {
    const auto value = bytes.read<T>(at);
    if (!value) {
      failed = true;
      return T{};
    }
    at += sizeof(T);
    return *value;
  }
  std::uint64_t uleb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = take<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{byte & 0x7fU} << shift;
      if (failed || (byte & 0x80U) == 0) return value;
      if (shift > 70) failed = true;
    }
  }
  std::uint64_t sleb() {
    const std::uint64_t start = at;
    std::uint64_t value = uleb();
    const unsigned bits = static_cast<unsigned>(at - start) * 7;
    if (!failed && bits < 64 && (*bytes.read<std::uint8_t>(at - 1) & 0x40U) != 0)
      value |= ~std::uint64_t{0} << bits;
    return value;
  }
  // A pointer in one of the encodings; 0 stays 0, as the unwinder takes it.
  std::uint64_t pointer(std::uint8_t encoding, std::uint64_t data_base) {
    if (encoding == kOmit) return 0;
    const std::uint64_t here = address + at;
    std::uint64_t value = 0;
    switch (encoding & 0x0fU) {
      case 0x00:
      case 0x04:
      case 0x0c:
        value = take<std::uint64_t>();
        break;
      case 0x01:
        value = uleb();
        break;
      case 0x02:
        value = take<std::uint16_t>();
        break;
      case 0x03:
        value = take<std::uint32_t>();
        break;
      case 0x09:
        value = sleb();
        break;
      case 0x0a:
        value = static_cast<std::uint64_t>(std::int64_t{take<std::int16_t>()});
        break;
      case 0x0b:
        value = static_cast<std::uint64_t>(std::int64_t{take<std::int32_t>()});
        break;
      default:
        failed = true;
    }
    if (failed || value == 0) return 0;
    if ((encoding & 0x70U) == kPcRelative) value += here;
    if ((encoding & 0x70U) == kDataRelative) value += data_base;
    return value;
  }
};

struct Cie {
  std::uint8_t pointer_encoding = 0;
  std::uint8_t lsda_encoding = kOmit;
  bool has_augmentation = false;
  bool is_signal_frame = false;
};

std::optional<Cie> read_cie(Cursor cursor) {
  Cie cie;
  const auto version = cursor.take<std::uint8_t>();
  const auto augmentation = cursor.bytes.c_string(cursor.at, 32);
  if (!augmentation) return std::nullopt;
  cursor.at += augmentation->size() + 1;
  (void)cursor.uleb();   // code alignment
  (void)cursor.sleb();   // data alignment
  if (version == 1)
    (void)cursor.take<std::uint8_t>();
  else
    (void)cursor.uleb();   // return address register
  if (!augmentation->starts_with('z')) return cursor.failed ? std::nullopt : std::optional(cie);
  cie.has_augmentation = true;
  (void)cursor.uleb();
  for (const char c : augmentation->substr(1)) {
    if (c == 'R')
      cie.pointer_encoding = cursor.take<std::uint8_t>();
    else if (c == 'L')
      cie.lsda_encoding = cursor.take<std::uint8_t>();
    else if (c == 'P')
      (void)cursor.pointer(cursor.take<std::uint8_t>(), 0);
    else if (c == 'S')
      cie.is_signal_frame = true;
    else if (c != 'B')
      break;   // what follows cannot be told
  }
  return cursor.failed ? std::nullopt : std::optional(cie);
}

}  // namespace

std::vector<UnwindRange> read_unwind_ranges(const ElfImage& image) {
  std::vector<UnwindRange> ranges;
  std::uint64_t table_at = 0;
  if (const auto header_at = image.eh_frame_header()) {
    Cursor header{image.bytes_at(*header_at), *header_at};
    (void)header.take<std::uint8_t>();
    const auto encoding = header.take<std::uint8_t>();
    (void)header.take<std::uint16_t>();
    table_at = header.pointer(encoding, *header_at);
  }
  // A static program may have the table without the header.
  if (const Section* section = image.find_section(".eh_frame"); table_at == 0 && section != nullptr)
    table_at = section->address;
  if (table_at == 0) return ranges;

  const Bytes table = image.bytes_at(table_at);
  std::map<std::uint64_t, std::optional<Cie>> cies;
  for (std::uint64_t at = 0; ranges.size() < kRangesMax;) {
    const auto short_length = table.read<std::uint32_t>(at);
    if (!short_length || *short_length == 0) break;
    std::uint64_t length = *short_length;
    std::uint64_t id_at = at + 4;
    if (length == 0xffffffffU) {
      length = table.read<std::uint64_t>(id_at).value_or(0);
      id_at += 8;
    }
    const auto id = table.read<std::uint32_t>(id_at);
    const auto entry = table.slice(id_at, length);
    if (!id || !entry || length < 4) break;
    at = id_at + length;
    if (*id == 0 || *id > id_at) continue;   // a CIE: read when an FDE asks for it
    const std::uint64_t cie_at = id_at - *id;
    auto known = cies.find(cie_at);
    if (known == cies.end()) {
      std::optional<Cie> cie;
      const auto cie_length = table.read<std::uint32_t>(cie_at);
      if (cie_length && *cie_length >= 4 && *cie_length != 0xffffffffU)
        if (const auto body = table.slice(cie_at + 8, *cie_length - 4))
          cie = read_cie({*body, table_at + cie_at + 8});
      known = cies.emplace(cie_at, cie).first;
    }
    if (!known->second) continue;
    const Cie& cie = *known->second;
    Cursor cursor{*entry, table_at + id_at, 4};
    UnwindRange range;
    range.begin = cursor.pointer(cie.pointer_encoding, 0);
    range.end = range.begin + cursor.pointer(cie.pointer_encoding & 0x0fU, 0);
    if (cie.has_augmentation) {
      (void)cursor.uleb();
      range.exception_table = cursor.pointer(cie.lsda_encoding, 0);
    }
    if (cie.is_signal_frame) ++range.begin;
    if (!cursor.failed && range.begin < range.end && image.is_code(range.begin)) ranges.push_back(range);
  }
  std::ranges::sort(ranges, {}, [](const UnwindRange& one) { return std::pair(one.begin, one.end); });
  return ranges;
}

std::vector<std::uint64_t> read_landing_pads(const ElfImage& image, const UnwindRange& range) {
  std::vector<std::uint64_t> pads;
  if (range.exception_table == 0) return pads;
  Cursor cursor{image.bytes_at(range.exception_table), range.exception_table};
  const auto base_encoding = cursor.take<std::uint8_t>();
  const std::uint64_t base = base_encoding == kOmit ? range.begin : cursor.pointer(base_encoding, 0);
  if (cursor.take<std::uint8_t>() != kOmit) (void)cursor.uleb();
  const auto encoding = cursor.take<std::uint8_t>();
  const std::uint64_t length = cursor.uleb();
  const std::uint64_t end = cursor.at + length;
  while (!cursor.failed && cursor.at < end && pads.size() < kPadsMax) {
    (void)cursor.pointer(encoding, 0);
    (void)cursor.pointer(encoding, 0);
    const std::uint64_t pad = cursor.pointer(encoding, 0);
    (void)cursor.uleb();
    if (!cursor.failed && pad != 0 && image.is_code(base + pad)) pads.push_back(base + pad);
  }
  std::ranges::sort(pads);
  pads.erase(std::ranges::unique(pads).begin(), pads.end());
  return pads;
}

}  // namespace harden::reach
