// SPDX-License-Identifier: LGPL-2.1-or-later
#include "catalogue/compile/emit.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <span>

#include "catalogue/compile/cpp_text.h"
#include "catalogue/hash.h"

namespace harden::catalogue::compile {
namespace {

std::string family_class(std::string_view word) { return word == "unix" ? "unix_" : std::string(word); }

class Emitter {
 public:
  explicit Emitter(const Catalogue& catalogue)
      : catalogue_(catalogue), syscalls_(all_syscalls(catalogue)) {}

  std::string ids() {
    put("{}#pragma once\n\n#include <array>\n#include <cstddef>\n#include <cstdint>\n\n", kGeneratedHead);
    put("namespace harden::catalogue {{\n\nenum class DirectiveId : std::uint16_t {{\n");
    for (const DirectiveRow& directive : catalogue_.directives) put("  {},\n", directive.name);
    put("}};\ninline constexpr std::size_t kDirectiveCount = {};\n", catalogue_.directives.size());
    put("inline constexpr std::size_t kSyscallCount = {};\n", syscalls_.size());
    put("// The versions of systemd that have a table, ascending.\n");
    put("inline constexpr std::array<unsigned, {}> kVersions = {{{}}};\n", catalogue_.systemds.size(),
        list_of(catalogue_.systemds,
                [](const SystemdTable& systemd) { return std::to_string(systemd.version); }));
    put("\n}}  // namespace harden::catalogue\n");
    return std::move(out_);
  }

  std::string tables() {
    put("{}#include \"catalogue/tables.h\"\n\nnamespace harden::catalogue {{\nnamespace {{\n\n",
        kGeneratedHead);
    directives();
    implications();
    pitfalls();
    syscalls();
    keys_text();
    for (const SystemdTable& systemd : catalogue_.systemds) systemd_parts(systemd);
    systemds();
    rows();
    functions();
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void put(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), text, std::forward<Args>(args)...);
  }

  // `constexpr TYPE NAME[] = {…};` and the name, or the empty list for no items: C++ has no array of 0.
  std::string array(std::string_view type, std::string name, const std::string& items) {
    if (items.empty()) return "{}";
    put("constexpr {} {}[] = {{{}}};\n", type, name, items);
    return name;
  }

  std::string id_of(std::string_view directive) const { return fmt::format("DirectiveId::{}", directive); }

  std::size_t choice_of(std::string_view directive, std::string_view value) const {
    return catalogue_.find(directive)->choice(value).value_or(0);
  }

  void directives() {
    std::vector<std::string> rows;
    for (const DirectiveRow& d : catalogue_.directives) {
      const std::string values =
          array("ChoiceValue", "kValues" + d.name, list_of(d.values, [](const ChoiceRow& v) {
                  return fmt::format("{{{}, {}, {}, {}, {}}}", quote_cpp(v.name), v.since, v.boolean,
                                     quote_cpp(v.synonym), v.synonym_since);
                }));
      const std::string aliases =
          array("std::string_view", "kAliases" + d.name, list_of(d.aliases, quote_cpp));
      const auto choice = [&](const std::optional<std::string>& value) {
        return d.kind == "choice" && value ? std::to_string(d.choice(*value).value_or(0)) : "std::nullopt";
      };
      const auto& outside = d.default_outside_service ? d.default_outside_service : d.default_value;
      rows.push_back(fmt::format(
          "    {{{}, {}, Context::{}, Kind::{}, {}, ListEffect::{}, {}, {}, {}, {}, {}, {}, "
          "{}, {}, {}, {}, {}, {},\n     "
          "{}}},\n",
          id_of(d.name), quote_cpp(d.name), d.context, d.kind, values, d.list, d.ordered,
          choice(d.default_value), choice(outside),
          quote_cpp(d.kind != "choice" && d.default_value ? *d.default_value : ""), d.empty_resets_since,
          d.specifiers, d.voids_unit, "Form::" + d.form, d.starts_full,
          d.excepts.empty() ? "std::nullopt" : id_of(d.excepts), d.since, aliases, quote_cpp(d.summary)));
    }
    put("constexpr Directive kDirectives[] = {{\n{}}};\n", fmt::join(rows, ""));
    put("static_assert(std::size(kDirectives) == kDirectiveCount);\n\n");

    std::vector<std::pair<std::string, std::string>> names;
    for (const DirectiveRow& d : catalogue_.directives) {
      names.emplace_back(d.name, id_of(d.name));
      for (const std::string& alias : d.aliases) names.emplace_back(alias, id_of(d.name));
    }
    put("constexpr NamedDirective kDirectiveNames[] = {{\n");
    for (const auto& [name, id] : names) put("    {{{}, {}}},\n", quote_cpp(name), id);
    put("}};\n");
    slots("kDirectiveSlots", names, [](const auto& named) { return std::string_view(named.first); });
  }

