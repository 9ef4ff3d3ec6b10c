// SPDX-License-Identifier: LGPL-2.1-or-later
// The modules of a closure joined at their symbols, and what can be reached in them from where a process
// starts. Vertices are functions and pieces of data, edges are calls, taken addresses and addresses in
// data: a function whose address reached code holds counts as reached, since that code may call it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reach/closure.h"

namespace harden::reach {

struct Place {
  std::uint32_t module = 0;
  std::uint32_t vertex = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

class Graph {
 public:
  explicit Graph(std::span<const std::unique_ptr<Module>> modules);

  // An exported symbol by the dynamic linker's rules, as `from` would find it; module npos: there is none.
  static constexpr std::uint32_t npos = ~std::uint32_t{0};
  [[nodiscard]] Place find(std::uint32_t from, std::string_view name, std::string_view version,
                           std::uint32_t hash) const;
  // The default version of a function that a module exports; vertex npos: none.
  [[nodiscard]] Place find_in(std::uint32_t module, std::string_view name) const;

  // An edge that is never followed, and a vertex that is never entered.
  void cut(Place from, Place to);
  void shut(Place at);

  // Starts at `root`, unless it was reached already.
  void add_root(Place root);
  // Follows all edges from what was added since the last call.
  void run();

  [[nodiscard]] bool is_reached(Place at) const { return parents_[index(at)] != kUnreached; }
  // The one before it on a shortest way from a root; itself for a root.
  [[nodiscard]] Place parent(Place at) const { return place(parents_[index(at)]); }
  // Whether somebody holds its address, beside who calls it.
  [[nodiscard]] bool is_taken(Place at) const { return taken_[index(at)]; }
  // Whether any reached code refers to a symbol of that name.
  [[nodiscard]] bool uses_symbol(std::string_view name) const;

 private:
  static constexpr std::uint32_t kUnreached = ~std::uint32_t{0};

  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t symbol = npos;  // index into the exports
  };
  struct Names {
    std::vector<Slot> slots;  // a power of two
  };
  [[nodiscard]] std::uint32_t index(Place at) const { return first_[at.module] + at.vertex; }
  [[nodiscard]] Place place(std::uint32_t index) const;
  [[nodiscard]] Place find_export(std::uint32_t module, std::string_view name, std::string_view version,
                                  std::uint32_t hash) const;
  [[nodiscard]] std::uint32_t resolve(std::uint32_t module, std::uint32_t import);
  void reach(std::uint32_t to, std::uint32_t from, bool is_call);

  std::span<const std::unique_ptr<Module>> modules_;
  std::vector<std::uint32_t> first_;  // index of each module's vertex 0; one more at the end
  std::vector<std::uint32_t> parents_;
  std::vector<bool> taken_;
  std::vector<bool> shut_;
  std::vector<std::uint64_t> cuts_;  // from << 32 | to, sorted
  std::vector<std::uint32_t> queue_;
  std::size_t next_ = 0;
  std::vector<Names> names_;
  std::vector<std::vector<std::uint32_t>> resolved_;  // by module and import; npos - 1: not asked yet
  std::vector<std::vector<bool>> used_;  // by module and import
};

}  // namespace harden::reach
