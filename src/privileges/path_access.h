// SPDX-License-Identifier: LGPL-2.1-or-later
// What a service may do with each path of its file tree: a function from paths to rights, given by the
// paths at which it changes. The longest one at or above a path decides. Entries that change nothing are
// left out, so that equal functions are equal values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace harden {

// Bits. read, write: what the host has there. scratch: to write, be it into a folder that is the service's
// own and that nobody else sees; who may write what the host has may do that too.
enum class Right : std::uint8_t { read = 1, write = 2, execute = 4, scratch = 8 };
using Rights = std::uint8_t;
inline constexpr Rights kAllRights = 15;
inline constexpr Rights kHostRights = kAllRights;

[[nodiscard]] constexpr Rights operator|(Right a, Right b) {
  return static_cast<Rights>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
[[nodiscard]] constexpr bool has_right(Rights rights, Right right) {
  return (rights & static_cast<unsigned>(right)) != 0;
}

// Is `path` the same as `dir` or below it?
[[nodiscard]] bool is_at_or_below(std::string_view path, std::string_view dir);

class PathAccess {
 public:
  using Changes = std::map<std::string, Rights, std::less<>>;

  PathAccess() : PathAccess(Changes{}) {}
  // Absolute, simple paths, each with what holds from it down. Where none says anything, kHostRights.
  explicit PathAccess(Changes changes);

  [[nodiscard]] Rights at(std::string_view path) const;
  // The paths at which it changes, "/" always.
  [[nodiscard]] const Changes& changes() const { return rights_; }

  // As far as these rights go.
  [[nodiscard]] bool is_subset_of(const PathAccess& other, Rights rights = kAllRights) const;
  // At every path what either gives.
  void add(const PathAccess& other);

  friend bool operator==(const PathAccess&, const PathAccess&) = default;

 private:
  void simplify();
  Changes rights_;
};

}  // namespace harden
