// SPDX-License-Identifier: LGPL-2.1-or-later
#include "catalogue/compile/columns.h"

#include <fmt/format.h>

#include <algorithm>

namespace harden::catalogue::compile {
namespace {

constexpr unsigned kMaxVersion = 9999;

}  // namespace

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

std::string word_of(TableView& row, std::string_view column, std::span<const std::string_view> words) {
  std::string word = row.required_text(column);
  if (!word.empty() && !is_one_of(word, words))
    row.fault(fmt::format("`{}` is not a {}; it is one of {}", word, column, fmt::join(words, ", ")));
  return word;
}

unsigned version_of(TableView& row, std::string_view column, unsigned otherwise) {
  return static_cast<unsigned>(row.number(column, otherwise, 1, kMaxVersion));
}

std::vector<const Node*> rows_of(const Node& root, std::string_view name, const std::string& file,
                                 Report& report) {
  TableView top(root, file, report);
  if (top.number("schema", 0, 1, 1) != 1) top.fault("no `schema = 1`");
  std::vector<const Node*> rows;
  const Node* list = top.find(name);
  if (list == nullptr || list->type != Node::Type::array)
    top.fault(fmt::format("no [[{}]]", name));
  else
    for (const Node& row : list->items) rows.push_back(&row);
  top.finish();
  return rows;
}

ConditionRow read_condition(std::string_view text) {
  if (const std::size_t tilde = text.find('~'); text.starts_with('!') && tilde != std::string_view::npos)
    return {std::string(text.substr(1, tilde - 1)), "denies", {std::string(text.substr(tilde + 1))}};
  if (text.starts_with('!')) return {std::string(text.substr(1)), "unset", {}};
  if (text.ends_with(">0")) return {std::string(text.substr(0, text.size() - 2)), "nonzero", {}};
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {std::string(text), "set", {}};
  ConditionRow condition{std::string(text.substr(0, equals)), "choice", {}};
  for (std::string_view rest = text.substr(equals + 1);;) {
    const std::size_t bar = rest.find('|');
    condition.choices.emplace_back(rest.substr(0, bar));
    if (bar == std::string_view::npos) return condition;
    rest.remove_prefix(bar + 1);
  }
}

}  // namespace harden::catalogue::compile
