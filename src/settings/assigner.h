// SPDX-License-Identifier: LGPL-2.1-or-later
// One assignment being taken onto a value: what the parsers of all kinds share. Their bodies are in
// parse_filters.cc (masks and polarity lists), parse_lists.cc (lists that add up) and parse_value.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "settings/parse_value.h"
#include "unit/words.h"
#include "util/text.h"

namespace harden::assign {

using catalogue::Directive;
using catalogue::Kind;

class Assigner {
 public:
  Assigner(const Directive& directive, std::string_view text, std::optional<Value>& value,
           const AssignContext& context)
      : directive_(directive), text_(text), value_(value), context_(context), systemd_(*context.systemd) {}

  Assigned run();

 private:
  Assigned assign_choice();
  Assigned assign_capabilities();
  Assigned assign_namespaces();
  Assigned assign_syscalls();
  Assigned assign_families();
  Assigned assign_names();
  Assigned assign_architectures();
  Assigned assign_addresses();
  Assigned assign_device();
  Assigned assign_paths();
  Assigned assign_path();
  Assigned assign_words();
  Assigned assign_line();
  Assigned assign_commands();
  Assigned assign_text();
  Assigned assign_user();
  Assigned assign_users();
  Assigned assign_mode();
  Assigned assign_delegate();

  // Hands the words of a line to `take`. The first that cannot be read ends the line, which is said.
  template <typename Take>
  void take_words(std::string_view text, const WordRules& rules, Take take) {
    WordReader reader(text, rules);
    std::string word;
    WordReader::Step step = reader.next(word);
    for (; step == WordReader::Step::word; step = reader.next(word)) take(word);
    if (step == WordReader::Step::malformed)
      say(Severity::warning, "bad-quoting",
          rules.unquote ? "unbalanced quotes; the rest of the line is ignored"
                        : "the line ends in a backslash; its last word is ignored");
  }
  // The same for a list that words are added to, of which `take` tells whether one counts.
  template <typename Take>
  Assigned add_words(std::string_view text, const WordRules& rules, Take take) {
    bool any = false;
    take_words(text, rules, [&](const std::string& word) { any |= take(word); });
    return any ? Assigned::added : Assigned::dropped;
  }
  // One call or group of a filter line, with the errno after its colon.
  void take_syscall(SyscallFilter& filter, std::string_view word, bool invert);
  // The members of a polarity line of free names.
  template <typename Accept>
  Assigned assign_polarity(std::string_view text, Accept accept);
  bool is_malformed(std::string_view item);
  bool take_path(std::string_view word, std::string& path, bool list);
  [[nodiscard]] std::optional<std::string> expand(std::string_view text);
  // Looking through hundreds of names costs more than all the rest, so only for who asks.
  template <typename Row>
  [[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const Row> rows) const {
    if (!context_.hints) return {};
    std::vector<std::string_view> names;
    for (const Row& row : rows) {
      if constexpr (std::is_same_v<Row, std::string_view>)
        names.push_back(row);
      else
        names.push_back(row.name);
    }
    const auto found = nearest(word, names);
    return found ? "did you mean " + std::string(*found) + "?" : std::string();
  }

  Assigned reset() {
    value_.reset();
    return Assigned::reset;
  }
  Assigned drop(std::string_view id, std::string message, std::string hint = {}) {
    say(Severity::warning, id, std::move(message), std::move(hint));
    return Assigned::dropped;
  }
  Assigned refuse(std::string_view id, std::string message, std::string hint = {}) {
    say(Severity::error, id,
        std::move(message) + (context_.in_drop_in ? "; systemd reads no further in this file"
                                                  : "; systemd does not load the unit"),
        std::move(hint));
    return Assigned::refused;
  }
  void say(Severity severity, std::string_view id, std::string message, std::string hint = {}) {
    add_diagnostic(*context_.diagnostics,
                   {severity, id, context_.where, std::string(directive_.name) + "=: " + std::move(message),
                    std::move(hint)});
  }
  // The value as T, made new if nothing is set.
  template <typename T>
  T& edit() {
    if (!value_ || !std::holds_alternative<T>(*value_)) value_.emplace(T{});
    return std::get<T>(*value_);
  }

  const Directive& directive_;
  std::string_view text_;
  std::optional<Value>& value_;
  const AssignContext& context_;
  const catalogue::Systemd& systemd_;
};

[[nodiscard]] inline std::string quote(std::string_view text) { return "'" + std::string(text) + "'"; }

}  // namespace harden::assign
