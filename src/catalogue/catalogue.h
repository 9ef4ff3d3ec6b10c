// SPDX-License-Identifier: LGPL-2.1-or-later
// The product's knowledge as constant tables, made at build time from catalogue/*.toml (see
// src/catalogue/compile/). Code asks these tables; it does not repeat what they say. All spans and
// string_views point into constant data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "catalogue/ids.h"  // generated: DirectiveId, kDirectiveCount, kSyscallCount, kVersions
#include "catalogue/syscall_set.h"
#include "catalogue/vocabulary.h"

namespace harden::catalogue {

// A system call by its place in the union of the names that any supported systemd accepts, sorted
// by name; the same on every version.
using SyscallId = std::uint16_t;
using SyscallSet = IndexSet<kSyscallCount>;

// --- Directives -----------------------------------------------------------------------------------

// A version that no systemd has: "never" for a `since`, "always" for an `until`.
inline constexpr std::uint16_t kNoVersion = 0xffff;

// A value of a Kind::choice directive.
struct ChoiceValue {
  std::string_view name;        // as systemd prints it: "yes", "read-only"
  std::uint16_t since;          // first systemd version that knows it
  bool boolean;                 // name is "yes" or "no" and any spelling of it is taken
  std::string_view synonym;     // a second name ("connected" for the yes of PrivateTmp=), or empty
  std::uint16_t synonym_since;
};

struct Directive {
  DirectiveId id;
  std::string_view name;        // without the `=`
  Context context;
  Kind kind;
  std::span<const ChoiceValue> values;          // Kind::choice only, loosest first if `ordered`
  ListEffect list;              // what a further entry does; of a filter or mask, a further one let through
  bool ordered;                 // later values give a service no more; false: they do not compare
  std::optional<std::uint8_t> default_choice;   // index into values; none: unset is its own state
  std::optional<std::uint8_t> default_outside_service;   // the same in [Socket] [Mount] [Swap]
  std::string_view default_text;                // other kinds: what systemd takes if unset, or empty
  std::uint16_t empty_resets_since;   // from here on an empty assignment clears; before, it is dropped
  bool specifiers;              // `%` specifiers are expanded in its value
  bool voids_unit;  // systemd does not load a unit with an unparsable value; else it drops it
  Form form;         // what systemd asks of an item of Kind::words, lines and paths
  bool mask_starts_full;  // Kind::capabilities: unset means all (bounding set), else none
  std::optional<DirectiveId> excepts;  // its entries are exceptions from this one: without it they mean
                                       // nothing, or shut what was open
  std::uint16_t since;  // first systemd version with the directive
  std::span<const std::string_view> aliases;  // older spellings still taken: ReadWriteDirectories
  std::string_view summary;  // one sentence: what the directive does to a service

  // Whether an empty assignment clears; if not, it is unparsable and what was set before stays.
  [[nodiscard]] constexpr bool empty_resets(unsigned version) const {
    return version >= empty_resets_since;
  }
};

[[nodiscard]] std::span<const Directive> directives();  // index = DirectiveId
[[nodiscard]] const Directive& directive(DirectiveId id);
// By name or alias; nullptr if the catalogue has none. Case matters, as to systemd.
[[nodiscard]] const Directive* find_directive(std::string_view name);
// The choice as systemd's parser takes it (spellings of booleans included), if `version` knows it.
[[nodiscard]] std::optional<std::uint8_t> find_choice(const Directive& directive, std::string_view word,
                                                      unsigned version);
// 1 yes y true t on, 0 no n false f off, whatever the case; the same on all supported versions.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view word);

// --- What directives do to each other -------------------------------------------------------------

enum class Test : std::uint8_t {
  choice,  // the value, or the default where unset, is one of `choices`; Kind::choice only
  set,  // has a value; a mask must differ from its unset state (RestrictNamespaces=no is not set)
  unset,  // nothing is assigned, or the assignments were reset
  nonzero,  // a number or time span is assigned and is not zero; Kind::text only
  denies,  // the filter does not let `call` through; Kind::syscalls only
};

struct Condition {
  DirectiveId directive;
  Test test;
  std::uint32_t choices;  // Test::choice: bit i for the choice with index i
  std::string_view call = {};  // Test::denies

