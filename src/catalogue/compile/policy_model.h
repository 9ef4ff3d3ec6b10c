// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of the catalogue that policies are made of, as the files say it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "catalogue/compile/document.h"
#include "catalogue/compile/model.h"

namespace harden::catalogue::compile {

using WordsOf = std::vector<std::pair<std::string, std::vector<std::string>>>;   // directive, words

struct LayoutRow {
  Place place;
  std::string name, summary;
  std::vector<std::string> programs, links;
};

struct ProfileRow {
  Place place;
  std::string name, summary;
  std::vector<std::string> spares;   // directives that it must not bring in by implication
  WordsOf settings;                  // in the order of the catalogue's directives
};

// One `{ … }` of a grant's `effects`.
struct EffectRow {
  std::vector<std::string> when;   // words of kGrantFactNames, `!` before one that must not hold
  std::vector<std::string> lift, capabilities, devices, paths;
  std::string lift_implying, path;
  std::vector<std::pair<std::string, std::string>> set;
  WordsOf add, remove;
};

struct GrantRow {
  Place place;
  std::string name, argument = "none";
  bool optional = false;
  std::string summary, opens, leaves, good_for, danger;
  std::vector<std::string> examples;
  std::vector<EffectRow> effects;
};

struct TreeRow {
  Place place;
  ConditionRow when;
  std::vector<ConditionRow> unless;   // at most one
  std::vector<std::string> paths, except;
  // access (kAccessNames), directive, word
  struct Action {
    std::string access, directive, word;
  };
  std::vector<Action> actions;
};

struct MountRow {
  Place place;
  std::vector<ConditionRow> when;     // any of them
  std::vector<ConditionRow> unless;   // at most one
  std::vector<std::string> paths, writable;
  std::vector<std::string> lists;   // directives
  std::string below;
};

struct ImpliedRow {
  Place place;
  std::string from = "condition";
  std::string items;
  std::vector<ConditionRow> when;
  std::vector<std::string> written, grants;
  std::string reason;
};

struct LimitRow {
  Place place;
  std::vector<std::string> directives;
  std::string fact;
  unsigned since = 0, until = kNever;
  std::vector<std::string> unless;   // at most one
  bool write = true;
  std::string reason, pitfall;
  std::vector<std::string> closed_by;   // at most one
  std::string closing_word;
};

struct PolicyTables {
  std::vector<LayoutRow> layouts;
  std::vector<ProfileRow> profiles;
  std::vector<GrantRow> grants;
  std::vector<TreeRow> trees;
  std::vector<MountRow> mounts;
  std::vector<ImpliedRow> implied;
  std::vector<LimitRow> limits;
};

[[nodiscard]] PolicyTables read_policy_tables(const std::string& dir, const Catalogue& catalogue,
                                              Report& report);
void check_policy_tables(const PolicyTables& tables, const Catalogue& catalogue, Report& report);
[[nodiscard]] std::string emit_policy_ids(const PolicyTables& tables);
[[nodiscard]] std::string emit_policy_tables(const PolicyTables& tables, const Catalogue& catalogue);

}  // namespace harden::catalogue::compile
