// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "catalogue/compile/cpp_text.h"
#include "catalogue/compile/policy_model.h"

namespace harden::catalogue::compile {
namespace {

class PolicyEmitter {
 public:
  PolicyEmitter(const PolicyTables& tables, const Catalogue& catalogue)
      : tables_(tables), catalogue_(catalogue) {}

  std::string run() {
    put("{}#include \"catalogue/policy.h\"\n\nnamespace harden::catalogue {{\nnamespace {{\n\n",
        kGeneratedHead);
    layouts();
    profiles();
    grants();
    trees();
    mounts();
    implied();
    limits();
    put("}}  // namespace\n\n"
        "std::span<const Layout> layouts() {{ return kLayouts; }}\n"
        "std::span<const Profile> profiles() {{ return kProfiles; }}\n"
        "std::span<const Grant> grants() {{ return kGrants; }}\n"
        "std::span<const Tree> trees() {{ return kTrees; }}\n"
        "std::span<const Mount> mounts() {{ return kMounts; }}\n"
        "std::span<const ImpliedGrant> implied_grants() {{ return kImplied; }}\n"
        "std::span<const Limit> limits() {{ return kLimits; }}\n\n"
        "}}  // namespace harden::catalogue\n");
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void put(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), text, std::forward<Args>(args)...);
  }

  // An array of its own for each list; its name, or the empty list.
  std::string array(std::string_view type, const std::string& items) {
    if (items.empty()) return "{}";
    const std::string name = fmt::format("kList{}", lists_++);
    put("constexpr {} {}[] = {{{}}};\n", type, name, items);
    return name;
  }
  std::string texts(const std::vector<std::string>& list) {
    return array("std::string_view", list_of(list, quote_cpp));
  }
  static std::string id_of(const std::string& directive) { return "DirectiveId::" + directive; }
  std::string ids(const std::vector<std::string>& list) {
    return array("DirectiveId", list_of(list, id_of));
  }
  static std::string word(std::string text) {
    std::ranges::replace(text, '-', '_');
    return text;
  }

  std::string condition(const ConditionRow& row) const {
    std::uint32_t choices = 0;
    for (const std::string& choice : row.choices)
      choices |= std::uint32_t{1} << catalogue_.find(row.directive)->choice(choice).value_or(0);
    return fmt::format("{{{}, Test::{}, {:#x}}}", id_of(row.directive), row.test, choices);
  }
  std::string conditions(const std::vector<ConditionRow>& rows) {
    return array("Condition", list_of(rows, [this](const ConditionRow& row) { return condition(row); }));
  }

  std::string optional_condition(const std::vector<ConditionRow>& rows) const {
    return rows.empty() ? "std::nullopt" : "Condition" + condition(rows.front());
  }

  void layouts() {
    std::vector<std::string> rows;
    rows.reserve(tables_.layouts.size());
    for (const LayoutRow& row : tables_.layouts)
      rows.push_back(fmt::format("    {{{}, {}, {}, {}}},\n", quote_cpp(row.name), texts(row.programs),
                                 texts(row.links), quote_cpp(row.summary)));
    put("constexpr Layout kLayouts[] = {{\n{}}};\n\n", fmt::join(rows, ""));
  }

  void profiles() {
    std::vector<std::string> rows;
    for (const ProfileRow& row : tables_.profiles) {
      std::vector<std::string> settings;
      for (const auto& [name, words] : row.settings)
        settings.push_back(fmt::format("{{{}, {}}}", id_of(name), texts(words)));
      const std::string list = array("ProfileSetting", fmt::format("{}", fmt::join(settings, ", ")));
      rows.push_back(fmt::format("    {{{}, {}, {}, {}}},\n", quote_cpp(row.name), quote_cpp(row.summary),
                                 ids(row.spares), list));
    }
    put("constexpr Profile kProfiles[] = {{\n{}}};\n\n", fmt::join(rows, ""));
  }

  void add_effects(const EffectRow& row, std::vector<std::string>& into) {
    const std::string when =
        array("GrantCondition", list_of(row.when, [](const std::string& text) {
                const bool negated = text.starts_with('!');
                return fmt::format("{{GrantFact::{}, {}}}", word(text.substr(negated ? 1 : 0)), negated);
              }));
    const auto put_effect = [&](std::string_view op, const std::string& directive,
                                const std::string& text) {
      into.push_back(
          fmt::format("\n    {{{}, GrantOp::{}, {}, {}}}", when, op, id_of(directive), quote_cpp(text)));
    };
    for (const std::string& name : row.lift) put_effect("lift", name, "");
    if (!row.lift_implying.empty()) put_effect("lift_implying", row.lift_implying, "");
    for (const auto& [name, value] : row.set) put_effect("set", name, value);
    for (const auto& [name, words] : row.add)
      for (const std::string& text : words) put_effect("add", name, text);
    for (const auto& [name, words] : row.remove)
      for (const std::string& text : words) put_effect("remove", name, text);
    for (const std::string& name : row.capabilities)
      put_effect("capability", "CapabilityBoundingSet", name);
    for (const std::string& device : row.devices) put_effect("device", "DeviceAllow", device);
    if (!row.path.empty() && row.paths.empty()) put_effect("path", "ReadWritePaths", row.path);
    for (const std::string& path : row.paths)
      put_effect("path", "ReadWritePaths", fmt::format("{} {}", row.path, path));
  }

