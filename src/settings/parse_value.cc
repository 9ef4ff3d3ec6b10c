// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/parse_value.h"

#include <algorithm>
#include <cassert>
#include <climits>
#include <utility>

#include "settings/assigner.h"
#include "unit/words.h"

namespace harden {
namespace assign {
namespace {

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A numeric user ID that systemd takes: decimal, no leading zeros, and not one of the two that mean
// "none" to the kernel's 16 and 32 bit interfaces.
bool is_valid_uid(std::string_view text) {
  if (text.empty() || text.size() > 10 || !is_digits(text) || (text.size() > 1 && text.front() == '0'))
    return false;
  const unsigned long long id = std::stoull(std::string(text));
  return id < UINT_MAX && id != 0xffff;
}

// What systemd takes for a user or group name in a unit (its relaxed rules).
bool is_valid_user(std::string_view name) {
  if (name.empty()) return false;
  if (is_valid_uid(name)) return true;
  if (name.front() == ' ' || name.back() == ' ' || name == "." || name == "..") return false;
  if (name.find_first_of(":/") != std::string_view::npos || is_digits(name)) return false;
  if (name.front() == '-' && is_digits(name.substr(1))) return false;
  return std::ranges::none_of(name, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
}

}  // namespace

std::optional<std::string> Assigner::expand(std::string_view text) {
  if (!directive_.specifiers) return std::string(text);
  Expansion expansion = expand_specifiers(text, context_.specifiers);
  if (expansion.state == Expansion::State::invalid) return std::nullopt;
  return std::move(expansion.text);
}

Assigned Assigner::assign_choice() {
  if (const auto choice = catalogue::find_choice(directive_, text_, systemd_.version)) {
    value_ = Choice{*choice};
    return Assigned::replaced;
  }
  std::vector<std::string_view> known;
  for (const auto& candidate : directive_.values)
    if (candidate.since <= systemd_.version) known.push_back(candidate.name);
  std::string message = text_.empty()
                            ? std::string("an empty value is no value here; what was set before stays")
                            : "unknown value " + quote(text_) + "; what was set before stays";
  for (const auto& candidate : directive_.values)
    if (candidate.name == text_ && candidate.since > systemd_.version)
      message = quote(text_) + " came with systemd " + std::to_string(candidate.since) + "; on " +
                std::to_string(systemd_.version) + " the assignment is ignored";
  std::string list;
  for (const std::string_view name : known) list.append(list.empty() ? "" : ", ").append(name);
  if (directive_.voids_unit) return refuse("bad-value", std::move(message), "one of " + list);
  return drop("bad-value", std::move(message), "one of " + list);
}

Assigned Assigner::assign_text() {
  if (text_.empty())
    return directive_.empty_resets(systemd_.version)
               ? reset()
               : drop("bad-value", "an empty value is no value here; what was set before stays");
  std::optional<std::string> expanded = expand(text_);
  if (!expanded) {
    std::string message = "a specifier in " + quote(text_) + " cannot be expanded";
    // A leading `-` makes what the value names optional, so that a bad one is only dropped.
    if (directive_.voids_unit && !text_.starts_with('-'))
      return refuse("bad-specifier", std::move(message));
    return drop("bad-specifier", std::move(message) + "; the line is ignored");
  }
  value_ = Text{std::move(*expanded)};
  return Assigned::replaced;
}

Assigned Assigner::assign_user() {
  if (text_.empty()) return reset();
  std::optional<std::string> name = expand(text_);
  if (!name) return refuse("bad-specifier", "a specifier in " + quote(text_) + " cannot be expanded");
  if (!is_valid_user(*name)) return refuse("bad-user", quote(*name) + " is no user or group name");
  value_ = Text{std::move(*name)};
  return Assigned::replaced;
}

Assigned Assigner::assign_users() {
  if (text_.empty()) return reset();
  WordReader reader(text_);
  std::string word;
  bool any = false;
  for (;;) {
    const auto step = reader.next(word);
    if (step == WordReader::Step::malformed) return refuse("bad-quoting", "unbalanced quotes");
    if (step == WordReader::Step::end) return any ? Assigned::added : Assigned::dropped;
    std::optional<std::string> name = expand(word);
    if (!name) return refuse("bad-specifier", "a specifier in " + quote(word) + " cannot be expanded");
    if (!is_valid_user(*name)) return refuse("bad-user", quote(*name) + " is no user or group name");
    edit<Words>().words.push_back(std::move(*name));
    any = true;
  }
}

Assigned Assigner::assign_mode() {
  constexpr unsigned kModeMax = 07777;
  const bool octal =
      !text_.empty() && std::ranges::all_of(text_, [](char c) { return c >= '0' && c <= '7'; });
  unsigned mode = 0;
  for (const char c : octal ? text_ : std::string_view{}) {
    mode = mode * 8 + static_cast<unsigned>(c - '0');
    if (mode > kModeMax) break;
  }
  if (!octal || mode > kModeMax)
    return drop("bad-value", quote(text_) + " is no file mode; what was set before stays",
                "octal digits, as 0077");
  value_ = FileMode{mode};
  return Assigned::replaced;
}

Assigned Assigner::assign_delegate() {
  if (text_.empty()) {
    value_ = WordSet{};   // delegated, with no controller named
    return Assigned::replaced;
  }
  if (const auto on = catalogue::parse_boolean(text_)) {
    if (*on)
      value_ = WordSet{{"yes"}};
    else
      value_.reset();
    return *on ? Assigned::replaced : Assigned::reset;
  }
  const auto [words, malformed] = split_words(text_);
  if (malformed) return drop("bad-quoting", "unbalanced quotes; the line is ignored");
  for (const std::string& word : words) edit<WordSet>().words.insert(word);
  return Assigned::added;
}

Assigned Assigner::run() {
  switch (directive_.kind) {
    case Kind::choice:
      if (text_.empty() && directive_.empty_resets(systemd_.version)) return reset();
      return assign_choice();
    case Kind::capabilities:
      return assign_capabilities();
    case Kind::namespaces:
      return assign_namespaces();
    case Kind::syscalls:
      return assign_syscalls();
    case Kind::families:
      return assign_families();
    case Kind::names:
      return assign_names();
    case Kind::architectures:
      return assign_architectures();
    case Kind::addresses:
      return assign_addresses();
    case Kind::devices:
      return assign_device();
    case Kind::paths:
      return assign_paths();
    case Kind::path:
      return assign_path();
    case Kind::words:
      return assign_words();
    case Kind::lines:
      return assign_line();
    case Kind::commands:
      return assign_commands();
    case Kind::text:
      return assign_text();
    case Kind::user:
      return assign_user();
    case Kind::users:
      return assign_users();
    case Kind::mode:
      return assign_mode();
    case Kind::delegate:
      return assign_delegate();
  }
  std::unreachable();
}

}  // namespace assign

Assigned assign_value(const catalogue::Directive& directive, std::string_view text,
                      std::optional<Value>& value, const AssignContext& context) {
  assert(context.systemd != nullptr && context.diagnostics != nullptr);
  return assign::Assigner(directive, text, value, context).run();
}

}  // namespace harden
