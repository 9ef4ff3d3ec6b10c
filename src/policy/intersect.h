// SPDX-License-Identifier: LGPL-2.1-or-later
// Values of a directive as words that can each stand on a line, and what two of them both let through.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "settings/settings.h"

namespace harden {

// Assigns each word as a line of its own.
void assign_words(Settings& settings, catalogue::DirectiveId id, std::span<const std::string> words,
                  const catalogue::Systemd& systemd);

// Like value_words(), but every word of a `~` line has one, so that lines may be cut anywhere.
[[nodiscard]] std::vector<std::string> line_words(const catalogue::Directive& directive, const Value& value,
                                                  const catalogue::Systemd& systemd);

// The loosest value that is as tight as both, as far as their kind has one; of lists that open and of texts
// `a`.
[[nodiscard]] Value intersect(const catalogue::Directive& directive, const Value& a, const Value& b);

}  // namespace harden