  void grants() {
    std::vector<std::string> rows;
    for (const GrantRow& row : tables_.grants) {
      std::vector<std::string> effects;
      for (const EffectRow& effect : row.effects) add_effects(effect, effects);
      const std::string list = array("GrantEffect", fmt::format("{}", fmt::join(effects, ",")));
      rows.push_back(
          fmt::format("    {{GrantId::{}, {}, Argument::{}, {}, Danger::{},\n     {},\n     {},\n     "
                      "{},\n     {}, {}, "
                      "{}}},\n",
                      grant_id(row.name), quote_cpp(row.name), row.argument, row.optional, row.danger,
                      quote_cpp(row.summary), quote_cpp(row.opens), quote_cpp(row.leaves),
                      quote_cpp(row.good_for), texts(row.examples), list));
    }
    put("constexpr Grant kGrants[] = {{\n{}}};\nstatic_assert(std::size(kGrants) == kGrantCount);\n\n",
        fmt::join(rows, ""));
  }

  void trees() {
    std::vector<std::string> rows;
    for (const TreeRow& row : tables_.trees) {
      const std::string actions =
          array("TreeAction", list_of(row.actions, [](const TreeRow::Action& action) {
                  return fmt::format("{{Access::{}, {}, {}}}", action.access, id_of(action.directive),
                                     quote_cpp(action.word));
                }));
      rows.push_back(fmt::format("    {{{}, {}, {}, {}, {}}},\n", condition(row.when),
                                 optional_condition(row.unless), texts(row.paths), texts(row.except),
                                 actions));
    }
    put("constexpr Tree kTrees[] = {{\n{}}};\n\n", fmt::join(rows, ""));
  }

  void mounts() {
    std::vector<std::string> rows;
    rows.reserve(tables_.mounts.size());
    for (const MountRow& row : tables_.mounts)
      rows.push_back(fmt::format("    {{{}, {}, {}, {}, {}, {}}},\n", conditions(row.when),
                                 optional_condition(row.unless), texts(row.paths), texts(row.writable),
                                 ids(row.lists), quote_cpp(row.below)));
    put("constexpr Mount kMounts[] = {{\n{}}};\n\n", fmt::join(rows, ""));
  }

  void implied() {
    std::vector<std::string> rows;
    rows.reserve(tables_.implied.size());
    for (const ImpliedRow& row : tables_.implied)
      rows.push_back(fmt::format("    {{ImpliedFrom::{}, {}, {}, {}, {}, {}}},\n", row.from,
                                 row.items.empty() ? "DirectiveId{}" : id_of(row.items),
                                 conditions(row.when), ids(row.written), texts(row.grants),
                                 quote_cpp(row.reason)));
    put("constexpr ImpliedGrant kImplied[] = {{\n{}}};\n\n", fmt::join(rows, ""));
  }

  void limits() {
    std::vector<std::string> rows;
    rows.reserve(tables_.limits.size());
    const auto optional_id = [](const std::vector<std::string>& names) {
      return names.empty() ? "std::nullopt" : id_of(names.front());
    };
    for (const LimitRow& row : tables_.limits)
      rows.push_back(fmt::format("    {{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}}},\n", ids(row.directives),
                                 row.fact.empty() ? "std::nullopt" : "Fact::" + word(row.fact), row.since,
                                 row.until, optional_id(row.unless), row.write, quote_cpp(row.reason),
                                 quote_cpp(row.pitfall), optional_id(row.closed_by),
                                 quote_cpp(row.closing_word)));
    put("constexpr Limit kLimits[] = {{\n{}}};\n\n", fmt::join(rows, ""));
  }

  static std::string grant_id(const std::string& name) { return word(name) + "_"; }
  friend std::string harden::catalogue::compile::emit_policy_ids(const PolicyTables& tables);

  const PolicyTables& tables_;
  const Catalogue& catalogue_;
  std::size_t lists_ = 0;
  std::string out_;
};

}  // namespace

std::string emit_policy_ids(const PolicyTables& tables) {
  // A name may be a word of C++ (`register`), so each has a trailing underscore.
  return fmt::format(
      "{}#pragma once\n\n#include <cstddef>\n#include <cstdint>\n\nnamespace harden::catalogue {{\n\n"
      "enum class GrantId : std::uint16_t {{\n{}\n}};\ninline constexpr std::size_t kGrantCount = {};\n\n"
      "}}  // namespace harden::catalogue\n",
      kGeneratedHead,
      list_of(tables.grants,
              [](const GrantRow& row) { return "\n  " + PolicyEmitter::grant_id(row.name); }),
      tables.grants.size());
}

std::string emit_policy_tables(const PolicyTables& tables, const Catalogue& catalogue) {
  return PolicyEmitter(tables, catalogue).run();
}

}  // namespace harden::catalogue::compile
