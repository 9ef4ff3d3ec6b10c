// SPDX-License-Identifier: LGPL-2.1-or-later
// A set over a small universe that is known at build time, as words of 64 bits. Like std::bitset, but
// constexpr in full under C++23 as GCC 12 has it, so that the tables are constants and not code that
// runs at start; and it can be iterated. Bits at and past N are always zero.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace harden::catalogue {

template <std::size_t N>
class IndexSet {
 public:
  static constexpr std::size_t kWords = (N + 63) / 64;

  constexpr IndexSet() = default;
  // From the words, lowest first; bits past N must be zero (they are cleared).
  constexpr explicit IndexSet(const std::array<std::uint64_t, kWords>& words) : words_(words) { trim(); }
  [[nodiscard]] static constexpr IndexSet full() { return ~IndexSet(); }

  [[nodiscard]] static constexpr std::size_t size() { return N; }
  [[nodiscard]] constexpr bool test(std::size_t index) const {
    return index < N && (words_[index / 64] >> (index % 64) & 1U) != 0;
  }
  constexpr IndexSet& set(std::size_t index, bool value = true) {
    const std::uint64_t bit = std::uint64_t{1} << (index % 64);
    if (index < N) words_[index / 64] = value ? words_[index / 64] | bit : words_[index / 64] & ~bit;
    return *this;
  }
  constexpr IndexSet& reset(std::size_t index) { return set(index, false); }
  constexpr void clear() { words_ = {}; }

  [[nodiscard]] constexpr std::size_t count() const {
    std::size_t sum = 0;
    for (const std::uint64_t word : words_) sum += static_cast<std::size_t>(std::popcount(word));
    return sum;
  }
  [[nodiscard]] constexpr bool any() const {
    return std::ranges::any_of(words_, [](std::uint64_t word) { return word != 0; });
  }
  [[nodiscard]] constexpr bool none() const { return !any(); }
  [[nodiscard]] constexpr bool empty() const { return !any(); }
  [[nodiscard]] constexpr bool is_subset_of(const IndexSet& other) const { return (*this & ~other).none(); }

  constexpr IndexSet& operator|=(const IndexSet& other) {
    for (std::size_t i = 0; i < kWords; ++i) words_[i] |= other.words_[i];
    return *this;
  }
  constexpr IndexSet& operator&=(const IndexSet& other) {
    for (std::size_t i = 0; i < kWords; ++i) words_[i] &= other.words_[i];
    return *this;
  }
  [[nodiscard]] friend constexpr IndexSet operator|(IndexSet a, const IndexSet& b) { return a |= b; }
  [[nodiscard]] friend constexpr IndexSet operator&(IndexSet a, const IndexSet& b) { return a &= b; }
  [[nodiscard]] constexpr IndexSet operator~() const {
    IndexSet result;
    for (std::size_t i = 0; i < kWords; ++i) result.words_[i] = ~words_[i];
    result.trim();
    return result;
  }
  friend constexpr bool operator==(const IndexSet&, const IndexSet&) = default;

  // The members in ascending order.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::uint16_t;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::uint16_t*;
    using reference = std::uint16_t;

    constexpr Iterator() = default;
    constexpr Iterator(const IndexSet* set, std::size_t index) : set_(set), index_(index) { settle(); }
    constexpr std::uint16_t operator*() const { return static_cast<std::uint16_t>(index_); }
    constexpr Iterator& operator++() {
      ++index_;
      settle();
      return *this;
    }
    constexpr Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend constexpr bool operator==(const Iterator&, const Iterator&) = default;

   private:
    constexpr void settle() {
      while (index_ < N) {
        const std::uint64_t rest = set_->words_[index_ / 64] >> (index_ % 64);
        if (rest != 0) {
          index_ += static_cast<std::size_t>(std::countr_zero(rest));
          return;
        }
        index_ = (index_ / 64 + 1) * 64;
      }
      index_ = N;
    }
    const IndexSet* set_ = nullptr;
    std::size_t index_ = 0;
  };
  [[nodiscard]] constexpr Iterator begin() const { return Iterator(this, 0); }
  [[nodiscard]] constexpr Iterator end() const { return Iterator(this, N); }

 private:
  constexpr void trim() {
    if constexpr (N % 64 != 0) words_[kWords - 1] &= (std::uint64_t{1} << (N % 64)) - 1;
  }
  std::array<std::uint64_t, kWords> words_{};
};

}  // namespace harden::catalogue
