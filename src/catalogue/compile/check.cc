// SPDX-License-Identifier: LGPL-2.1-or-later
#include "catalogue/compile/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>

namespace harden::catalogue::compile {
namespace {

constexpr std::size_t kSummaryColumns = 120;
constexpr std::size_t kMaxChoices = 32;   // Condition::choices is a mask of 32 bits

class Checker {
 public:
  Checker(const Catalogue& catalogue, Report& report) : catalogue_(catalogue), report_(report) {}

  void run() {
    for (const SystemdTable& systemd : catalogue_.systemds) check_systemd(systemd);
    for (const DirectiveRow& directive : catalogue_.directives) check_directive(directive);
    for (const ImplicationRow& implication : catalogue_.implications) check_implication(implication);
    check_order();
    for (const PitfallRow& pitfall : catalogue_.pitfalls) check_pitfall(pitfall);
    check_exposure();
  }

 private:
  template <typename... Args>
  void fault(const Place& place, fmt::format_string<Args...> text, Args&&... args) {
    report_.add(place.file, place.line, fmt::format(text, std::forward<Args>(args)...));
  }

  void check_systemd(const SystemdTable& systemd) {
    const Place& place = systemd.place;
    if (!versions_.insert(systemd.version).second)
      fault(place, "a second table of version {}", systemd.version);
    if (systemd.capabilities.empty() || systemd.capabilities.size() > 64)
      fault(place, "no or too many capabilities");
    if (systemd.capability_limit + 1 < systemd.capabilities.size() || systemd.capability_limit > 63)
      fault(place, "`capability_limit` is below the last capability or above 63");
    if (systemd.families.empty() || systemd.architectures.empty() || systemd.groups.empty() ||
        systemd.keys.empty())
      fault(place, "address_families, architectures, syscall_groups or keys are missing");
    if (systemd.native.empty()) fault(place, "no [syscalls]");
    const std::set<std::string> native(systemd.native.begin(), systemd.native.end());
    std::set<std::string> known = native;
    for (const std::string& name : systemd.pseudo)
      if (!known.insert(name).second) fault(place, "system call `{}` is listed twice", name);
    for (const auto& [group, members] : systemd.groups) {
      if (!group.starts_with('@')) fault(place, "group `{}` does not begin with @", group);
      // Calls that the release's libseccomp does not know are passed over by systemd too.
      for (const std::string& member : members)
        if (member.starts_with('@') && !systemd.groups.contains(member))
          fault(place, "{} holds the unknown {}", group, member);
    }
  }

