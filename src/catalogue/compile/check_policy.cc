// SPDX-License-Identifier: LGPL-2.1-or-later
// Names, words and columns of the policy tables. Whether a grant opens what it says is for the laws in
// test/properties, which have the compiler to ask.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalogue/compile/columns.h"
#include "catalogue/compile/policy_model.h"
#include "catalogue/policy_vocabulary.h"

namespace harden::catalogue::compile {
namespace {

class PolicyChecker {
 public:
  PolicyChecker(const PolicyTables& tables, const Catalogue& catalogue, Report& report)
      : tables_(tables), catalogue_(catalogue), report_(report) {}

  void run() {
    for (const LayoutRow& row : tables_.layouts) check_layout(row);
    for (const ProfileRow& row : tables_.profiles) check_profile(row);
    for (const GrantRow& row : tables_.grants) check_grant(row);
    for (const TreeRow& row : tables_.trees) check_tree(row);
    for (const MountRow& row : tables_.mounts) check_mount(row);
    for (const ImpliedRow& row : tables_.implied) check_implied(row);
    for (const LimitRow& row : tables_.limits) check_limit(row);
  }

 private:
  template <typename... Args>
  void fault(const Place& place, fmt::format_string<Args...> text, Args&&... args) {
    report_.add(place.file, place.line, fmt::format(text, std::forward<Args>(args)...));
  }

  void check_name(const Place& place, const std::string& name) {
    if (!names_.insert(name).second) fault(place, "{} stands twice", name);
  }

  const DirectiveRow* find(const Place& place, std::string_view name) {
    const DirectiveRow* directive = catalogue_.find(name);
    if (directive == nullptr) fault(place, "directives.toml has no {}", name);
    return directive;
  }
  void check_directives(const Place& place, const std::vector<std::string>& names) {
    for (const std::string& name : names) (void)find(place, name);
  }

  void check_choice(const Place& place, const std::string& name, const std::string& word) {
    const DirectiveRow* directive = find(place, name);
    if (directive == nullptr) return;
    if (directive->kind == "mode") {
      if (word.empty() || word.find_first_not_of("01234567") != std::string::npos)
        fault(place, "`{}` is not a mode", word);
    } else if (directive->kind != "choice") {
      fault(place, "{} is not a choice", name);
    } else if (!directive->ordered) {
      fault(place, "the values of {} do not compare", name);
    } else if (!directive->choice(word)) {
      fault(place, "{} has no value `{}`", name, word);
    }
  }

  void check_condition(const Place& place, const ConditionRow& condition) {
    const DirectiveRow* directive = find(place, condition.directive);
    if (directive == nullptr) return;
    for (const std::string& choice : condition.choices)
      if (!directive->choice(choice)) fault(place, "{} has no value `{}`", condition.directive, choice);
  }

  void check_layout(const LayoutRow& row) {
    check_name(row.place, row.name);
    if (row.programs.empty()) fault(row.place, "a layout has programs");
    for (std::string_view path : row.programs) {
      if (path.starts_with('-')) path.remove_prefix(1);
      if (!path.starts_with('/')) fault(row.place, "`{}` is not an absolute path", path);
    }
  }

  void check_profile(const ProfileRow& row) {
    check_name(row.place, row.name);
    const std::size_t at = row.name.find('@');
    if (at == std::string::npos || at == 0 || at + 1 == row.name.size() ||
        row.name.find_first_not_of("0123456789", at + 1) != std::string::npos)
      fault(row.place, "`{}` is not NAME@NUMBER", row.name);
    check_directives(row.place, row.spares);
    if (row.settings.empty()) fault(row.place, "a profile has settings");
    for (const auto& [name, words] : row.settings) {
      const DirectiveRow* directive = find(row.place, name);
      if (directive == nullptr) continue;
      if (directive->kind == "choice" || directive->kind == "mode")
        check_choice(row.place, name, words.size() == 1 ? words[0] : "");
      if (words.empty() && directive->kind != "capabilities") fault(row.place, "{} has no words", name);
      if (name == "SystemCallFilter")
        for (const std::string& word : words) check_call(row.place, word.substr(word.starts_with('~')));
    }
  }

  // Known to every version, so that nothing vanishes from a filter in silence.
  void check_call(const Place& place, const std::string& name) {
    if (name.starts_with('{')) return;
    for (const SystemdTable& systemd : catalogue_.systemds)
      if (name.starts_with('@') ? !systemd.groups.contains(name) : !systemd.knows(name))
        fault(place, "{} does not know `{}`", systemd.version, name);
  }

