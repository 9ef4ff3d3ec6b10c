// SPDX-License-Identifier: LGPL-2.1-or-later
// Look-ups in the generated tables. Names are taken as systemd's own parsers take them: directives,
// values, system calls and groups by exact spelling, booleans, capabilities and address families
// whatever the case, capabilities by number too.
#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <limits>

#include "catalogue/catalogue.h"
#include "catalogue/hash.h"
#include "catalogue/policy.h"
#include "catalogue/tables.h"

namespace harden::catalogue {
namespace {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

// The index of the name that hashes to one of the slots from its home on, up to an empty one.
template <typename NameOf>
std::optional<std::uint16_t> find_slot(std::span<const std::uint16_t> slots, std::string_view name,
                                       NameOf name_of) {
  const std::size_t mask = slots.size() - 1;
  for (std::size_t slot = hash_name(name) & mask; slots[slot] != kEmptySlot; slot = (slot + 1) & mask)
    if (name_of(slots[slot]) == name) return slots[slot];
  return std::nullopt;
}

// A whole number as C's strtol takes it with base 0, and with the prefixes 0b and 0o that systemd adds:
// what safe_atoi() of 252 and 257 accepts, blanks in front apart, since a word has none.
std::optional<unsigned> parse_small_number(std::string_view word) {
  int base = 10;
  const auto drop = [&](std::string_view lower, std::string_view upper, int its_base) {
    if (!word.starts_with(lower) && !word.starts_with(upper)) return false;
    word.remove_prefix(lower.size());
    base = its_base;
    return true;
  };
  bool sign = false;
  if (!drop("0b", "0b", 2) && !drop("0o", "0o", 8)) {
    sign = word.starts_with('+') || word.starts_with('-');
    if (word.starts_with('-') && word.find_first_not_of("0xX", 1) != std::string_view::npos)
      return std::nullopt;
    if (sign) word.remove_prefix(1);
    if (!drop("0x", "0X", 16) && word.size() > 1) drop("0", "0", 8);
  }
  unsigned value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

}  // namespace

const Directive& directive(DirectiveId id) {
  assert(static_cast<std::size_t>(id) < kDirectiveCount);
  return directives()[static_cast<std::size_t>(id)];
}

const Directive* find_directive(std::string_view name) {
  const auto names = tables::directive_names();
  const auto found =
      find_slot(tables::directive_slots(), name, [&](std::uint16_t i) { return names[i].name; });
  return found ? &directive(names[*found].id) : nullptr;
}

std::optional<bool> parse_boolean(std::string_view word) {
  constexpr std::array<std::string_view, 6> kYes = {"1", "yes", "y", "true", "t", "on"};
  constexpr std::array<std::string_view, 6> kNo = {"0", "no", "n", "false", "f", "off"};
  const auto is_word = [&](std::string_view spelling) { return equal_ignoring_case(word, spelling); };
  if (std::ranges::any_of(kYes, is_word)) return true;
  if (std::ranges::any_of(kNo, is_word)) return false;
  return std::nullopt;
}

std::optional<std::uint8_t> find_choice(const Directive& directive, std::string_view word,
                                        unsigned version) {
  const std::optional<bool> boolean = parse_boolean(word);
  for (std::size_t i = 0; i < directive.values.size(); ++i) {
    const ChoiceValue& value = directive.values[i];
    const bool named = value.name == word && value.since <= version;
    const bool synonym = !value.synonym.empty() && value.synonym == word && value.synonym_since <= version;
    const bool spelled =
        value.boolean && boolean && *boolean == (value.name == "yes") && value.since <= version;
    if (named || synonym || spelled) return static_cast<std::uint8_t>(i);
  }
  return std::nullopt;
}

std::optional<SyscallId> find_syscall(std::string_view name) {
  return find_slot(tables::syscall_slots(), name, [](std::uint16_t i) { return syscalls()[i].name; });
}

const Systemd* find_systemd(unsigned version) {
  for (const Systemd& systemd : systemds())
    if (systemd.version == version) return &systemd;
  return nullptr;
}

const Systemd& nearest_systemd(unsigned version) {
  const Systemd* nearest = &systemds().front();
  for (const Systemd& systemd : systemds())
    if (systemd.version <= version) nearest = &systemd;
  return *nearest;
}

const SyscallGroup* find_group(const Systemd& systemd, std::string_view name) {
  const auto found = std::ranges::lower_bound(systemd.groups, name, {}, &SyscallGroup::name);
  return found != systemd.groups.end() && found->name == name ? &*found : nullptr;
}

std::optional<std::uint16_t> find_family(const Systemd& systemd, std::string_view name) {
  for (const auto& list : {systemd.families, systemd.family_aliases})
    for (const AddressFamily& family : list)
      if (equal_ignoring_case(family.name, name)) return family.number;
  return std::nullopt;
}

std::optional<unsigned> find_capability(const Systemd& systemd, std::string_view name) {
  if (const auto number = parse_small_number(name))
    return *number <= systemd.capability_limit ? number : std::nullopt;
  for (std::size_t i = 0; i < systemd.capabilities.size(); ++i)
    if (equal_ignoring_case(systemd.capabilities[i], name)) return static_cast<unsigned>(i);
  return std::nullopt;
}

std::optional<KnownKey> find_key(const Systemd& systemd, std::string_view section, std::string_view key) {
  std::size_t low = 0;
  for (std::size_t high = systemd.keys.size(); low < high;) {
    const std::size_t middle = low + (high - low) / 2;
    const KnownKey known = systemd.keys[middle];
    if (known.section < section || (known.section == section && known.key < key))
      low = middle + 1;
    else
      high = middle;
  }
  if (low == systemd.keys.size()) return std::nullopt;
  const KnownKey known = systemd.keys[low];
  if (known.section != section || known.key != key) return std::nullopt;
  return known;
}

bool knows_section(const Systemd& systemd, std::string_view section) {
  return std::ranges::any_of(systemd.keys, [&](const KnownKey& known) { return known.section == section; });
}

std::span<const NamespaceKind> namespaces() { return kNamespaces; }

const Grant& grant(GrantId id) { return grants()[static_cast<std::size_t>(id)]; }

namespace {

template <typename Row>
const Row* find_named(std::span<const Row> rows, std::string_view name) {
  const auto at = std::ranges::find(rows, name, &Row::name);
  return at == rows.end() ? nullptr : &*at;
}

}  // namespace

const Grant* find_grant(std::string_view name) { return find_named(grants(), name); }
const Profile* find_profile(std::string_view name) { return find_named(profiles(), name); }
const Layout* find_layout(std::string_view name) { return find_named(layouts(), name); }

}  // namespace harden::catalogue