  void check_directive(const DirectiveRow& directive) {
    const Place& place = directive.place;
    if (!names_.insert(directive.name).second) fault(place, "{} stands twice", directive.name);
    for (const std::string& alias : directive.aliases)
      if (!names_.insert(alias).second) fault(place, "alias {} stands twice", alias);
    if (directive.name.find_first_not_of(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != std::string::npos)
      fault(place, "`{}` cannot be the name of an enumerator", directive.name);
    if (!directive.summary.ends_with('.')) fault(place, "the summary of {} has no period", directive.name);
    if (directive.summary.size() > kSummaryColumns)
      fault(place, "the summary of {} is longer than {} columns", directive.name, kSummaryColumns);
    if (!directive.excepts.empty()) (void)find(place, directive.excepts);
    check_values(directive);
    for (const SystemdTable& systemd : catalogue_.systemds) check_keys(directive, systemd);
  }

  void check_values(const DirectiveRow& directive) {
    const Place& place = directive.place;
    const bool choice = directive.kind == "choice";
    if (choice != !directive.values.empty())
      fault(place, "{}: a choice has values, and nothing else has", directive.name);
    if (directive.values.size() > kMaxChoices)
      fault(place, "{}: more than {} values", directive.name, kMaxChoices);
    if (!choice && !directive.ordered) fault(place, "{}: `ordered` is for choices", directive.name);
    constexpr std::array<std::string_view, 5> kNoLists = {"choice", "commands", "text", "path", "user"};
    if (directive.list != "neither" && std::ranges::find(kNoLists, directive.kind) != kNoLists.end())
      fault(place, "{}: `list` is for lists, masks and modes", directive.name);
    if (directive.starts_full && directive.kind != "capabilities")
      fault(place, "{}: `starts_full` is for capabilities", directive.name);
    std::set<std::string> seen;
    for (const ChoiceRow& value : directive.values) {
      if (!seen.insert(value.name).second || (!value.synonym.empty() && !seen.insert(value.synonym).second))
        fault(place, "{}: value `{}` or its synonym stands twice", directive.name, value.name);
      if (value.since < directive.since)
        fault(place, "{}: value `{}` is older than the directive", directive.name, value.name);
      if (value.boolean && value.name != "yes" && value.name != "no")
        fault(place, "{}: only yes and no have other spellings", directive.name);
    }
    if (choice)
      for (const auto* wanted : {&directive.default_value, &directive.default_outside_service})
        if (*wanted && !directive.choice(**wanted))
          fault(place, "{}: default `{}` is not one of its values", directive.name, **wanted);
    if (directive.default_outside_service && (directive.context != "exec" || !choice))
      fault(place, "{}: `default_outside_service` is for choices of exec", directive.name);
  }

  void check_keys(const DirectiveRow& directive, const SystemdTable& systemd) {
    const bool claimed = directive.since <= systemd.version;
    for (const std::string& section : sections_of(directive.context)) {
      const auto list = systemd.keys.find(section);
      if (list == systemd.keys.end()) {
        fault(systemd.place, "no keys of [{}]", section);
        continue;
      }
      const auto key = list->second.find(directive.name);
      const bool known = key != list->second.end();
      if (claimed && !known)
        fault(directive.place, "{} is since {}, but {} has no such key in [{}]", directive.name,
              directive.since, systemd.version, section);
      if (!claimed && known)
        fault(directive.place, "{} is since {}, but {} has it in [{}]", directive.name, directive.since,
              systemd.version, section);
      if (claimed && known && key->second == "BOOLEAN") check_boolean(directive, systemd.version);
      for (const std::string& alias : directive.aliases)
        if (claimed && !list->second.contains(alias))
          fault(directive.place, "{} has no key {} in [{}]", systemd.version, alias, section);
    }
  }

  void check_boolean(const DirectiveRow& directive, unsigned version) {
    const auto known =
        std::ranges::count_if(directive.values, [&](const auto& v) { return v.since <= version; });
    const auto boolean = std::ranges::count_if(
        directive.values, [&](const auto& v) { return v.since <= version && v.boolean; });
    if (known != 2 || boolean != 2)
      fault(directive.place, "{} is a boolean to {}, but not here", directive.name, version);
  }

  void check_condition(const Place& place, const ConditionRow& condition) {
    const DirectiveRow* directive = find(place, condition.directive);
    if (directive == nullptr) return;
    if (condition.test == "nonzero" && directive->kind != "text")
      fault(place, "{} is no number or time span", condition.directive);
    if (condition.test == "choice" && directive->kind != "choice")
      fault(place, "{} is no choice", condition.directive);
    if (condition.test == "denies") {
      if (directive->kind != "syscalls")
        fault(place, "{} is no filter of system calls", condition.directive);
      for (const SystemdTable& systemd : catalogue_.systemds)
        if (const std::string& call = condition.choices.front(); !systemd.knows(call))
          fault(place, "{} has no system call {}", systemd.version, call);
      return;
    }
    for (const std::string& choice : condition.choices)
      if (!directive->choice(choice)) fault(place, "{} has no value `{}`", condition.directive, choice);
  }

  void check_implication(const ImplicationRow& implication) {
    const Place& place = implication.place;
    for (const auto* conditions : {&implication.when, &implication.any})
      for (const ConditionRow& condition : *conditions) check_condition(place, condition);
    if (implication.when.empty() && implication.any.empty()) fault(place, "nothing implies this");
    if (implication.set.empty() && implication.drop_capabilities.empty() && implication.append.empty() &&
        implication.deny_syscalls.empty())
      fault(place, "this implies nothing");
    if (implication.since > implication.until) fault(place, "`since` is after `until`");
    if (implication.reason.ends_with('.')) fault(place, "a reason is a clause, without a period");
    for (const auto& [name, value] : implication.set) {
      const DirectiveRow* directive = find(place, name);
      if (directive != nullptr && !directive->choice(value))
        fault(place, "{} has no value `{}`", name, value);
    }
    for (const auto& [name, lines] : implication.append) {
      const DirectiveRow* directive = find(place, name);
      if (directive != nullptr && directive->kind != "devices" && directive->kind != "lines")
        fault(place, "nothing can be appended to {}", name);
      if (lines.empty()) fault(place, "no lines for {}", name);
    }
    for (const SystemdTable& systemd : catalogue_.systemds) {
      if (systemd.version < implication.since || systemd.version > implication.until) continue;
      check_capabilities(place, implication.drop_capabilities, systemd);
      for (const std::string& call : implication.deny_syscalls)
        if (call.starts_with('@') ? !systemd.groups.contains(call) : !systemd.knows(call))
          fault(place, "{} does not know `{}`", systemd.version, call);
    }
  }

  // Carrying out the rows once, in order, must be all there is: a row may touch a directive that an
  // earlier row of its stage asks about only where it makes the very same demand (the device entries,
  // each of which needs a device policy and adds to one).
  void check_order() {
    const auto& rows = catalogue_.implications;
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        if (rows[i].stage != rows[j].stage) {
          if (rank(rows[i].stage) < rank(rows[j].stage))
            fault(rows[i].place, "out of the order of the stages");
          continue;
        }
        if (rows[i].since > rows[j].until || rows[j].since > rows[i].until) continue;
        const bool same_demand = !rows[i].any.empty() && same(rows[i].any, rows[j].any);
        for (const std::string& target : targets(rows[i]))
          if (asks(rows[j].when, target) || (asks(rows[j].any, target) && !same_demand))
            fault(rows[i].place, "changes {}, which line {} has already judged", target,
                  rows[j].place.line);
      }
  }