  void check_grant(const GrantRow& row) {
    check_name(row.place, row.name);
    if (row.name.empty() || row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") != std::string::npos)
      fault(row.place, "`{}` has other letters than a-z and -", row.name);
    for (const auto* text : {&row.summary, &row.opens, &row.leaves})
      if (!text->ends_with('.')) fault(row.place, "`{}` has no period", *text);
    if (row.examples.empty()) fault(row.place, "{} has no examples", row.name);
    for (const std::string& example : row.examples)
      if (!example.starts_with(row.name)) fault(row.place, "`{}` is no example of {}", example, row.name);
    if (row.effects.empty()) fault(row.place, "{} has no effects", row.name);
    for (const EffectRow& effect : row.effects) check_effect(row, effect);
  }

  void check_effect(const GrantRow& row, const EffectRow& effect) {
    for (std::string_view fact : effect.when) {
      if (fact.starts_with('!')) fact.remove_prefix(1);
      if (!is_one_of(fact, kGrantFactNames))
        fault(row.place, "`{}` is not a condition; it is one of {}", fact,
              fmt::join(kGrantFactNames, ", "));
    }
    if (!effect.paths.empty() && effect.path.empty())
      fault(row.place, "{}: `paths` go with a `path`", row.name);
    check_directives(row.place, effect.lift);
    if (!effect.lift_implying.empty()) (void)find(row.place, effect.lift_implying);
    for (const auto& [name, word] : effect.set) check_choice(row.place, name, word);
    for (const auto* table : {&effect.add, &effect.remove})
      for (const auto& [name, words] : *table) {
        const DirectiveRow* directive = find(row.place, name);
        if (directive != nullptr && (directive->kind == "choice" || directive->kind == "mode"))
          fault(row.place, "{} is not a list", name);
        if (name == "SystemCallFilter")
          for (const std::string& word : words) check_call(row.place, word);
      }
    for (const std::string& capability : effect.capabilities)
      for (const SystemdTable& systemd : catalogue_.systemds)
        if (!capability.starts_with('{') && !is_listed(systemd.capabilities, capability))
          fault(row.place, "{} has no {}", systemd.version, capability);
  }
  static bool is_listed(const std::vector<std::string>& list, const std::string& word) {
    return std::ranges::find(list, word) != list.end();
  }

  void check_tree(const TreeRow& row) {
    check_condition(row.place, row.when);
    for (const ConditionRow& unless : row.unless) check_condition(row.place, unless);
    if (row.paths.empty() || row.actions.empty()) fault(row.place, "a tree has paths and actions");
    for (const TreeRow::Action& action : row.actions) {
      const DirectiveRow* directive = find(row.place, action.directive);
      if (directive != nullptr && directive->kind == "choice")
        check_choice(row.place, action.directive, action.word);
    }
  }

  void check_mount(const MountRow& row) {
    for (const auto* conditions : {&row.when, &row.unless})
      for (const ConditionRow& condition : *conditions) check_condition(row.place, condition);
    check_directives(row.place, row.lists);
    if (row.lists.empty() ? row.paths.empty() || row.when.empty() : !row.paths.empty() || !row.when.empty())
      fault(row.place, "a mount has `when` and `paths`, or `lists`");
    for (const std::string& path : row.writable)
      if (!is_listed(row.paths, path)) fault(row.place, "`{}` is none of its `paths`", path);
  }

  void check_implied(const ImpliedRow& row) {
    for (const ConditionRow& condition : row.when) check_condition(row.place, condition);
    check_directives(row.place, row.written);
    if (row.from == "items") (void)find(row.place, row.items);
    if (row.from == "condition" && row.when.empty()) fault(row.place, "no `when`");
    if (row.grants.empty()) fault(row.place, "no `grants`");
    for (const std::string& text : row.grants) {
      const std::string name = text.substr(0, text.find(':'));
      if (std::ranges::find(tables_.grants, name, &GrantRow::name) == tables_.grants.end())
        fault(row.place, "grants.toml has no {}", name);
    }
  }

  void check_limit(const LimitRow& row) {
    check_directives(row.place, row.directives);
    check_directives(row.place, row.unless);
    if (row.directives.empty()) fault(row.place, "no `directives`");
    if (!row.fact.empty() && !is_one_of(row.fact, kFactNames))
      fault(row.place, "`{}` is not a fact; it is one of {}", row.fact, fmt::join(kFactNames, ", "));
    if (!row.pitfall.empty() &&
        std::ranges::find(catalogue_.pitfalls, row.pitfall, &PitfallRow::id) == catalogue_.pitfalls.end())
      fault(row.place, "pitfalls.toml has no {}", row.pitfall);
    check_directives(row.place, row.closed_by);
    if (row.closed_by.size() > 1) fault(row.place, "`closed_by` is one word of one directive");
  }

  const PolicyTables& tables_;
  const Catalogue& catalogue_;
  Report& report_;
  std::set<std::string> names_;
};

}  // namespace

void check_policy_tables(const PolicyTables& tables, const Catalogue& catalogue, Report& report) {
  PolicyChecker(tables, catalogue, report).run();
}

}  // namespace harden::catalogue::compile
