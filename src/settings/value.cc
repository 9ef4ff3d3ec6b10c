// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/value.h"

#include <algorithm>

#include "settings/errno_names.h"

namespace harden {
namespace {

using catalogue::Directive;
using catalogue::Kind;
using catalogue::Systemd;

std::vector<std::string> mask_words(const Directive& directive, std::uint64_t bits,
                                    const Systemd& systemd) {
  std::vector<std::string> words;
  if (directive.kind == Kind::namespaces) {
    bool all = true;
    for (const auto& kind : catalogue::namespaces()) {
      if ((bits & kind.bit) != 0)
        words.emplace_back(kind.name);
      else
        all = false;
    }
    if ((bits & kTimeNamespace) != 0)
      words.emplace_back(kTimeNamespaceName);
    else if (all)
      return {"no"};
    if (words.empty()) return {"yes"};
    return words;
  }
  // Bits past the last named capability tell how the mask came about: all set, it started full and is
  // printed by what it lacks; some set, they were given by number.
  constexpr unsigned kBits = 64;
  const auto named = static_cast<unsigned>(systemd.capabilities.size());
  const std::uint64_t nameless = ~std::uint64_t{0} << named;
  std::vector<std::string> missing;
  for (unsigned number = 0; number < kBits; ++number) {
    std::string name = number < named ? std::string(systemd.capabilities[number]) : std::to_string(number);
    ((bits >> number & 1) != 0 ? words : missing).push_back(std::move(name));
  }
  if ((bits & nameless) == nameless) {
    if (missing.empty()) return {"~"};
    missing.front().insert(0, "~");
    return missing;
  }
  if (words.empty()) return {""};
  return words;
}

// Groups first, the largest that are wholly listed, then what is left by name.
std::vector<std::string> syscall_words(const SyscallFilter& filter, const Systemd& systemd) {
  catalogue::SyscallSet rest = filter.listed;
  for (const auto& [id, error] : filter.errnos) rest.reset(id);

  const auto* implicit = filter.allow_list ? catalogue::find_group(systemd, "@default") : nullptr;
  std::vector<const catalogue::SyscallGroup*> groups;
  for (const auto& group : systemd.groups)
    if (group.name != "@known" && group.name != "@default" && group.calls.any()) groups.push_back(&group);
  std::ranges::sort(groups, [](const auto* a, const auto* b) {
    const std::size_t left = a->calls.count();
    const std::size_t right = b->calls.count();
    return left != right ? left > right : a->name < b->name;
  });

  std::vector<std::string> words;
  if (implicit != nullptr) rest &= ~implicit->calls;
  for (const auto* group : groups) {
    catalogue::SyscallSet needed = group->calls;
    if (implicit != nullptr) needed &= ~implicit->calls;
    if (needed.none() || (needed & ~filter.listed).any() || (needed & rest).count() < 2) continue;
    bool has_errno = false;
    for (const auto& [id, error] : filter.errnos) has_errno = has_errno || group->calls.test(id);
    if (has_errno) continue;
    words.emplace_back(group->name);
    rest &= ~group->calls;
  }
  for (std::size_t id = 0; id < catalogue::kSyscallCount; ++id)
    if (rest.test(id)) words.emplace_back(catalogue::syscalls()[id].name);
  if (!filter.allow_list) {
    for (const auto& [id, error] : filter.errnos)
      words.push_back(std::string(catalogue::syscalls()[id].name) + ":" + errno_or_action_name(error));
    if (words.empty()) return {"~"};
    words.front().insert(0, "~");
    return words;
  }
  if (words.empty()) words.emplace_back("@default");
  // What an allow list takes off again stands on a line of its own, which a `~` begins.
  const std::size_t kept = words.size();
  if (implicit != nullptr)
    for (std::size_t id = 0; id < catalogue::kSyscallCount; ++id)
      if (implicit->calls.test(id) && !filter.listed.test(id))
        words.emplace_back(catalogue::syscalls()[id].name);
  for (const auto& [id, error] : filter.errnos)
    words.push_back(std::string(catalogue::syscalls()[id].name) + ":" + errno_or_action_name(error));
  if (words.size() > kept) words[kept].insert(0, "~");
  return words;
}

}  // namespace

bool SyscallFilter::allows(catalogue::SyscallId call) const {
  const bool is_listed = listed.test(call);
  if (!allow_list) return !is_listed;
  const auto at = std::ranges::lower_bound(errnos, call, {}, &std::pair<catalogue::SyscallId, int>::first);
  return is_listed && (at == errnos.end() || at->first != call);
}

bool NameFilter::allows(std::string_view name) const { return names.contains(name) == allow_list; }

std::vector<std::string> value_words(const Directive& directive, const Value& value,
                                     const Systemd& systemd) {
  struct Printer {
    const Directive& directive;
    const Systemd& systemd;
    std::vector<std::string> operator()(const Choice& choice) const {
      return {std::string(directive.values[choice.index].name)};
    }
    std::vector<std::string> operator()(const Mask& mask) const {
      return mask_words(directive, mask.bits, systemd);
    }
    std::vector<std::string> operator()(const SyscallFilter& filter) const {
      return syscall_words(filter, systemd);
    }
    std::vector<std::string> operator()(const NameFilter& filter) const {
      if (filter.names.empty() && !filter.allow_list) return {"~"};
      if (filter.names.empty()) return {directive.kind == Kind::families ? "none" : ""};
      std::vector<std::string> words(filter.names.begin(), filter.names.end());
      if (!filter.allow_list) words.front().insert(0, "~");
      return words;
    }
    std::vector<std::string> operator()(const WordSet& set) const {
      if (set.words.empty()) return {""};
      return {set.words.begin(), set.words.end()};
    }
    std::vector<std::string> operator()(const Words& words) const {
      return words.words.empty() ? std::vector<std::string>{""} : words.words;
    }
    std::vector<std::string> operator()(const Text& text) const { return {text.text}; }
    std::vector<std::string> operator()(const FileMode& mode) const {
      std::string digits;
      for (unsigned rest = mode.mode, i = 0; i < 4; ++i, rest /= 8)
        digits.insert(digits.begin(), static_cast<char>('0' + rest % 8));
      return {digits};
    }
  };
  return std::visit(Printer{directive, systemd}, value);
}

}  // namespace harden
