// SPDX-License-Identifier: LGPL-2.1-or-later
// Sets of numbers as closed intervals that neither touch nor overlap, ascending, so that equal sets are
// equal values whatever they were made of.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace harden {

template <typename T>
class IntervalSet {
 public:
  struct Interval {
    T first{}, last{};
    friend bool operator==(const Interval&, const Interval&) = default;
  };

  void add(T first, T last) {
    auto at = std::ranges::find_if(intervals_, [&](const Interval& one) {
      return first == T{} || one.last >= static_cast<T>(first - 1);
    });
    auto end = at;
    for (; end != intervals_.end() &&
           (last == static_cast<T>(~T{}) || end->first <= static_cast<T>(last + 1));
         ++end) {
      first = std::min(first, end->first);
      last = std::max(last, end->last);
    }
    at = intervals_.erase(at, end);
    intervals_.insert(at, Interval{first, last});
  }
  void add(const IntervalSet& other) {
    for (const Interval& one : other.intervals_) add(one.first, one.last);
  }

  // All numbers of T that are not in it.
  [[nodiscard]] IntervalSet complement() const {
    IntervalSet rest;
    T next{};
    for (const Interval& one : intervals_) {
      if (one.first > next) rest.intervals_.push_back({next, static_cast<T>(one.first - 1)});
      if (one.last == static_cast<T>(~T{})) return rest;
      next = static_cast<T>(one.last + 1);
    }
    rest.intervals_.push_back({next, static_cast<T>(~T{})});
    return rest;
  }

  [[nodiscard]] bool is_subset_of(const IntervalSet& other) const {
    return std::ranges::all_of(intervals_, [&](const Interval& one) {
      return std::ranges::any_of(other.intervals_, [&](const Interval& big) {
        return big.first <= one.first && one.last <= big.last;
      });
    });
  }
  [[nodiscard]] bool empty() const { return intervals_.empty(); }
  [[nodiscard]] const std::vector<Interval>& intervals() const { return intervals_; }

  friend bool operator==(const IntervalSet&, const IntervalSet&) = default;

 private:
  std::vector<Interval> intervals_;
};

}  // namespace harden
