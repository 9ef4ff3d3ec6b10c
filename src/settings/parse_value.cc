// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/parse_value.h"

#include <algorithm>
#include <cassert>
#include <climits>

#include "settings/address.h"
#include "settings/command_line.h"
#include "settings/errno_names.h"
#include "unit/words.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Directive;
using catalogue::Kind;

constexpr std::size_t kPathMax = 4096;  // bytes, the NUL counted, as PATH_MAX

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

  // One call or group of a filter line, with the errno after its colon.
  void take_syscall(SyscallFilter& filter, std::string_view word, bool invert, bool& any);
  // The members of a polarity line of free names.
  template <typename Accept>
  Assigned assign_polarity(std::string_view text, Accept accept);
  bool lacks_colon(std::string_view item);
  bool take_path(std::string_view word, std::string& path, bool list);
  [[nodiscard]] std::optional<std::string> expand(std::string_view text);

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

std::string quote(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto found = nearest(word, candidates);
  return found ? "did you mean " + std::string(*found) + "?" : std::string();
}

template <typename Row>
std::vector<std::string_view> names_of(std::span<const Row> rows) {
  std::vector<std::string_view> names;
  names.reserve(rows.size());
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

// Duplicate slashes and "." components go, as does a trailing slash.
std::string simplify_path(std::string_view path) {
  std::string out;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (!part.empty() && part != ".") out.append("/").append(part);
    start = end + 1;
  }
  return out.empty() ? "/" : out;
}

bool has_dot_dot(std::string_view path) {
  return path == ".." || path.starts_with("../") || path.ends_with("/..") ||
         path.find("/../") != std::string_view::npos;
}

bool is_valid_path_length(std::string_view path) {
  if (path.size() >= kPathMax) return false;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    if (end - start > NAME_MAX) return false;
    start = end + 1;
  }
  return true;
}

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

Assigned Assigner::assign_capabilities() {
  constexpr std::uint64_t kFull = ~std::uint64_t{0};
  std::string_view text = text_;
  const bool invert = text.starts_with('~');
  if (invert) text.remove_prefix(1);

  // An open quote ends the list on 252, and at the end of the line on 257.
  std::uint64_t sum = 0;
  WordReader reader(text, systemd_.version < 257 ? kUnquotedWords : kRelaxedWords);
  std::string word;
  while (reader.next(word) == WordReader::Step::word) {
    if (const auto number = catalogue::find_capability(systemd_, word))
      sum |= std::uint64_t{1} << *number;
    else
      say(Severity::warning, "unknown-capability",
          "unknown capability " + quote(word) +
              (invert ? "; it is not taken away" : "; systemd skips it without a word"),
          did_you_mean(word, systemd_.capabilities));
  }
  // "", "~" and what is still at its start value are replaced; the rest is merged.
  const std::uint64_t initial = directive_.mask_starts_full ? kFull : 0;
  const std::uint64_t before = value_ ? std::get<Mask>(*value_).bits : initial;
  if (sum == 0 || before == initial) {
    value_ = Mask{invert ? ~sum : sum};
    return Assigned::replaced;
  }
  value_ = Mask{invert ? before & ~sum : before | sum};
  return Assigned::added;
}

Assigned Assigner::assign_namespaces() {
  if (text_.empty()) return reset();
  std::uint64_t all = 0;
  for (const auto& kind : catalogue::namespaces()) all |= kind.bit;
  if (const auto restrict_all = catalogue::parse_boolean(text_)) {
    value_ = Mask{*restrict_all ? 0 : all};
    return Assigned::replaced;
  }
  std::string_view text = text_;
  const bool invert = text.starts_with('~');
  if (invert) text.remove_prefix(1);
  std::uint64_t flags = 0;
  const auto [words, malformed] = split_words(text, kPlainWords);
  if (malformed) return drop("bad-quoting", "the line ends in a backslash and is ignored");
  for (const std::string& word : words) {
    if (word == kTimeNamespaceName) {  // a word like the others, although no filter comes of it
      flags |= kTimeNamespace;
      continue;
    }
    const auto kinds = catalogue::namespaces();
    const auto found = std::ranges::find(kinds, word, &catalogue::NamespaceKind::name);
    if (found == kinds.end())
      return drop("unknown-namespace", "unknown namespace " + quote(word) + "; the whole line is ignored",
                  did_you_mean(word, names_of(kinds)));
    flags |= found->bit;
  }
  if (!value_)
    value_ = Mask{invert ? all & ~flags : flags};
  else if (Mask& mask = std::get<Mask>(*value_); invert)
    mask.bits &= ~flags;
  else
    mask.bits |= flags;
  return Assigned::added;
}

