// SPDX-License-Identifier: LGPL-2.1-or-later
// Settings that void or bypass each other. What they are stands in catalogue/pitfalls.toml; here its rows
// are held against a unit. Conditions are about the settings that the process gets, implications of the
// start included; a finding points at the line that brings the condition about, or at the unit as a whole.
#include <algorithm>
#include <string>

#include "lint/lint.h"
#include "settings/command_line.h"

namespace harden {
namespace {

using catalogue::Ask;
using catalogue::Directive;
using catalogue::DirectiveId;
using catalogue::Kind;
using catalogue::Pitfall;
using catalogue::PitfallCondition;

// Of a path with prefixes, a bind mount (its destination), a mount with options, a device with rights.
std::string_view path_of_item(std::string_view item) {
  while (item.starts_with('-') || item.starts_with('+')) item.remove_prefix(1);
  const std::size_t colon = item.find(':');
  if (colon != std::string_view::npos && item.substr(colon + 1).starts_with('/'))
    item.remove_prefix(colon + 1);
  return item.substr(0, item.find_first_of(": "));
}

bool is_below(std::string_view path, std::string_view dir) {
  if (dir == "/") return path.size() > 1 && path.starts_with('/');
  return path.size() > dir.size() && path.starts_with(dir) && path[dir.size()] == '/';
}

bool is_at_or_below(std::string_view path, std::string_view dir) {
  return path == dir || is_below(path, dir);
}

std::string replaced(std::string_view text, std::string_view placeholder, std::string_view with) {
  std::string result;
  for (std::size_t at; (at = text.find(placeholder)) != std::string_view::npos;) {
    result.append(text.substr(0, at)).append(with);
    text.remove_prefix(at + placeholder.size());
  }
  return result.append(text);
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string result;
  for (const std::string_view word : words) result.append(result.empty() ? "" : ", ").append(word);
  return result;
}

class ProtectionChecker {
 public:
  ProtectionChecker(const LoadedUnit& loaded, Diagnostics& out)
      : loaded_(loaded), systemd_(*loaded.systemd), settings_(loaded.settings), out_(out) {
    apply_implications(settings_, systemd_, catalogue::Stage::start, nullptr);
    is_root_ = runs_as_root(settings_);
    specifiers_ = {&loaded.unit.name, {}, systemd_.version};
  }

  void check(const Pitfall& pitfall) {
    if (systemd_.version < pitfall.since || systemd_.version > pitfall.until) return;
    if (is_root_ ? pitfall.unless_root : pitfall.only_root) return;
    const auto is_met = [this](const PitfallCondition& condition) { return holds(condition); };
    if (!std::ranges::all_of(pitfall.when, is_met)) return;
    if (!pitfall.items.empty()) {
      if (pitfall.any.empty() || std::ranges::any_of(pitfall.any, is_met)) check_items(pitfall);
    } else if (pitfall.any.empty()) {
      say(pitfall, pitfall.when, {});
    } else {
      for (const PitfallCondition& condition : pitfall.any) {
        if (!holds(condition)) continue;
        say(pitfall, {&condition, 1}, pitfall.when);
        if (!pitfall.each) return;
      }
    }
  }

 private:
  // --- Conditions ---

  [[nodiscard]] bool holds(const PitfallCondition& condition) const {
    const DirectiveId id = condition.condition.directive;
    switch (condition.ask) {
      case Ask::value:
        return harden::holds(condition.condition, settings_);
      case Ask::written: {
        const Contribution* line = last_line(id);
        if (line == nullptr) return false;
        const auto choice = catalogue::find_choice(catalogue::directive(id), line->text, systemd_.version);
        return choice && (condition.condition.choices >> *choice & 1U) != 0;
      }
      case Ask::lists:
        return listed_words(condition).empty() == condition.negated;
      case Ask::nothing:
        return comes_to_nothing(id);
      case Ask::exceeds:
        return beyond(condition) != 0;
    }
    return false;
  }

  // Those of the condition's words that the directive lists, or lets through.
  [[nodiscard]] std::vector<std::string_view> listed_words(const PitfallCondition& condition) const {
    std::vector<std::string_view> found;
    for (const std::string_view word : condition.words)
      if (lists(condition.condition.directive, settings_.find(condition.condition.directive), word))
        found.push_back(word);
    return found;
  }