  static std::ptrdiff_t rank(std::string_view stage) {
    return std::ranges::find(kStageNames, stage) - kStageNames.begin();
  }

  static bool same(const std::vector<ConditionRow>& a, const std::vector<ConditionRow>& b) {
    return std::ranges::equal(a, b, [](const ConditionRow& x, const ConditionRow& y) {
      return x.directive == y.directive && x.test == y.test && x.choices == y.choices;
    });
  }

  static bool asks(const std::vector<ConditionRow>& conditions, std::string_view directive) {
    return std::ranges::find(conditions, directive, &ConditionRow::directive) != conditions.end();
  }

  // What a row changes, for the order: its own condition on what it sets is no feedback ("if no, then
  // yes").
  static std::vector<std::string> targets(const ImplicationRow& row) {
    std::vector<std::string> result;
    for (const auto& [name, value] : row.set) result.push_back(name);
    for (const auto& [name, lines] : row.append) result.push_back(name);
    return result;
  }

  void check_capabilities(const Place& place, const std::vector<std::string>& names,
                          const SystemdTable& systemd) {
    for (const std::string& name : names)
      if (std::ranges::find(systemd.capabilities, name) == systemd.capabilities.end())
        fault(place, "{} has no capability {}", systemd.version, name);
  }

  void check_pitfall(const PitfallRow& row) {
    const Place& place = row.place;
    if (!pitfalls_.insert(row.id).second) fault(place, "a second pitfall {}", row.id);
    if (row.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
      fault(place, "an id is of small letters, digits and dashes");
    if (row.since > row.until) fault(place, "`since` is after `until`");
    if (row.only_root && row.unless_root) fault(place, "`only_root` and `unless_root` leave nothing");
    if (row.when.empty() && row.any.empty() && row.items.empty()) fault(place, "this holds of every unit");
    if (row.each && row.any.empty()) fault(place, "`each` is about `any`");
    if (row.items.empty() != (row.at.empty() && row.below.empty()))
      fault(place, "`items` go with `at` or `below`");
    if (row.items.empty() && !(row.except.empty() && row.listed_in.empty() && row.not_listed_in.empty() &&
                               row.unless_prefix.empty()))
      fault(place, "there are no `items` to restrict");
    if (row.message.ends_with('.') || row.hint.ends_with('.'))
      fault(place, "a message ends without a period");
    if (row.items.empty() && row.message.find("{item}") != std::string::npos)
      fault(place, "{{item}} without `items`");
    for (const auto* conditions : {&row.when, &row.any})
      for (const PitfallConditionRow& condition : *conditions) check_pitfall_condition(row, condition);
    for (const auto* lists : {&row.items, &row.listed_in, &row.not_listed_in})
      for (const std::string& name : *lists)
        if (const DirectiveRow* directive = find(place, name))
          if (directive->kind != "paths" && directive->kind != "devices" && directive->kind != "words")
            fault(place, "{} lists no paths", name);
    for (const auto* paths : {&row.at, &row.below, &row.except})
      for (const std::string& path : *paths)
        if (!path.starts_with('/')) fault(place, "`{}` is no path", path);
  }

  void check_pitfall_condition(const PitfallRow& row, const PitfallConditionRow& condition) {
    const Place& place = row.place;
    check_condition(place, condition.condition);
    const DirectiveRow* directive = catalogue_.find(condition.condition.directive);
    if (directive == nullptr) return;
    if (condition.ask == "exceeds") {
      const DirectiveRow* other = find(place, condition.other);
      if (directive->kind != "capabilities" || (other != nullptr && other->kind != directive->kind))
        fault(place, "only capabilities can hold more than others");
    }
    if (condition.ask != "lists") return;
    if (directive->kind == "choice" || directive->kind == "mode" || directive->kind == "delegate")
      fault(place, "{} is no list", directive->name);
    for (const SystemdTable& systemd : catalogue_.systemds) {
      if (systemd.version < row.since || systemd.version > row.until) continue;
      if (directive->kind == "capabilities") check_capabilities(place, condition.words, systemd);
      for (const std::string& word : condition.words) {
        const auto is_named = [&](const auto& family) { return family.first == word; };
        if (directive->kind == "syscalls" &&
            !(word.starts_with('@') ? systemd.groups.contains(word) : systemd.knows(word)))
          fault(place, "{} does not know `{}`", systemd.version, word);
        if (directive->kind == "families" && std::ranges::none_of(systemd.families, is_named))
          fault(place, "{} has no family {}", systemd.version, word);
      }
    }
  }

  void check_exposure() {
    std::set<std::string> fields;
    for (const RowRow& row : catalogue_.rows) {
      if (!fields.insert(row.json_field).second) fault(row.place, "a second row {}", row.json_field);
      check_row(row);
    }
    for (const SystemdTable& systemd : catalogue_.systemds) {
      std::set<std::string> weights;
      for (const WeightRow& weight : systemd.exposure) {
        const Place place{systemd.place.file, weight.line};
        if (!weights.insert(weight.json_field).second)
          fault(place, "a second weight of {}", weight.json_field);
        if (!fields.contains(weight.json_field))
          fault(place, "exposure.toml has no row {}", weight.json_field);
        for (const RowRow& row : catalogue_.rows)
          if (row.json_field == weight.json_field)
            for (const auto& [name, badness] : row.badness)
              if (badness > weight.range)
                fault(row.place, "badness {} is above the range {}", badness, weight.range);
      }
      for (const RowRow& row : catalogue_.rows)
        if (!weights.contains(row.json_field))
          fault(row.place, "{} has no weight for {}", systemd.version, row.json_field);
    }
  }

  void check_row(const RowRow& row) {
    const DirectiveRow* directive = find(row.place, row.directive);
    const auto column = [&](std::string_view name, bool given,
                            std::initializer_list<std::string_view> checks) {
      const bool wanted = std::ranges::find(checks, row.check) != checks.end();
      if (given != wanted)
        fault(row.place, "check `{}` and `{}` {}", row.check, name,
              given ? "do not go together" : "go together");
    };
    column("badness", !row.badness.empty(), {"choice"});
    column("capabilities", !row.capabilities.empty(), {"capabilities"});
    column("namespaces", !row.namespaces.empty(), {"namespaces"});
    column("family", !row.family.empty(), {"families"});
    column("group", !row.group.empty(), {"syscalls"});
    column("when_set, when_unset", row.when_set != row.when_unset, {"set"});
    if (row.open.ends_with('.') || row.open.empty())
      fault(row.place, "`open` is a clause, without a period");
    for (const std::string& name : row.namespaces)
      if (std::ranges::find(kNamespaces, name, &NamespaceKind::name) == kNamespaces.end())
        fault(row.place, "no namespace `{}`", name);
    for (const SystemdTable& systemd : catalogue_.systemds) {
      check_capabilities(row.place, row.capabilities, systemd);
      if (!row.group.empty() && !systemd.groups.contains(row.group))
        fault(row.place, "{} has no group {}", systemd.version, row.group);
    }
    if (directive != nullptr && row.check == "choice") check_badness(row, *directive);
  }

  void check_badness(const RowRow& row, const DirectiveRow& directive) {
    for (const auto& [name, badness] : row.badness)
      if (!directive.choice(name)) fault(row.place, "{} has no value `{}`", directive.name, name);
    unsigned last = 255;
    for (const ChoiceRow& value : directive.values) {
      const auto found =
          std::ranges::find(row.badness, value.name, &std::pair<std::string, unsigned>::first);
      if (found == row.badness.end()) {
        fault(row.place, "no badness for {}={}", directive.name, value.name);
        continue;
      }
      if (directive.ordered && found->second > last)
        fault(row.place, "{}={} is worse than a looser value", directive.name, value.name);
      last = found->second;
    }
  }

  const DirectiveRow* find(const Place& place, std::string_view name) {
    const DirectiveRow* directive = catalogue_.find(name);
    if (directive == nullptr) fault(place, "directives.toml has no {}", name);
    return directive;
  }

  const Catalogue& catalogue_;
  Report& report_;
  std::set<std::string> names_;
  std::set<std::string> pitfalls_;
  std::set<unsigned> versions_;
};

}  // namespace

std::vector<std::string> sections_of(std::string_view context) {
  if (context == "exec") return {"Service", "Socket", "Mount", "Swap"};
  if (context == "cgroup") return {"Service", "Socket", "Mount", "Swap", "Slice", "Scope"};
  if (context == "kill") return {"Service", "Socket", "Mount", "Swap", "Scope"};
  if (context == "service") return {"Service"};
  if (context == "unit") return {"Unit"};
  return {};
}

void check_catalogue(const Catalogue& catalogue, Report& report) { Checker(catalogue, report).run(); }

}  // namespace harden::catalogue::compile