void put_calls(SyscallFilter& filter, const catalogue::SyscallSet& calls, int error) {
  filter.listed |= calls;
  std::erase_if(filter.errnos, [&](const auto& entry) { return calls.test(entry.first); });
  if (error == kErrnoDefault) return;
  for (std::size_t id = 0; id < catalogue::kSyscallCount; ++id)
    if (calls.test(id)) filter.errnos.emplace_back(static_cast<catalogue::SyscallId>(id), error);
  std::ranges::sort(filter.errnos);
}

void remove_calls(SyscallFilter& filter, const catalogue::SyscallSet& calls) {
  filter.listed &= ~calls;
  std::erase_if(filter.errnos, [&](const auto& entry) { return calls.test(entry.first); });
}

void Assigner::take_syscall(SyscallFilter& filter, std::string_view word, bool invert, bool& any) {
  const std::size_t colon = word.find(':');
  const std::string_view name = word.substr(0, colon);
  int error = kErrnoDefault;
  if (colon != std::string_view::npos) {
    const auto parsed = parse_errno_or_action(word.substr(colon + 1));
    if (!parsed) {
      say(Severity::warning, "bad-errno", "no such errno in " + quote(word) + "; the item is ignored");
      return;
    }
    error = *parsed;
  }
  if (name.empty()) {
    say(Severity::warning, "unknown-syscall", "no name in " + quote(word) + "; the item is ignored");
    return;
  }
  if (!invert && error != kErrnoDefault) {
    say(Severity::warning, "errno-on-allow",
        "a call that is allowed takes no errno; " + quote(word) + " is ignored");
    return;
  }

  catalogue::SyscallSet calls;
  if (name.front() == '@') {
    const auto* group = catalogue::find_group(systemd_, name);
    if (group == nullptr) {
      say(Severity::warning, "unknown-group",
          "systemd " + std::to_string(systemd_.version) + " knows no group " + quote(name) +
              (invert ? "; none of it is denied" : "; none of it is allowed"),
          did_you_mean(name, names_of(systemd_.groups)));
      return;
    }
    calls = group->calls;
  } else {
    const auto id = catalogue::find_syscall(name);
    if (!id || !systemd_.known_syscalls.test(*id)) {
      say(Severity::warning, "unknown-syscall",
          "systemd " + std::to_string(systemd_.version) + " knows no system call " + quote(name) +
              (invert ? "; it is not denied" : "; it is not allowed"),
          did_you_mean(name, names_of(catalogue::syscalls())));
      return;
    }
    calls.set(*id);
  }
  any = true;
  if (invert != filter.allow_list || (invert && error != kErrnoDefault))
    put_calls(filter, calls, error);
  else
    remove_calls(filter, calls);
}

Assigned Assigner::assign_syscalls() {
  if (text_.empty()) return reset();
  std::string_view text = text_;
  const bool invert = text.starts_with('~');
  if (invert) text.remove_prefix(1);

  if (!value_) {
    SyscallFilter filter;
    filter.allow_list = !invert;
    if (!invert)
      if (const auto* group = catalogue::find_group(systemd_, "@default")) filter.listed = group->calls;
    value_ = filter;
  }
  SyscallFilter& filter = std::get<SyscallFilter>(*value_);
  WordReader reader(text, kPlainWords);
  std::string word;
  bool any = false;
  for (;;) {
    const auto step = reader.next(word);
    if (step == WordReader::Step::malformed)
      say(Severity::warning, "bad-quoting", "the line ends in a backslash; its last word is ignored");
    if (step != WordReader::Step::word) break;
    take_syscall(filter, word, invert, any);
  }
  // Even a line of unknown names begins a list.
  return Assigned::added;
}

template <typename Accept>
Assigned Assigner::assign_polarity(std::string_view text, Accept accept) {
  const bool invert = text.starts_with('~');
  if (invert) text.remove_prefix(1);
  if (!value_ || std::get<NameFilter>(*value_).undecided) value_ = NameFilter{!invert, {}};
  NameFilter& filter = std::get<NameFilter>(*value_);
  WordReader reader(text, kUnquotedWords);
  std::string word;
  for (;;) {
    const auto step = reader.next(word);
    if (step == WordReader::Step::malformed)
      say(Severity::warning, "bad-quoting", "unbalanced quotes; the rest of the line is ignored");
    if (step != WordReader::Step::word) return Assigned::added;
    std::optional<std::string> name = accept(word, invert);
    if (!name) continue;
    if (invert != filter.allow_list)
      filter.names.insert(std::move(*name));
    else
      filter.names.erase(*name);
  }
}

