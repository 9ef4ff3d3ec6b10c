// SPDX-License-Identifier: LGPL-2.1-or-later
// A search path of three folders in memory, and what is made of a unit in it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/fake_file_system.h"
#include "unit/unit_tree.h"

namespace harden {

inline constexpr std::string_view kText = "[Service]\nExecStart=/bin/true\n";

using Names = std::vector<std::string>;

inline UnitName name(std::string_view text) { return parse_unit_name(text).value(); }

// /hi before /mid before /lo.
class UnitTreeTest : public testing::Test {
 protected:
  void file(std::string_view path, std::string_view text = kText) { fs_.add_file(path, text); }
  void link(std::string_view path, std::string_view target) { fs_.add_symlink(path, target); }
  void drop_in(std::string_view path) { fs_.add_file(path, "[Service]\n"); }

  [[nodiscard]] UnitTree scan() const { return UnitTree::scan(fs_, {{"/hi", "/mid", "/lo"}}); }
  [[nodiscard]] Unit load(std::string_view unit) const { return scan().load(name(unit)); }

  [[nodiscard]] std::string fragment(std::string_view unit) const {
    const Unit loaded = load(unit);
    return loaded.fragment ? loaded.fragment->path() : "";
  }
  [[nodiscard]] LoadState state(std::string_view unit) const { return load(unit).state; }
  [[nodiscard]] Names drop_ins(std::string_view unit) const {
    Names paths;
    for (const UnitFile& drop_in : load(unit).drop_ins) paths.push_back(drop_in.path());
    return paths;
  }
  [[nodiscard]] Names aliases(std::string_view unit) const {
    Names names;
    for (const UnitName& alias : load(unit).aliases) names.push_back(alias.text());
    return names;
  }
  // ids of the tree's and the unit's diagnostics.
  [[nodiscard]] Names warnings(std::string_view unit) const {
    Names ids;
    const UnitTree tree = scan();
    for (const Diagnostic& diagnostic : tree.diagnostics()) ids.emplace_back(diagnostic.id);
    for (const Diagnostic& diagnostic : tree.load(name(unit)).diagnostics) ids.emplace_back(diagnostic.id);
    return ids;
  }

  FakeFileSystem fs_;
};

}  // namespace harden
