// SPDX-License-Identifier: LGPL-2.1-or-later
// What policies are made of, as constant tables: profiles, grants and how they act on settings, what a unit
// implies, and what systemd does not hold of what it says. Made from catalogue/*.toml like catalogue.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "catalogue/catalogue.h"
#include "catalogue/policy_ids.h"  // generated: GrantId, kGrantCount
#include "catalogue/policy_vocabulary.h"

namespace harden::catalogue {

struct Layout {
  std::string_view name;
  std::span<const std::string_view> programs;  // what @programs stands for; `-`: may be absent
  std::span<const std::string_view>
      links;  // folders of the root that are links to the same name below /usr
  std::string_view summary;
};
[[nodiscard]] std::span<const Layout> layouts();
[[nodiscard]] const Layout* find_layout(std::string_view name);

struct ProfileSetting {
  DirectiveId directive;
  // Lines of one word each. None for capabilities: none is let through.
  std::span<const std::string_view> words;
};

struct Profile {
  std::string_view name;  // "strict@1"
  std::string_view summary;
  std::span<const DirectiveId> spares;  // nothing may be set that brings one of these in
  std::span<const ProfileSetting> settings;  // in the catalogue's order
};
[[nodiscard]] std::span<const Profile> profiles();  // loosest first
[[nodiscard]] const Profile* find_profile(std::string_view name);
inline constexpr std::string_view kDefaultProfile = "baseline@1";

enum class GrantOp : std::uint8_t {
  lift,  // the directive is not set
  lift_implying,  // nor any other that implies it for the target
  set,  // a choice or mode: the looser of this and what is set
  add,  // a word more of what is let through, where the directive is set
  remove,  // a word less of what is shut
  capability,  // a word more of CapabilityBoundingSet=; ambient unless root; no user namespace
  device,  // a word more of DeviceAllow=, and no private /dev
  path,  // catalogue::trees() say what to do; `word` is one of kAccessNames and, if it is not
         // that of the argument, a blank and the path
};

struct GrantCondition {
  GrantFact fact;
  bool negated;
};

struct GrantEffect {
  std::span<const GrantCondition> when;  // all must hold
  GrantOp op;
  DirectiveId directive;  // of capability, device: where the word goes
  std::string_view word;  // may hold {path} {peer} {bind} {name} {device} of the argument
};

struct Grant {
  GrantId id;
  std::string_view name;
  Argument argument;
  bool optional;  // the argument
  Danger danger;
  std::string_view summary, opens, leaves, good_for;  // good_for may be empty
  std::span<const std::string_view> examples;
  std::span<const GrantEffect> effects;
};
[[nodiscard]] std::span<const Grant> grants();  // index = GrantId
[[nodiscard]] const Grant& grant(GrantId id);
[[nodiscard]] const Grant* find_grant(std::string_view name);

struct TreeAction {
  Access access;
  DirectiveId directive;
  std::string_view word;  // a choice to loosen to, or a word to add: "{path}"
};

// Where a value stands in the way of a path, and what lets the path through.
struct Tree {
  Condition when;
  std::optional<Condition> unless;
  std::span<const std::string_view> paths, except;  // at or below one of `paths`, and of no `except`
  std::span<const TreeAction> actions;
};
[[nodiscard]] std::span<const Tree> trees();

// Where systemd puts a mount of the service's own, which what is said of a path above passes over.
struct Mount {
  std::span<const Condition> when;  // any of them
  std::optional<Condition> unless;
  std::span<const std::string_view> paths;  // `-`: may be absent
  std::span<const std::string_view> writable;  // of them, although ProtectSystem=strict says otherwise
  std::span<const DirectiveId> lists;  // each path that they list; names of folders `below`, if there is one
  std::string_view below;
};
[[nodiscard]] std::span<const Mount> mounts();

struct ImpliedGrant {
  ImpliedFrom from;
  DirectiveId items;  // ImpliedFrom::items
  std::span<const Condition> when;  // all must hold
  std::span<const DirectiveId> written;  // and the unit itself sets these
  std::span<const std::string_view> grants;  // {item} stands for what was found
  std::string_view reason;
};
[[nodiscard]] std::span<const ImpliedGrant> implied_grants();

// What a directive does not hold although it is set.
struct Limit {
  std::span<const DirectiveId> directives;
  std::optional<Fact> fact;
  std::uint16_t since, until;  // versions, inclusive
  std::optional<DirectiveId> unless;  // no limit where this one is set as well
  bool write;  // false: it is not to be had, and not written
  std::string_view reason;
  std::string_view pitfall;  // the id of the one that says the same of a unit
  std::optional<DirectiveId> closed_by;  // a list that with one word more closes what is left open
  std::string_view closing_word;
};
[[nodiscard]] std::span<const Limit> limits();

}  // namespace harden::catalogue
