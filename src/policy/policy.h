// SPDX-License-Identifier: LGPL-2.1-or-later
// A policy is a profile with grants on top; compiled for a target it becomes settings. Compiling is a pure
// function, in two steps:
//
//   profile + grants ──close()──► Closed, one slot a directive ──compile()──► what is written beside the
//   unit
//
// The first step works on words alone and needs nothing but the catalogue, so that the NixOS module can do
// the same in Nix. Every grant only ever moves a slot up, and slots do not look at each other's grants, so
// the order of grants does not matter. The second step knows the unit: what it sets itself stays.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalogue/policy.h"
#include "policy/grant.h"
#include "settings/settings.h"

namespace harden {

struct Policy {
  const catalogue::Profile* profile = nullptr;
  std::vector<Grant> grants;  // normalized()
  std::vector<catalogue::DirectiveId> overrides;  // tightened although the unit sets them; sorted
  std::vector<std::string> ignores;  // needs whose refusal is harmless, as written
};

// any: not known, as where a policy is made apart from its unit. It opens what it says for root and for
// another user, and shuts what holds for both.
enum class RunsAs : std::uint8_t { root, user, dynamic_user, any };

// What a policy is lowered for.
struct Target {
  const catalogue::Systemd* systemd = nullptr;
  const catalogue::Layout* layout = nullptr;
  RunsAs runs_as = RunsAs::root;
  std::vector<catalogue::Fact> facts;  // of the machine, as far as they are known
  Settings manager = {};  // what systemd's own configuration keeps from every unit
};

// What a unit's text asks for without a word in its policy.
struct ImpliedUse {
  Grant grant;
  SourcePos because;
  std::string_view reason;
  friend bool operator==(const ImpliedUse&, const ImpliedUse&) = default;
};

// A directive that is written. Each word can stand as a line of its own; an empty one resets.
struct Written {
  catalogue::DirectiveId directive{};
  std::vector<std::string> words;
  std::vector<Grant> opened_by;  // grants that made it looser than the profile has it
  bool overrides = false;  // the unit's own setting is meant to lose: has to come after it
};

// A directive of the profile that a grant lifts altogether.
struct Lifted {
  catalogue::DirectiveId directive{};
  std::vector<Grant> by;
};

// A directive of the policy that the unit sets itself.
struct Kept {
  catalogue::DirectiveId directive{};
  std::vector<std::string> value;  // as value_words(); none: it was reset
  bool looser_than_profile = false;  // than the profile with the grants, to be exact
};

struct Unavailable {
  catalogue::DirectiveId directive{};
  std::string because;
};

// Written or kept, and not enforced on this machine, or not for this unit.
struct Void {
  catalogue::DirectiveId directive{};
  std::string_view because;
  std::string_view pitfall;  // of the catalogue, which says the same
};

// A grant that cannot open what it says, since something else keeps it shut.
struct Shut {
  Grant grant;
  catalogue::DirectiveId directive{};
  std::string because;
};

struct Compiled {
  Policy policy;
  std::vector<ImpliedUse> implied;
  std::vector<Written> settings;  // in the catalogue's order
  std::vector<Lifted> lifted;
  std::vector<Kept> kept;
  std::vector<Unavailable> unavailable;
  std::vector<Void> voids;
  std::vector<Shut> shut;
};

// The unit, if there is one, must have been loaded for target.systemd with no further stages.
[[nodiscard]] Compiled compile(const Policy& policy, const Target& target, const LoadedUnit* unit);

// Only the settings, for who writes them and tells nobody: `kept`, `voids` and `shut` are left as they are.
[[nodiscard]] Compiled compile_settings(const Policy& policy, const Target& target, const LoadedUnit* unit);

// As compile(), where what the unit implies is given: for a bare unit, or for a NixOS one.
[[nodiscard]] Compiled compile(const Policy& policy, std::vector<ImpliedUse> implied, const Target& target,
                               const LoadedUnit* unit);

// The unit's settings with what was compiled merged in; a bare unit's, if there is none, with User= as the
// target says.
[[nodiscard]] Settings merged_settings(const Compiled& compiled, const Target& target,
                                       const LoadedUnit* unit);

// Merges the policy into the unit's settings, and notes in `implied` which directives it set.
inline constexpr std::string_view kPolicyReason = "the unit's policy sets it";
void add_policy_settings(LoadedUnit& unit, const Compiled& compiled, const Target& target);

[[nodiscard]] std::vector<ImpliedUse> find_implied_grants(const LoadedUnit& unit,
                                                          const catalogue::Layout& layout);

// What the unit itself says of whom it runs as.
[[nodiscard]] RunsAs runs_as_of(const Settings& settings);

}  // namespace harden
