// SPDX-License-Identifier: LGPL-2.1-or-later
// The normal form of a policy: for each directive what the profile shuts and what the grants let through
// again, as words of the catalogue. docs/policies.md says the rules in prose; the NixOS module follows
// them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/policy.h"

namespace harden {

struct Slot {
  bool in_profile = false;  // the profile shuts it, or leaves it shut when another directive is lifted
  bool lifted = false;
  std::optional<std::uint8_t> choice;  // Kind::choice
  std::optional<unsigned> mode;  // Kind::mode
  std::vector<std::string> base;  // the profile's words without `~`
  std::vector<std::string> denied;  // and those behind one
  std::set<std::string> granted;
  std::vector<Grant> opened_by;

  [[nodiscard]] bool is_closed() const { return in_profile && !lifted; }
};

struct Closed {
  std::map<catalogue::DirectiveId, Slot> slots;
  std::vector<Unavailable> unavailable;
  unsigned version = 0;  // of the systemd
  std::set<catalogue::DirectiveId> stays;  // the unit sets it, and no override is asked for
  Settings own;  // the unit's settings or, without one, those of a bare unit of the target's user

  [[nodiscard]] const Slot* find(catalogue::DirectiveId id) const;
  // The unit's own line, else the profile's value, else what the unit's other lines imply.
  [[nodiscard]] std::optional<std::uint8_t> choice(catalogue::DirectiveId id) const;
  // What a grant does to a directive (catalogue::GrantOp).
  void lift(catalogue::DirectiveId id, const Grant& grant);
  void loosen(catalogue::DirectiveId id, std::string_view word, const Grant& grant);
  void add(catalogue::DirectiveId id, std::string word, const Grant& grant);
  void remove(catalogue::DirectiveId id, std::string_view word, const Grant& grant);
};

// The settings of a unit that says nothing but whom it runs as.
[[nodiscard]] Settings bare_settings(const Target& target);

// Does a line of the unit itself say anything of the directive that systemd does not drop?
[[nodiscard]] bool is_written(const LoadedUnit* unit, catalogue::DirectiveId id);

// A list whose entries only open: what is granted is added to what the unit has.
[[nodiscard]] bool is_opening_list(const catalogue::Directive& directive);

// Is anything shut that the entries of `closer`'s list of exceptions could open?
[[nodiscard]] bool is_shut(const Closed& closed, catalogue::DirectiveId closer);

// Where a path really is, as far as the layout tells: "/lib/x" is "/usr/lib/x".
[[nodiscard]] std::string real_path(const catalogue::Layout& layout, std::string_view path);
// Is it one of the folders of programs, or below?
[[nodiscard]] bool is_program(const catalogue::Layout& layout, std::string_view path);

// `implied` act as `grants` do, but for RequiresMountsFor=, which is for paths that somebody named.
[[nodiscard]] Closed close_with(const catalogue::Profile& profile, std::span<const Grant> grants,
                                std::span<const Grant> implied,
                                std::span<const catalogue::DirectiveId> overrides, const Target& target,
                                const LoadedUnit* unit);

// The words to write; none if there is nothing to write.
[[nodiscard]] std::vector<std::string> slot_words(const Closed& closed, catalogue::DirectiveId id);

[[nodiscard]] bool fact_holds(catalogue::Fact fact, const Target& target);
// Is it one of the target's systemd and machine? What `unless` and the directives ask, the caller looks at.
[[nodiscard]] bool concerns(const catalogue::Limit& limit, const Target& target);

}  // namespace harden
