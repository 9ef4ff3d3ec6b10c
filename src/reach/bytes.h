// SPDX-License-Identifier: LGPL-2.1-or-later
// Foreign bytes with their bounds. Offsets and sizes come from the bytes themselves, so every one of them
// is tested here, overflow included, and nothing is read through a pointer of another type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace harden::reach {

class Bytes {
 public:
  constexpr Bytes() = default;
  explicit Bytes(std::string_view text)
      : span_(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()) {}
  explicit constexpr Bytes(std::span<const std::uint8_t> span) : span_(span) {}

  [[nodiscard]] constexpr std::size_t size() const { return span_.size(); }
  [[nodiscard]] constexpr bool empty() const { return span_.empty(); }
  [[nodiscard]] constexpr const std::uint8_t* data() const { return span_.data(); }

  // Nothing unless all of it is there.
  [[nodiscard]] constexpr std::optional<Bytes> slice(std::uint64_t offset, std::uint64_t size) const {
    if (offset > span_.size() || size > span_.size() - offset) return std::nullopt;
    return Bytes(span_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)));
  }
  // From `offset` to the end; empty past it.
  [[nodiscard]] constexpr Bytes from(std::uint64_t offset) const {
    if (offset >= span_.size()) return {};
    return Bytes(span_.subspan(static_cast<std::size_t>(offset)));
  }
  template <typename T>
  [[nodiscard]] std::optional<T> read(std::uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto part = slice(offset, sizeof(T));
    if (!part) return std::nullopt;
    T value;
    std::memcpy(&value, part->data(), sizeof value);
    return value;
  }
  // The text that ends in a NUL; nothing if there is no NUL, or if it is longer than `limit`.
  [[nodiscard]] std::optional<std::string_view> c_string(std::uint64_t offset,
                                                         std::size_t limit = 4096) const {
    const Bytes rest = from(offset);
    const std::size_t most = rest.size() < limit + 1 ? rest.size() : limit + 1;
    const void* end = most == 0 ? nullptr : std::memchr(rest.data(), 0, most);
    if (end == nullptr) return std::nullopt;
    const auto length = static_cast<std::size_t>(static_cast<const std::uint8_t*>(end) - rest.data());
    return std::string_view(reinterpret_cast<const char*>(rest.data()), length);
  }

 private:
  std::span<const std::uint8_t> span_;
};

}  // namespace harden::reach