  template <typename Names, typename Project>
  void slots(std::string_view array_name, const Names& names, Project project) {
    std::vector<std::uint16_t> table(slot_count(names.size()), kEmptySlot);
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::size_t slot = hash_name(project(names[i])) & (table.size() - 1);
      while (table[slot] != kEmptySlot) slot = (slot + 1) & (table.size() - 1);
      table[slot] = static_cast<std::uint16_t>(i);
    }
    put("constexpr std::uint16_t {}[] = {{\n", array_name);
    for (std::size_t i = 0; i < table.size(); ++i)
      put("{}{},{}", i % 16 == 0 ? "    " : " ", table[i],
          i % 16 == 15 || i + 1 == table.size() ? "\n" : "");
    put("}};\n\n");
  }

  std::string condition(const ConditionRow& c) const {
    std::uint32_t choices = 0;
    if (c.test == "choice")
      for (const std::string& choice : c.choices)
        choices |= std::uint32_t{1} << choice_of(c.directive, choice);
    return fmt::format("{{{}, Test::{}, {:#x}, {}}}", id_of(c.directive), c.test, choices,
                       c.test == "denies" ? quote_cpp(c.choices.front()) : "{}");
  }

  std::uint64_t mask_of(const std::vector<std::string>& capabilities) const {
    const std::vector<std::string>& names = catalogue_.systemds.back().capabilities;
    std::uint64_t mask = 0;
    for (const std::string& name : capabilities)
      mask |= std::uint64_t{1} << (std::ranges::find(names, name) - names.begin());
    return mask;
  }

  std::vector<std::string> effects(const ImplicationRow& row) const {
    std::vector<std::string> result;
    for (const auto& [name, value] : row.set)
      result.push_back(
          fmt::format("{{EffectKind::set_choice, {}, {}, 0, {{}}}}", id_of(name), choice_of(name, value)));
    if (!row.drop_capabilities.empty())
      result.push_back(fmt::format(
          "{{EffectKind::drop_capabilities, DirectiveId::CapabilityBoundingSet, 0, {:#x}, {{}}}}",
          mask_of(row.drop_capabilities)));
    for (const auto& [name, lines] : row.append)
      for (const std::string& line : lines)
        result.push_back(
            fmt::format("{{EffectKind::append_line, {}, 0, 0, {}}}", id_of(name), quote_cpp(line)));
    for (const std::string& call : row.deny_syscalls)
      result.push_back(fmt::format("{{EffectKind::deny_syscalls, DirectiveId::SystemCallFilter, 0, 0, {}}}",
                                   quote_cpp(call)));
    return result;
  }

