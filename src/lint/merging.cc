// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists and masks whose later lines do the opposite of what they look like. Every rule was seen on 252
// and 257; docs/semantics.md has them.
#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "lint/lint.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using catalogue::Kind;

bool is_positive(std::string_view text) { return !text.empty() && text.front() != '~'; }

// Whether two values of one list directive have a member in common.
bool overlap(const Value& a, const Value& b) {
  if (const auto* mask = std::get_if<Mask>(&a)) return (mask->bits & std::get<Mask>(b).bits) != 0;
  if (const auto* filter = std::get_if<SyscallFilter>(&a))
    return (filter->listed & std::get<SyscallFilter>(b).listed).any();
  if (const auto* names = std::get_if<NameFilter>(&a))
    return std::ranges::any_of(
        names->names, [&](const auto& name) { return std::get<NameFilter>(b).names.contains(name); });
  return false;
}

class MergeChecker {
 public:
  MergeChecker(const LoadedUnit& loaded, Diagnostics& out) : loaded_(loaded), out_(out) {}

  void run() {
    for (const Contribution& line : loaded_.contributions) {
      State& state = states_[static_cast<std::size_t>(line.directive)];
      if (line.fate == Fate::dropped) continue;
      const Kind kind = catalogue::directive(line.directive).kind;
      if (!is_judged(kind)) continue;
      std::optional<Value> merged = state.value;
      const Assigned assigned = assign(line, merged);
      const bool begins_anew =
          assigned == Assigned::replaced && kind != Kind::capabilities;   // `none`, a boolean
      if (!begins_anew) check(line, state);
      state.value = std::move(merged);
      if (line.text.empty()) {
        state.started = false;
      } else if (!state.started || begins_anew) {
        state.started = true;
        state.denies = !is_positive(line.text);
        state.file = line.file;
      }
    }
  }

 private:
  struct State {
    bool started = false;
    bool denies = false;     // the first line was a `~` line
    std::uint16_t file = 0;  // where the list began
    std::optional<Value> value;  // of the lines so far
  };

  static bool is_judged(Kind kind) {
    return kind == Kind::syscalls || kind == Kind::families || kind == Kind::names ||
           kind == Kind::capabilities || kind == Kind::namespaces || kind == Kind::architectures;
  }

  Assigned assign(const Contribution& line, std::optional<Value>& value) const {
    AssignContext context;
    Diagnostics ignored;   // what it drops has been reported when the unit was loaded
    context.systemd = loaded_.systemd;
    context.specifiers = {&loaded_.unit.name, {}, loaded_.systemd->version};
    context.diagnostics = &ignored;
    return assign_value(catalogue::directive(line.directive), line.text, value, context);
  }

  // A line that repeats what is allowed already is meant as a list of its own, and its author does not know
  // that it adds. One with new names only may well mean to add them.
  [[nodiscard]] Severity severity_of(const Contribution& line, const State& state) const {
    std::optional<Value> alone;
    (void)assign(line, alone);
    // Single system calls are no list, and those with which every list begins prove nothing.
    if (alone && std::holds_alternative<SyscallFilter>(*alone) &&
        line.text.find('@') == std::string_view::npos)
      return Severity::note;
    if (alone && std::holds_alternative<SyscallFilter>(*alone))
      if (const auto* group = catalogue::find_group(*loaded_.systemd, "@default"))
        std::get<SyscallFilter>(*alone).listed &= ~group->calls;
    return alone && state.value && overlap(*alone, *state.value) ? Severity::warning : Severity::note;
  }

  void check(const Contribution& line, const State& state) {
    const catalogue::Directive& directive = catalogue::directive(line.directive);
    // Several lines of one file are one author's list; across files the later means to change the earlier.
    if (!state.started || line.file == state.file || line.text.empty()) return;
    const std::string name = std::string(directive.name) + "=";
    switch (directive.kind) {
      case Kind::syscalls:
      case Kind::families:
      case Kind::names:
        if (!is_positive(line.text)) return;
        if (state.denies)
          say("positive-over-deny", line,
              name +
                  " adds names to a deny list of an earlier file, which takes them off it: what was denied "
                  "is allowed",
              "write '~' before the names to deny them, or an empty " + name +
                  " first to begin an allow list",
              Severity::warning);
        else
          say("positive-over-allow", line, name + " widens the allow list of an earlier file",
              "to narrow it, write '~' before the names to take away, or an empty " + name + " first",
              severity_of(line, state));
        return;
      case Kind::capabilities:
        if (is_positive(line.text))
          say("positive-over-mask", line,
              name + " adds to the capabilities of an earlier file instead of replacing them",
              "write an empty " + name + " line first, or '~' before those to take away",
              severity_of(line, state));
        return;
      case Kind::namespaces:
        if (is_positive(line.text) && !catalogue::parse_boolean(line.text))
          say("positive-over-mask", line, name + " adds namespaces to those that an earlier file allows",
              "write an empty " + name + " line first, or '~' before those to take away",
              severity_of(line, state));
        return;
      case Kind::architectures:
        say("architectures-add", line, name + " adds architectures to those of an earlier file",
            "write an empty " + name + " line first", Severity::warning);
        return;
      default:
        return;
    }
  }

  void say(std::string_view id, const Contribution& line, std::string message, std::string hint,
           Severity severity) {
    add_diagnostic(
        out_,
        {severity, id, {loaded_.file_path(line.file), line.line}, std::move(message), std::move(hint)});
  }

  const LoadedUnit& loaded_;
  Diagnostics& out_;
  std::array<State, catalogue::kDirectiveCount> states_{};
};

}  // namespace

void lint_merging(const LoadedUnit& loaded, Diagnostics& out) { MergeChecker(loaded, out).run(); }

}  // namespace harden