  [[nodiscard]] bool lists(DirectiveId id, const Value* value, std::string_view word) const {
    const Directive& directive = catalogue::directive(id);
    switch (directive.kind) {
      case Kind::capabilities: {
        const auto number = catalogue::find_capability(systemd_, word);
        return number && (mask_of(id, value) >> *number & 1U) != 0;
      }
      case Kind::namespaces: {
        const auto kinds = catalogue::namespaces();
        const auto kind = std::ranges::find(kinds, word, &catalogue::NamespaceKind::name);
        return value == nullptr || (kind != kinds.end() && (std::get<Mask>(*value).bits & kind->bit) != 0);
      }
      case Kind::syscalls:
        return value == nullptr || allows_call(std::get<SyscallFilter>(*value), word);
      case Kind::families:
      case Kind::names:
        return value == nullptr || std::get<NameFilter>(*value).allows(word);
      case Kind::architectures:
      case Kind::addresses:
        return value != nullptr && std::get<WordSet>(*value).words.contains(word);
      case Kind::text:
      case Kind::user:
      case Kind::path:
        return value != nullptr && std::get<Text>(*value).text == word;
      case Kind::paths:
      case Kind::words:
      case Kind::lines:
      case Kind::devices:
      case Kind::commands:
      case Kind::users:
        return value != nullptr &&
               std::ranges::any_of(std::get<Words>(*value).words, [&](const std::string& item) {
                 return item_lists(directive.kind, item, word);
               });
      case Kind::choice:
      case Kind::mode:
      case Kind::delegate:
        break;
    }
    return false;
  }

  // A path is listed by an item that is it or lies above it; a command by its prefix, `plain` for none.
  [[nodiscard]] bool item_lists(Kind kind, const std::string& item, std::string_view word) const {
    if (kind == Kind::users) return item == word;
    if (kind != Kind::commands) return is_at_or_below(word, path_of_item(item));
    return std::ranges::any_of(parse_command_line(item, specifiers_).commands,
                               [&](const ExecCommand& command) {
                                 if (word == "plain") return !command.full_privileges && !command.keep_user;
                                 return word == "+" ? command.full_privileges : command.keep_user;
                               });
  }

  [[nodiscard]] bool allows_call(const SyscallFilter& filter, std::string_view word) const {
    if (const auto* group = catalogue::find_group(systemd_, word))
      return std::ranges::any_of(group->calls, [&](auto call) { return filter.allows(call); });
    const auto call = catalogue::find_syscall(word);
    return call && filter.allows(*call);
  }

  [[nodiscard]] static std::uint64_t mask_of(DirectiveId id, const Value* value) {
    if (value != nullptr) return std::get<Mask>(*value).bits;
    return catalogue::directive(id).mask_starts_full ? ~std::uint64_t{0} : 0;
  }

  // What the one mask holds and the other does not.
  [[nodiscard]] std::uint64_t beyond(const PitfallCondition& condition) const {
    const DirectiveId id = condition.condition.directive;
    return mask_of(id, settings_.find(id)) & ~mask_of(condition.other, settings_.find(condition.other));
  }

  [[nodiscard]] bool comes_to_nothing(DirectiveId id) const {
    const Value* value = settings_.find(id);
    const Contribution* line = last_line(id);
    if (value == nullptr || line == nullptr || line->text.empty()) return false;
    switch (catalogue::directive(id).kind) {
      case Kind::capabilities:
        return line->text.front() != '~' && std::get<Mask>(*value).bits == 0;
      case Kind::syscalls:
        return !std::get<SyscallFilter>(*value).allow_list && std::get<SyscallFilter>(*value).listed.none();
      case Kind::families:   // an empty allow list lets nothing through: that is what `none` is
        return !std::get<NameFilter>(*value).allow_list && std::get<NameFilter>(*value).names.empty();
      case Kind::names:
        return std::get<NameFilter>(*value).names.empty();
      default:
        return false;
    }
  }

  // --- Items ---

  void check_items(const Pitfall& pitfall) {
    for (const Contribution& line : loaded_.contributions) {
      if (line.fate != Fate::counts ||
          std::ranges::find(pitfall.items, line.directive) == pitfall.items.end())
        continue;
      std::vector<std::string> seen;
      for (const std::string& item : items_of(line)) {
        std::string path(path_of_item(item));
        if (!is_judged(pitfall, item, path) || std::ranges::find(seen, path) != seen.end()) continue;
        say(pitfall, &line, catalogue::directive(line.directive).name, path, {});
        seen.push_back(std::move(path));
      }
    }
  }

