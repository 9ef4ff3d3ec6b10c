// SPDX-License-Identifier: LGPL-2.1-or-later
// The catalogue as the files say it, before names are resolved: one struct a row, each with its place.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalogue/vocabulary.h"

namespace harden::catalogue::compile {

inline constexpr unsigned kNever = 0xffff;

struct Place {
  std::string file;
  unsigned line = 0;
};

struct ChoiceRow {
  std::string name;
  unsigned since = 0;
  bool boolean = false;
  std::string synonym;
  unsigned synonym_since = 0;
};

struct DirectiveRow {
  Place place;
  std::string name;
  std::string context, kind;
  std::string list = "neither";
  std::vector<ChoiceRow> values;
  std::optional<std::string> default_value, default_outside_service;
  bool ordered = true;
  unsigned empty_resets_since = 0;
  bool specifiers = false;
  bool voids_unit = false;
  std::string form = "any";
  bool starts_full = false;
  std::string excepts;   // a directive, or empty
  unsigned since = 0;
  std::vector<std::string> aliases;
  std::string summary;

  [[nodiscard]] std::optional<std::size_t> choice(std::string_view value) const;
};

struct ConditionRow {
  std::string directive;
  std::string test;                   // an enumerator of Test
  std::vector<std::string> choices;   // test "choice"
};

struct ImplicationRow {
  Place place;
  std::string stage;
  unsigned since = 0, until = kNever;
  std::vector<ConditionRow> when, any;
  bool unless_root = false;
  std::vector<std::pair<std::string, std::string>> set;                   // directive, choice
  std::vector<std::string> drop_capabilities;
  std::vector<std::pair<std::string, std::vector<std::string>>> append;   // directive, lines
  std::vector<std::string> deny_syscalls;
  std::string reason;
};

struct PitfallConditionRow {
  ConditionRow condition;
  std::string ask;  // an enumerator of Ask
  bool negated = false;  // ask "lists"
  std::vector<std::string> words;  // ask "lists"
  std::string other;  // ask "exceeds": a directive
};

struct PitfallRow {
  Place place;
  std::string id, severity;
  unsigned since = 0, until = kNever;
  std::vector<PitfallConditionRow> when, any;
  bool each = false, only_root = false, unless_root = false;
  std::vector<std::string> items, at, below, except, listed_in, not_listed_in;
  std::string unless_prefix;
  std::string message, hint, source;
};

struct RowRow {
  Place place;
  std::string json_field, check, directive;
  std::vector<std::pair<std::string, unsigned>> badness;   // choice, badness
  unsigned when_set = 0, when_unset = 0;
  std::vector<std::string> capabilities, namespaces;
  std::string family, group;
  bool default_dependencies_only = false, unprivileged_only = false;
  std::string open;
};

struct WeightRow {
  unsigned line = 0;
  std::string json_field, name;
  unsigned weight = 0, range = 0;
};

struct SystemdTable {
  Place place;
  unsigned version = 0;
  std::string package;
  unsigned capability_limit = 0;   // highest number that the parser takes
  std::vector<std::string> capabilities, architectures;
  std::vector<std::pair<std::string, unsigned>> families, family_aliases;  // sorted by number, name
  std::map<std::string, std::vector<std::string>> groups, filesystem_groups;
  std::map<std::string, std::map<std::string, std::string>> keys;  // section, key, type
  std::vector<std::string> native, pseudo;  // system call names
  std::vector<WeightRow> exposure;

  [[nodiscard]] bool knows(std::string_view call) const;  // native or pseudo
};

struct Catalogue {
  std::vector<DirectiveRow> directives;
  std::vector<ImplicationRow> implications;
  std::vector<PitfallRow> pitfalls;
  std::vector<RowRow> rows;
  std::vector<SystemdTable> systemds;  // ascending versions

  [[nodiscard]] const DirectiveRow* find(std::string_view directive) const;
};

// The union of the system call names of all versions, sorted: the index is the SyscallId.
[[nodiscard]] std::vector<std::string> all_syscalls(const Catalogue& catalogue);

}  // namespace harden::catalogue::compile
