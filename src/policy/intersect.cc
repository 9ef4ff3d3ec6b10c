// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/intersect.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "settings/parse_value.h"

namespace harden {
namespace {

using catalogue::Directive;
using catalogue::Kind;

// Both as allow lists or, if both deny, as one deny list.
SyscallFilter intersect_filters(const SyscallFilter& a, const SyscallFilter& b) {
  if (!a.allow_list && !b.allow_list) {
    SyscallFilter both = a;
    both.listed |= b.listed;
    for (const auto& error : b.errnos)
      if (!a.listed.test(error.first)) both.errnos.push_back(error);
    std::ranges::sort(both.errnos);
    return both;
  }
  SyscallFilter both;
  both.allow_list = true;
  for (std::size_t id = 0; id < catalogue::kSyscallCount; ++id) {
    const auto call = static_cast<catalogue::SyscallId>(id);
    if (a.allows(call) && b.allows(call)) both.listed.set(id);
  }
  return both;
}

NameFilter intersect_names(const NameFilter& a, const NameFilter& b) {
  NameFilter both;
  both.allow_list = a.allow_list || b.allow_list;
  for (const NameFilter* filter : {&a, &b})
    for (const std::string& name : filter->names)
      if (both.allow_list ? a.allows(name) && b.allows(name) : true) both.names.insert(name);
  return both;
}

WordSet intersect_sets(const Directive& directive, const WordSet& a, const WordSet& b) {
  WordSet both;
  if (directive.list == catalogue::ListEffect::closes)
    std::ranges::set_union(a.words, b.words, std::inserter(both.words, both.words.end()));
  else
    std::ranges::set_intersection(a.words, b.words, std::inserter(both.words, both.words.end()));
  // Named or not, the machine's own calls work.
  if (directive.kind == Kind::architectures) both.words.emplace("native");
  return both;
}

}  // namespace

void assign_words(Settings& settings, catalogue::DirectiveId id, std::span<const std::string> words,
                  const catalogue::Systemd& systemd) {
  static const UnitName kName = *parse_unit_name("policy.service");
  Diagnostics diagnostics;
  std::optional<Value> value = settings.take(id);
  for (const std::string& word : words)
    (void)assign_value(catalogue::directive(id), word, value,
                       {&systemd, {&kName, {}, systemd.version}, {}, true, &diagnostics, false});
  if (value) settings.set(id, std::move(*value));
}

std::vector<std::string> line_words(const Directive& directive, const Value& value,
                                    const catalogue::Systemd& systemd) {
  std::vector<std::string> words = value_words(directive, value, systemd);
  const bool has_polarity = std::holds_alternative<Mask>(value) ||
                            std::holds_alternative<SyscallFilter>(value) ||
                            std::holds_alternative<NameFilter>(value);
  if (!has_polarity) return words;
  bool denies = false;
  for (std::string& word : words)
    if (word.starts_with('~'))
      denies = true;
    else if (denies)
      word.insert(0, "~");
  return words;
}

Value intersect(const Directive& directive, const Value& a, const Value& b) {
  if (a.index() != b.index()) return a;
  if (const auto* choice = std::get_if<Choice>(&a))
    return choice->index >= std::get<Choice>(b).index ? a : b;
  if (const auto* mask = std::get_if<Mask>(&a)) return Mask{mask->bits & std::get<Mask>(b).bits};
  if (const auto* mode = std::get_if<FileMode>(&a))
    return directive.list == catalogue::ListEffect::closes
               ? FileMode{mode->mode | std::get<FileMode>(b).mode}
               : FileMode{mode->mode & std::get<FileMode>(b).mode};
  if (const auto* filter = std::get_if<SyscallFilter>(&a))
    return intersect_filters(*filter, std::get<SyscallFilter>(b));
  if (const auto* filter = std::get_if<NameFilter>(&a))
    return intersect_names(*filter, std::get<NameFilter>(b));
  if (const auto* list = std::get_if<Words>(&a);
      list != nullptr && directive.list == catalogue::ListEffect::closes) {
    Words both = *list;
    for (const std::string& word : std::get<Words>(b).words)
      if (std::ranges::find(both.words, word) == both.words.end()) both.words.push_back(word);
    return both;
  }
  if (const auto* set = std::get_if<WordSet>(&a))
    return intersect_sets(directive, *set, std::get<WordSet>(b));
  return a;
}

}  // namespace harden