  [[nodiscard]] bool is_judged(const Pitfall& pitfall, std::string_view item, std::string_view path) const {
    const auto is_listed = [&](DirectiveId id) {
      const Words* words = settings_.words(id);
      return words != nullptr && std::ranges::any_of(words->words, [&](const std::string& other) {
               return path_of_item(other) == path;
             });
    };
    if (std::ranges::find(pitfall.at, path) == pitfall.at.end() &&
        std::ranges::none_of(pitfall.below, [&](std::string_view dir) { return is_below(path, dir); }))
      return false;
    if (std::ranges::any_of(pitfall.except,
                            [&](std::string_view dir) { return is_at_or_below(path, dir); }))
      return false;
    if (!pitfall.unless_prefix.empty() && item.find(pitfall.unless_prefix) < item.find('/')) return false;
    return (pitfall.listed_in.empty() || std::ranges::any_of(pitfall.listed_in, is_listed)) &&
           std::ranges::none_of(pitfall.not_listed_in, is_listed);
  }

  [[nodiscard]] std::vector<std::string> items_of(const Contribution& line) const {
    const std::optional<Value> value = value_of(line);
    const Words* words = value ? std::get_if<Words>(&*value) : nullptr;
    return words == nullptr ? std::vector<std::string>{} : words->words;
  }

  // What one line says by itself.
  [[nodiscard]] std::optional<Value> value_of(const Contribution& line) const {
    AssignContext context;
    Diagnostics ignored;   // what it drops has been reported when the unit was loaded
    context.systemd = &systemd_;
    context.specifiers = specifiers_;
    context.diagnostics = &ignored;
    std::optional<Value> value;
    (void)assign_value(catalogue::directive(line.directive), line.text, value, context);
    return value;
  }

  // --- Findings ---

  // The last assignment of the directive that counts; nullptr if none does.
  [[nodiscard]] const Contribution* last_line(DirectiveId id) const {
    const Contribution* last = nullptr;
    for (const Contribution& line : loaded_.contributions)
      if (line.directive == id && line.fate == Fate::counts) last = &line;
    return last;
  }

  // The line that brings a condition about: of a list the one with the item asked for.
  [[nodiscard]] const Contribution* find_line(const PitfallCondition& condition) const {
    const DirectiveId id = condition.condition.directive;
    const Contribution* found = nullptr;
    if (condition.ask == Ask::lists && !condition.negated)
      for (const Contribution& line : loaded_.contributions) {
        if (line.directive != id || line.fate != Fate::counts) continue;
        const std::optional<Value> value = value_of(line);
        if (!value || !(std::holds_alternative<Words>(*value) || std::holds_alternative<WordSet>(*value)))
          continue;
        if (std::ranges::any_of(condition.words,
                                [&](std::string_view word) { return lists(id, &*value, word); }))
          found = &line;
      }
    return found != nullptr ? found : last_line(id);
  }

  // At the first condition that a line brings about; conditions of `first` go before those of `then`.
  void say(const Pitfall& pitfall, std::span<const PitfallCondition> first,
           std::span<const PitfallCondition> then) {
    for (const auto conditions : {first, then})
      for (const PitfallCondition& condition : conditions)
        if (const Contribution* line = find_line(condition)) {
          say(pitfall, line, catalogue::directive(first.front().condition.directive).name, {},
              words_of(first.front()));
          return;
        }
    say(pitfall, nullptr, catalogue::directive(first.front().condition.directive).name, {},
        words_of(first.front()));
  }

  [[nodiscard]] std::string words_of(const PitfallCondition& condition) const {
    if (condition.ask == Ask::lists) return joined(listed_words(condition));
    std::vector<std::string_view> names;
    if (condition.ask == Ask::exceeds) {
      for (unsigned i = 0; i <= cap_last(systemd_); ++i)
        if ((beyond(condition) >> i & 1U) != 0) names.push_back(systemd_.capabilities[i]);
    }
    return joined(names);
  }

  void say(const Pitfall& pitfall, const Contribution* line, std::string_view directive,
           std::string_view item, std::string_view words) {
    const auto fill = [&](std::string_view text) {
      return replaced(replaced(replaced(text, "{directive}", directive), "{words}", words), "{item}", item);
    };
    SourcePos where;
    if (line != nullptr)
      where = {loaded_.file_path(line->file), line->line};
    else if (loaded_.unit.fragment)
      where.file = loaded_.unit.fragment->path();
    add_diagnostic(out_, {pitfall.is_note ? Severity::note : Severity::warning, pitfall.id,
                          std::move(where), fill(pitfall.message), fill(pitfall.hint)});
  }

  const LoadedUnit& loaded_;
  const catalogue::Systemd& systemd_;
  Settings settings_;   // of the process
  bool is_root_ = false;
  SpecifierContext specifiers_;
  Diagnostics& out_;
};

}  // namespace

void lint_protection(const LoadedUnit& loaded, Diagnostics& out) {
  ProtectionChecker checker(loaded, out);
  for (const Pitfall& pitfall : catalogue::pitfalls()) checker.check(pitfall);
}

}  // namespace harden