  void implications() {
    std::vector<std::string> rows;
    const auto write = [this](const ConditionRow& c) { return condition(c); };
    for (const ImplicationRow& row : catalogue_.implications) {
      const std::string n = std::to_string(rows.size());
      const std::string when = array("Condition", "kWhen" + n, list_of(row.when, write));
      const std::string any = array("Condition", "kAny" + n, list_of(row.any, write));
      const std::string done =
          array("Effect", "kEffects" + n, fmt::format("{}", fmt::join(effects(row), ", ")));
      rows.push_back(fmt::format("    {{Stage::{}, {}, {}, {}, {}, {}, {}, {}}},\n", row.stage, row.since,
                                 row.until, when, any, done, row.unless_root, quote_cpp(row.reason)));
    }
    put("constexpr Implication kImplications[] = {{\n{}}};\n\n", fmt::join(rows, ""));
  }

  std::string pitfall_condition(const PitfallConditionRow& c, const std::string& words) const {
    return fmt::format("{{Ask::{}, {}, {}, {}, {}}}", c.ask, condition(c.condition), c.negated, words,
                       id_of(c.other.empty() ? c.condition.directive : c.other));
  }

  void pitfalls() {
    std::vector<std::string> rows;
    for (const PitfallRow& row : catalogue_.pitfalls) {
      const std::string n = std::to_string(rows.size());
      const auto conditions = [&](std::string_view name, const std::vector<PitfallConditionRow>& list) {
        std::vector<std::string> items;
        for (const PitfallConditionRow& c : list)
          items.push_back(pitfall_condition(
              c, array("std::string_view", fmt::format("{}Words{}_{}", name, n, items.size()),
                       list_of(c.words, quote_cpp))));
        return array("PitfallCondition", fmt::format("{}{}", name, n),
                     fmt::format("{}", fmt::join(items, ", ")));
      };
      const auto texts = [&](std::string_view name, const std::vector<std::string>& list) {
        return array("std::string_view", fmt::format("{}{}", name, n), list_of(list, quote_cpp));
      };
      const auto directives = [&](std::string_view name, const std::vector<std::string>& list) {
        return array("DirectiveId", fmt::format("{}{}", name, n),
                     list_of(list, [this](const std::string& directive) { return id_of(directive); }));
      };
      const std::string when = conditions("kPitfallWhen", row.when);
      const std::string any = conditions("kPitfallAny", row.any);
      rows.push_back(
          fmt::format("    {{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {},\n     {},\n   "
                      "  {},\n     {}}},\n",
                      quote_cpp(row.id), row.severity == "note", row.since, row.until, when, any, row.each,
                      row.only_root, row.unless_root, directives("kPitfallItems", row.items),
                      texts("kPitfallAt", row.at), texts("kPitfallBelow", row.below),
                      texts("kPitfallExcept", row.except), directives("kPitfallListedIn", row.listed_in),
                      directives("kPitfallNotListedIn", row.not_listed_in), quote_cpp(row.unless_prefix),
                      quote_cpp(row.message), quote_cpp(row.hint), quote_cpp(row.source)));
    }
    put("constexpr Pitfall kPitfalls[] = {{\n{}}};\n\n", fmt::join(rows, ""));
  }

  void syscalls() {
    put("constexpr Syscall kSyscalls[] = {{\n");
    for (const std::string& name : syscalls_) put("    {{{}}},\n", quote_cpp(name));
    put("}};\nstatic_assert(std::size(kSyscalls) == kSyscallCount);\n");
    slots("kSyscallSlots", syscalls_, [](const std::string& name) { return std::string_view(name); });
  }

  std::string set_of(const std::set<std::string>& names) const {
    std::vector<std::uint64_t> words((syscalls_.size() + 63) / 64);
    for (const std::string& name : names) {
      const auto found = std::ranges::lower_bound(syscalls_, name);
      if (found == syscalls_.end() || *found != name) continue;
      const auto id = static_cast<std::size_t>(found - syscalls_.begin());
      words[id / 64] |= std::uint64_t{1} << (id % 64);
    }
    return fmt::format("SyscallSet({{{:#x}}})", fmt::join(words, ", "));
  }