Assigned Assigner::assign_families() {
  if (text_.empty()) return reset();
  if (text_ == "none") {
    value_ = NameFilter{true, {}, true};
    return Assigned::replaced;
  }
  return assign_polarity(text_, [&](const std::string& word, bool invert) -> std::optional<std::string> {
    const auto number = catalogue::find_family(systemd_, word);
    if (!number) {
      say(Severity::warning, "unknown-family",
          "systemd " + std::to_string(systemd_.version) + " knows no address family " + quote(word) +
              (invert ? "; it is not denied" : "; it is not allowed"),
          did_you_mean(word, names_of(systemd_.families)));
      return std::nullopt;
    }
    for (const auto& family : systemd_.families)
      if (family.number == *number) return std::string(family.name);
    return word;
  });
}

Assigned Assigner::assign_names() {
  if (text_.empty()) return reset();
  return assign_polarity(text_, [](const std::string& word, bool) { return std::optional(word); });
}

Assigned Assigner::assign_architectures() {
  if (text_.empty()) return reset();
  WordReader reader(text_);
  std::string word;
  bool any = false;
  for (;;) {
    const auto step = reader.next(word);
    if (step == WordReader::Step::malformed)
      say(Severity::warning, "bad-quoting", "unbalanced quotes; the rest of the line is ignored");
    if (step != WordReader::Step::word) return any ? Assigned::added : Assigned::dropped;
    if (std::ranges::find(systemd_.architectures, word) == systemd_.architectures.end()) {
      say(Severity::warning, "unknown-architecture",
          "unknown architecture " + quote(word) + "; the word is ignored",
          did_you_mean(word, systemd_.architectures));
      continue;
    }
    edit<WordSet>().words.insert(word);
    any = true;
  }
}

Assigned Assigner::assign_addresses() {
  if (text_.empty()) return reset();
  WordReader reader(text_, kPlainWords);
  std::string word;
  bool any = false;
  for (;;) {
    const auto step = reader.next(word);
    if (step == WordReader::Step::malformed)
      say(Severity::warning, "bad-quoting", "the line ends in a backslash; its last word is ignored");
    if (step != WordReader::Step::word) return any ? Assigned::added : Assigned::dropped;
    const std::vector<std::string> prefixes = parse_address_prefixes(word);
    if (prefixes.empty()) {
      say(Severity::warning, "bad-address",
          quote(word) + " is no address, prefix or name of some; it is ignored",
          "use any, localhost, link-local, multicast, or an address like 192.0.2.0/24");
      continue;
    }
    for (const std::string& prefix : prefixes) edit<WordSet>().words.insert(prefix);
    any = true;
  }
}

Assigned Assigner::assign_device() {
  if (text_.empty()) return reset();
  WordReader reader(text_);
  std::string word;
  if (reader.next(word) != WordReader::Step::word)
    return drop("bad-quoting", "unbalanced quotes; the line is ignored");
  std::optional<std::string> node = expand(word);
  if (!node)
    return drop("bad-specifier",
                "a specifier in " + quote(word) + " cannot be expanded; the line is ignored");
  if (!node->starts_with("block-") && !node->starts_with("char-")) {
    // The check for a trailing slash comes after simplification, which removes it.
    std::string simple = node->starts_with('/') ? simplify_path(*node) : *node;
    if (!(simple.starts_with("/dev/") || simple.starts_with("/run/systemd/inaccessible/")) ||
        has_dot_dot(simple))
      return drop("bad-device", quote(*node) + " is no device node; the line is ignored",
                  "name a node below /dev, or a class as block-NAME or char-NAME");
    node = std::move(simple);
  }
  const std::string_view rights = reader.rest();
  if (rights.find_first_not_of("rwm") != std::string_view::npos)
    return drop("bad-device", "unknown rights " + quote(rights) + "; the line is ignored",
                "any of r, w and m");
  std::string entry = *node;
  if (!rights.empty()) entry.append(" ").append(rights);
  edit<Words>().words.push_back(std::move(entry));
  return Assigned::added;
}