  friend constexpr bool operator==(const Condition&, const Condition&) = default;
};

enum class EffectKind : std::uint8_t { set_choice, drop_capabilities, append_line, deny_syscalls };

struct Effect {
  EffectKind kind;
  DirectiveId directive;  // what changes
  std::uint8_t choice;  // set_choice
  std::uint64_t capabilities;  // drop_capabilities: mask
  std::string_view text;  // append_line: a line, not added where it stands already;
                          // deny_syscalls: one call or @group
};

struct Implication {
  Stage stage;
  std::uint16_t since, until;  // versions, inclusive; 0 and kNoVersion where unbounded
  std::span<const Condition> when;  // all must hold
  std::span<const Condition> any;  // beside, one of these must hold, unless there are none
  std::span<const Effect> effects;
  bool unless_root;  // only for a unit that does not run as root
  std::string_view reason;  // one clause: "PrivateDevices= takes the raw device capabilities"
};

// In the order in which systemd applies them.
[[nodiscard]] std::span<const Implication> implications();

// --- Settings that contradict, void or bypass each other ----------------------------------------

enum class Ask : std::uint8_t {
  value,  // `condition` as it stands
  written,  // the unit's own last line says one of condition.choices, whatever systemd makes of it
  lists,  // a list or set holds one of `words`; a mask or filter lets one of them through
  nothing,  // lines that are not empty come to an empty mask, or to a filter that filters nothing
  exceeds,  // a mask holds what that of `other` does not
};

struct PitfallCondition {
  Ask ask;
  Condition condition;  // but for `value` and `written` only its directive counts
  bool negated;  // lists
  std::span<const std::string_view> words;  // lists
  DirectiveId other;  // exceeds
};

struct Pitfall {
  std::string_view id;
  bool is_note;  // else it is a warning
  std::uint16_t since, until;  // versions, inclusive; 0 and kNoVersion where unbounded
  std::span<const PitfallCondition> when, any;  // as in Implication
  bool each;  // a finding for each condition of `any` that holds, not for the first
  bool only_root, unless_root;
  // If there are `items`, every path that one of these directives lists is judged by itself: it is one of
  // `at` or lies below one of `below`, is neither at nor below one of `except`, the lists of `listed_in`
  // hold it (one is enough) and those of `not_listed_in` do not, and it lacks the prefix `unless_prefix`.
  std::span<const DirectiveId> items;
  std::span<const std::string_view> at, below, except;
  std::span<const DirectiveId> listed_in, not_listed_in;
  std::string_view unless_prefix;
  std::string_view message;  // {directive}, {item} and {words} stand for what was found
  std::string_view hint;  // the repair, or empty
  std::string_view source;  // where the rule comes from
};

[[nodiscard]] std::span<const Pitfall> pitfalls();

// --- One systemd version's own names --------------------------------------------------------------

struct Syscall {
  std::string_view name;
};
[[nodiscard]] std::span<const Syscall> syscalls();  // index = SyscallId
[[nodiscard]] std::optional<SyscallId> find_syscall(std::string_view name);

struct SyscallGroup {
  std::string_view name;  // "@system-service"
  std::span<const std::string_view> members;  // as the version lists them: nested groups too, and
                                              // calls that its libseccomp does not know
  SyscallSet calls;  // fully expanded, of known_syscalls
};

struct AddressFamily {
  std::string_view name;  // AF_UNIX
  std::uint16_t number;
};

// A name of a free list with the names it stands for: a group of file systems.
struct NameGroup {
  std::string_view name;  // "@network"
  std::span<const std::string_view> members;
};

struct KnownKey {
  std::string_view section, key, type;  // type: the word systemd's own dump gives: BOOLEAN, STRING …
};

// The keys of a version, sorted by section, then key. There are thousands, so they are kept as offsets
// into one text: a table of string_views would have to be relocated at every start.
struct PackedText {
  std::uint16_t offset, length;
};
struct PackedKey {
  PackedText section, key, type;
};
class KeyList {
 public:
  constexpr KeyList(const char* text, std::span<const PackedKey> keys) : text_(text), keys_(keys) {}

