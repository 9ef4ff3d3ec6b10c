// SPDX-License-Identifier: LGPL-2.1-or-later
// Masks of capabilities and namespaces, and lists whose first line decides whether they allow or deny.
#include <algorithm>

#include "settings/assigner.h"
#include "settings/errno_names.h"

namespace harden::assign {

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
                  did_you_mean(word, kinds));
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

namespace {

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

}  // namespace

void Assigner::take_syscall(SyscallFilter& filter, std::string_view word, bool invert) {
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
          did_you_mean(name, systemd_.groups));
      return;
    }
    calls = group->calls;
  } else {
    const auto id = catalogue::find_syscall(name);
    if (!id || !systemd_.known_syscalls.test(*id)) {
      say(Severity::warning, "unknown-syscall",
          "systemd " + std::to_string(systemd_.version) + " knows no system call " + quote(name) +
              (invert ? "; it is not denied" : "; it is not allowed"),
          did_you_mean(name, catalogue::syscalls()));
      return;
    }
    calls.set(*id);
  }
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
  // Even a line of unknown names begins a list.
  take_words(text, kPlainWords, [&](const std::string& word) { take_syscall(filter, word, invert); });
  return Assigned::added;
}

template <typename Accept>
Assigned Assigner::assign_polarity(std::string_view text, Accept accept) {
  const bool invert = text.starts_with('~');
  if (invert) text.remove_prefix(1);
  if (!value_ || std::get<NameFilter>(*value_).undecided) value_ = NameFilter{!invert, {}};
  NameFilter& filter = std::get<NameFilter>(*value_);
  take_words(text, kUnquotedWords, [&](const std::string& word) {
    std::optional<std::string> name = accept(word, invert);
    if (!name) return;
    if (invert != filter.allow_list)
      filter.names.insert(std::move(*name));
    else
      filter.names.erase(*name);
  });
  return Assigned::added;
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
          did_you_mean(word, systemd_.families));
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

}  // namespace harden::assign