// Expands, checks and simplifies a path. False after saying why not.
bool Assigner::take_path(std::string_view word, std::string& path, bool list) {
  const std::string_view loss = list                    ? "; the path is ignored"
                                : directive_.voids_unit ? ""
                                                        : "; the line is ignored";
  const auto fail_with = [&](std::string_view id, std::string message, std::string hint) {
    message += loss;
    if (directive_.voids_unit && !list)
      (void)refuse(id, std::move(message), std::move(hint));
    else
      say(Severity::warning, id, std::move(message), std::move(hint));
    return false;
  };
  std::optional<std::string> expanded = expand(word);
  if (!expanded)
    return fail_with("bad-specifier", "a specifier in " + quote(word) + " cannot be expanded", {});
  // A specifier that only the machine knows may well begin the path.
  const bool unknown_start = expanded->starts_with('%') && directive_.specifiers;
  if (!expanded->starts_with('/') && !unknown_start)
    return fail_with("relative-path", quote(*expanded) + " is not an absolute path", "begin it with '/'");
  std::string simple = unknown_start ? *expanded : simplify_path(*expanded);
  if (!is_valid_path_length(simple)) return fail_with("bad-path", "the path is too long", {});
  if (has_dot_dot(simple))
    return fail_with("bad-path", quote(simple) + " contains '..'", "write the path without it");
  path = std::move(simple);
  return true;
}

Assigned Assigner::assign_paths() {
  if (text_.empty()) return reset();
  WordReader reader(text_);
  std::string word;
  bool any = false;
  for (;;) {
    const auto step = reader.next(word);
    if (step == WordReader::Step::malformed)
      say(Severity::warning, "bad-quoting", "unbalanced quotes; the rest of the line is ignored");
    if (step != WordReader::Step::word) return any ? Assigned::added : Assigned::dropped;
    std::string_view rest = word;
    std::string entry;
    for (const char prefix : {'-', '+'})
      if (rest.starts_with(prefix)) {
        entry += prefix;
        rest.remove_prefix(1);
      }
    std::string path;
    if (!take_path(rest, path, true)) continue;
    edit<Words>().words.push_back(entry + path);
    any = true;
  }
}

Assigned Assigner::assign_path() {
  if (text_.empty()) return reset();
  std::string path;
  if (!take_path(text_, path, false)) return directive_.voids_unit ? Assigned::refused : Assigned::dropped;
  value_ = Text{std::move(path)};
  return Assigned::replaced;
}

// True, after saying so, for an item of a directive of pairs that is none.
bool Assigner::lacks_colon(std::string_view item) {
  if (!directive_.pair || item.find(':') != std::string_view::npos) return false;
  say(Severity::warning, "bad-pair", "no ':' in " + quote(item) + "; it is ignored");
  return true;
}

Assigned Assigner::assign_words() {
  if (text_.empty()) return reset();
  WordReader reader(text_);
  std::string word;
  bool any = false;
  for (;;) {
    const auto step = reader.next(word);
    if (step == WordReader::Step::malformed)
      say(Severity::warning, "bad-quoting", "unbalanced quotes; the rest of the line is ignored");
    if (step != WordReader::Step::word) return any ? Assigned::added : Assigned::dropped;
    std::optional<std::string> expanded = expand(word);
    if (!expanded) {
      say(Severity::warning, "bad-specifier",
          "a specifier in " + quote(word) + " cannot be expanded; the word is ignored");
      continue;
    }
    if (lacks_colon(*expanded)) continue;
    edit<Words>().words.push_back(std::move(*expanded));
    any = true;
  }
}

Assigned Assigner::assign_line() {
  if (text_.empty()) return reset();
  if (lacks_colon(text_)) return Assigned::dropped;
  edit<Words>().words.emplace_back(text_);
  return Assigned::added;
}

Assigned Assigner::assign_commands() {
  if (text_.empty()) return reset();
  ParsedCommands parsed = parse_command_line(text_, context_.specifiers);
  if (parsed.problem) {
    std::string message = *parsed.problem;
    if (parsed.fatal) return refuse("bad-command", std::move(message));
    say(Severity::warning, "bad-command", std::move(message) + "; the command is ignored");
  }
  if (parsed.commands.empty()) return Assigned::dropped;
  for (const Command& command : parsed.commands) edit<Words>().words.push_back(command.text);
  return Assigned::added;
}

Assigned Assigner::assign_text() {
  if (text_.empty())
    return directive_.empty_resets(systemd_.version)
               ? reset()
               : drop("bad-value", "an empty value is no value here; what was set before stays");
  std::optional<std::string> expanded = expand(text_);
  if (!expanded)
    return drop("bad-specifier",
                "a specifier in " + quote(text_) + " cannot be expanded; the line is ignored");
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

}  // namespace

Assigned assign_value(const Directive& directive, std::string_view text, std::optional<Value>& value,
                      const AssignContext& context) {
  assert(context.systemd != nullptr && context.diagnostics != nullptr);
  return Assigner(directive, text, value, context).run();
}

}  // namespace harden