  static void expand(const SystemdTable& systemd, const std::string& group, std::set<std::string>& seen,
                     std::set<std::string>& calls) {
    const auto found = systemd.groups.find(group);
    if (found == systemd.groups.end() || !seen.insert(group).second) return;
    for (const std::string& member : found->second)
      if (member.starts_with('@'))
        expand(systemd, member, seen, calls);
      else if (systemd.knows(member))
        calls.insert(member);
  }

  // Each distinct section, key and type word once, in one text.
  void keys_text() {
    std::set<std::string> names;
    for (const SystemdTable& systemd : catalogue_.systemds)
      for (const auto& [section, keys] : systemd.keys) {
        names.insert(section);
        for (const auto& [key, type] : keys) names.insert({key, type});
      }
    put("constexpr char kKeyText[] =\n");
    std::size_t at = 0;
    for (const std::string& name : names) {
      put("    {}\n", quote_cpp(name));
      key_offsets_[name] = at;
      at += name.size();
    }
    put("    \"\";\nstatic_assert(sizeof(kKeyText) <= 0xffff);\n\n");
  }

  std::string packed(const std::string& name) const {
    return fmt::format("{{{}, {}}}", key_offsets_.at(name), name.size());
  }

  void systemd_parts(const SystemdTable& systemd) {
    const unsigned v = systemd.version;
    put("// --- {} ---\n", v);
    capabilities_.push_back(array("std::string_view", fmt::format("kCapabilities{}", v),
                                  list_of(systemd.capabilities, quote_cpp)));
    const auto family = [](const auto& pair) {
      return fmt::format("{{{}, {}}}", quote_cpp(pair.first), pair.second);
    };
    families_.push_back(
        array("AddressFamily", fmt::format("kFamilies{}", v), list_of(systemd.families, family)));
    aliases_.push_back(array("AddressFamily", fmt::format("kFamilyAliases{}", v),
                             list_of(systemd.family_aliases, family)));
    architectures_.push_back(array("std::string_view", fmt::format("kArchitectures{}", v),
                                   list_of(systemd.architectures, quote_cpp)));

    std::vector<std::string> groups;
    for (const auto& [name, members] : systemd.groups) {
      std::set<std::string> seen, calls;
      expand(systemd, name, seen, calls);
      const std::string list = array("std::string_view", fmt::format("kGroup{}_{}", v, groups.size()),
                                     list_of(members, quote_cpp));
      groups.push_back(fmt::format("\n    {{{}, {}, {}}}", quote_cpp(name), list, set_of(calls)));
    }
    groups_.push_back(
        array("SyscallGroup", fmt::format("kGroups{}", v), fmt::format("{}", fmt::join(groups, ","))));

    std::vector<std::string> filesystems;
    for (const auto& [name, members] : systemd.filesystem_groups) {
      const std::string list =
          array("std::string_view", fmt::format("kFilesystems{}_{}", v, filesystems.size()),
                list_of(members, quote_cpp));
      filesystems.push_back(fmt::format("\n    {{{}, {}}}", quote_cpp(name), list));
    }
    filesystems_.push_back(array("NameGroup", fmt::format("kFilesystemGroups{}", v),
                                 fmt::format("{}", fmt::join(filesystems, ","))));

    put("constexpr PackedKey kKeys{}[] = {{\n", v);
    for (const auto& [section, keys] : systemd.keys)
      for (const auto& [key, type] : keys)
        put("    {{{}, {}, {}}},\n", packed(section), packed(key), packed(type));
    put("}};\n");

    exposure_.push_back(array(
        "ExposureWeight", fmt::format("kExposure{}", v), list_of(catalogue_.rows, [&](const RowRow& row) {
          const auto weight = std::ranges::find(systemd.exposure, row.json_field, &WeightRow::json_field);
          return fmt::format("\n    {{{}, {}, {}, {}}}", quote_cpp(weight->json_field),
                             quote_cpp(weight->name), weight->weight, weight->range);
        })));
    put("\n");
  }

