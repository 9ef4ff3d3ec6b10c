// SPDX-License-Identifier: LGPL-2.1-or-later
// How faults of a policy's words are said: with a place, and the nearest right word.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "util/diagnostic.h"
#include "util/text.h"

namespace harden {

inline bool has_errors(const Diagnostics& diagnostics) {
  return std::ranges::any_of(diagnostics,
                             [](const Diagnostic& one) { return one.severity == Severity::error; });
}

inline void add_error(Diagnostics& diagnostics, const SourcePos& where, std::string message,
                      std::string hint) {
  add_diagnostic(diagnostics, {Severity::error, "policy", where, std::move(message), std::move(hint)});
}
inline void add_error(Diagnostics& diagnostics, const SourcePos& where, const Error& error) {
  add_error(diagnostics, where, error.message, error.hint);
}

template <typename Range>
std::string nearest_or(std::string_view word, const Range& names, std::string otherwise) {
  const auto near = nearest(word, names);
  return near ? fmt::format("did you mean {}?", *near) : std::move(otherwise);
}

template <typename Row>
std::vector<std::string_view> names_of(std::span<const Row> rows) {
  std::vector<std::string_view> names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

template <typename Row>
Result<const Row*> parse_name(std::string_view what, std::string_view name, std::span<const Row> rows) {
  const std::vector<std::string_view> names = names_of(rows);
  for (const Row& row : rows)
    if (row.name == name) return &row;
  return fail(Errc::invalid, fmt::format("no {} `{}`", what, name), {},
              nearest_or(name, names, fmt::format("one of {}", fmt::join(names, ", "))));
}

}  // namespace harden