  class Iterator {
   public:
    using value_type = KnownKey;
    using difference_type = std::ptrdiff_t;
    constexpr Iterator() = default;
    constexpr Iterator(const KeyList* list, std::size_t index) : list_(list), index_(index) {}
    constexpr KnownKey operator*() const { return (*list_)[index_]; }
    constexpr Iterator& operator++() {
      ++index_;
      return *this;
    }
    constexpr Iterator operator++(int) { return Iterator(list_, index_++); }
    friend constexpr bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const KeyList* list_ = nullptr;
    std::size_t index_ = 0;
  };

  [[nodiscard]] constexpr std::size_t size() const { return keys_.size(); }
  [[nodiscard]] constexpr KnownKey operator[](std::size_t index) const {
    const PackedKey& packed = keys_[index];
    return {text(packed.section), text(packed.key), text(packed.type)};
  }
  [[nodiscard]] constexpr Iterator begin() const { return {this, 0}; }
  [[nodiscard]] constexpr Iterator end() const { return {this, size()}; }

 private:
  [[nodiscard]] constexpr std::string_view text(PackedText packed) const {
    return {text_ + packed.offset, packed.length};
  }
  const char* text_;
  std::span<const PackedKey> keys_;
};

struct ExposureWeight {
  std::string_view json_field, name;  // spelled as systemd spells them
  std::uint32_t weight, range;
};

struct Systemd {
  unsigned version;
  std::string_view package;  // the Debian version the table was generated from
  std::span<const std::string_view> capabilities;  // index = number: "CAP_CHOWN"
  unsigned capability_limit;  // the highest number that its parser takes
  std::span<const AddressFamily> families;  // one name a number, ascending
  std::span<const AddressFamily> family_aliases;  // further names that it takes: AF_LOCAL
  std::span<const SyscallGroup> groups;  // sorted by name
  SyscallSet known_syscalls;  // names that its parser takes
  SyscallSet native_syscalls;  // those that exist on x86-64
  std::span<const std::string_view> architectures;  // words SystemCallArchitectures= takes
  KeyList keys;
  std::span<const NameGroup> filesystem_groups;  // none where the build cannot restrict them (252)
  std::span<const ExposureWeight> exposure;  // in the order of exposure_rows()
};

// All that have a table, ascending.
[[nodiscard]] std::span<const Systemd> systemds();
[[nodiscard]] const Systemd* find_systemd(unsigned version);  // nullptr: no table
// The newest supported version not above `version`, else the oldest: how a systemd without a table of
// its own is best approximated; the caller says so.
[[nodiscard]] const Systemd& nearest_systemd(unsigned version);
[[nodiscard]] const SyscallGroup* find_group(const Systemd& systemd, std::string_view name);
// By any of its names, whatever the case.
[[nodiscard]] std::optional<std::uint16_t> find_family(const Systemd& systemd, std::string_view name);
// A number as systemd's parser takes it: "CAP_CHOWN", "cap_chown", "0", "0x0" up to capability_limit. One
// without a name (past cap_last) is a capability all the same.
[[nodiscard]] std::optional<unsigned> find_capability(const Systemd& systemd, std::string_view name);
// The highest capability that has a name.
[[nodiscard]] inline unsigned cap_last(const Systemd& systemd) {
  return static_cast<unsigned>(systemd.capabilities.size()) - 1;
}
[[nodiscard]] std::optional<KnownKey> find_key(const Systemd& systemd, std::string_view section,
                                               std::string_view key);
[[nodiscard]] bool knows_section(const Systemd& systemd, std::string_view section);

// cgroup ipc mnt net pid user uts.
[[nodiscard]] std::span<const NamespaceKind> namespaces();

// --- The exposure score ---------------------------------------------------------------------------

struct ExposureRow {
  std::string_view json_field;  // joins ExposureWeight
  Check check;
  DirectiveId directive;
  std::span<const std::uint8_t> badness;  // Check::choice: by choice index; unset without default: 0
  std::uint8_t when_set, when_unset;  // Check::set
  std::uint64_t mask;  // Check::capabilities, namespaces
  FamilyClass family;  // Check::families
  std::string_view group;  // Check::syscalls: "@clock"
  bool default_dependencies_only;  // not judged where DefaultDependencies=no
  bool unprivileged_only;  // not judged for a unit that runs as root
  std::string_view open;  // in words, what a service may do while the row is bad
};

[[nodiscard]] std::span<const ExposureRow> exposure_rows();  // in systemd's own order

}  // namespace harden::catalogue