  void systemds() {
    put("constexpr Systemd kSystemds[] = {{\n");
    for (std::size_t i = 0; i < catalogue_.systemds.size(); ++i) {
      const SystemdTable& systemd = catalogue_.systemds[i];
      const std::set<std::string> native(systemd.native.begin(), systemd.native.end());
      std::set<std::string> known = native;
      known.insert(systemd.pseudo.begin(), systemd.pseudo.end());
      put("    {{{}, {}, {}, {}, {}, {}, {},\n     {},\n     {},\n     {}, KeyList(kKeyText, kKeys{}), {}, "
          "{}}},\n",
          systemd.version, quote_cpp(systemd.package), capabilities_[i], systemd.capability_limit,
          families_[i], aliases_[i], groups_[i], set_of(known), set_of(native), architectures_[i],
          systemd.version, filesystems_[i], exposure_[i]);
    }
    put("}};\nstatic_assert(std::size(kSystemds) == kVersions.size());\n\n");
  }

  void rows() {
    std::vector<std::string> rows;
    for (const RowRow& row : catalogue_.rows) {
      std::string badness;
      std::uint64_t mask = mask_of(row.capabilities);
      for (const std::string& name : row.namespaces)
        mask |= std::ranges::find(kNamespaces, name, &NamespaceKind::name)->bit;
      if (!row.badness.empty())
        badness = list_of(catalogue_.find(row.directive)->values, [&](const ChoiceRow& value) {
          return std::to_string(
              std::ranges::find(row.badness, value.name, &std::pair<std::string, unsigned>::first)->second);
        });
      badness = array("std::uint8_t", fmt::format("kBadness{}", rows.size()), badness);
      rows.push_back(fmt::format(
          "    {{{}, Check::{}, {}, {}, {}, {}, {:#x}, FamilyClass::{}, {}, {}, {},\n     {}}},\n",
          quote_cpp(row.json_field), row.check, id_of(row.directive), badness, row.when_set, row.when_unset,
          mask, row.family.empty() ? "other" : family_class(row.family), quote_cpp(row.group),
          row.default_dependencies_only, row.unprivileged_only, quote_cpp(row.open)));
    }
    put("constexpr ExposureRow kRows[] = {{\n{}}};\n\n", fmt::join(rows, ""));
  }

  void functions() {
    put("}}  // namespace\n\n"
        "std::span<const Directive> directives() {{ return kDirectives; }}\n"
        "std::span<const Implication> implications() {{ return kImplications; }}\n"
        "std::span<const Pitfall> pitfalls() {{ return kPitfalls; }}\n"
        "std::span<const Syscall> syscalls() {{ return kSyscalls; }}\n"
        "std::span<const Systemd> systemds() {{ return kSystemds; }}\n"
        "std::span<const ExposureRow> exposure_rows() {{ return kRows; }}\n\n"
        "namespace tables {{\n"
        "std::span<const NamedDirective> directive_names() {{ return kDirectiveNames; }}\n"
        "std::span<const std::uint16_t> directive_slots() {{ return kDirectiveSlots; }}\n"
        "std::span<const std::uint16_t> syscall_slots() {{ return kSyscallSlots; }}\n"
        "}}  // namespace tables\n\n"
        "}}  // namespace harden::catalogue\n");
  }

  const Catalogue& catalogue_;
  std::vector<std::string> syscalls_;
  std::map<std::string, std::size_t> key_offsets_;
  std::vector<std::string> capabilities_, families_, aliases_, groups_, architectures_, filesystems_,
      exposure_;
  std::string out_;
};

}  // namespace

std::string emit_ids(const Catalogue& catalogue) { return Emitter(catalogue).ids(); }
std::string emit_tables(const Catalogue& catalogue) { return Emitter(catalogue).tables(); }

}  // namespace harden::catalogue::compile
