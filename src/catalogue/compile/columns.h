// SPDX-License-Identifier: LGPL-2.1-or-later
// Columns that tables of several files share.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/compile/document.h"
#include "catalogue/compile/model.h"

namespace harden::catalogue::compile {

[[nodiscard]] bool is_one_of(std::string_view word, std::span<const std::string_view> words);
// The column's word, which must be one of `words`.
[[nodiscard]] std::string word_of(TableView& row, std::string_view column,
                                  std::span<const std::string_view> words);
[[nodiscard]] unsigned version_of(TableView& row, std::string_view column, unsigned otherwise);
// The rows of `[[name]]` in a file with `schema = 1`.
[[nodiscard]] std::vector<const Node*> rows_of(const Node& root, std::string_view name,
                                               const std::string& file, Report& report);
// "ProtectHome=no|tmpfs" (one of these choices), "RootImage" (set), "!PrivateMounts" (not set),
// "WatchdogSec>0" (a number or time span above zero).
[[nodiscard]] ConditionRow read_condition(std::string_view text);

}  // namespace harden::catalogue::compile
