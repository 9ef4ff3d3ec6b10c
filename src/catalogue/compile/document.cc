// SPDX-License-Identifier: LGPL-2.1-or-later
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include "catalogue/compile/document.h"

#include <fmt/format.h>
// toml++ is not clean under our warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wundef"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wnull-dereference"
#include <toml++/toml.h>
#pragma GCC diagnostic pop

#include <cstdio>
#include <functional>

namespace harden::catalogue::compile {
namespace {

Node convert(const toml::node& from, std::string_view file, Report& report) {
  Node node;
  node.line = from.source().begin.line;
  if (const auto* table = from.as_table()) {
    node.type = Node::Type::table;
    for (const auto& [key, value] : *table) node.columns.emplace(key.str(), convert(value, file, report));
  } else if (const auto* array = from.as_array()) {
    node.type = Node::Type::array;
    for (const auto& item : *array) node.items.push_back(convert(item, file, report));
  } else if (const auto* text = from.as_string()) {
    node.type = Node::Type::text;
    node.text = text->get();
  } else if (const auto* number = from.as_integer()) {
    node.type = Node::Type::number;
    node.number = number->get();
  } else if (const auto* flag = from.as_boolean()) {
    node.type = Node::Type::flag;
    node.flag = flag->get();
  } else {
    report.add(file, node.line, "a value of a type that no table has");
  }
  return node;
}

}  // namespace

void Report::add(std::string_view file, unsigned line, std::string_view message) {
  lines_.push_back(line == 0 ? fmt::format("{}: {}", file, message)
                             : fmt::format("{}:{}: {}", file, line, message));
}

void Report::print() const {
  for (const std::string& line : lines_) fmt::print(stderr, "{}\n", line);
}

std::optional<Node> load_document(const std::string& file, Report& report) {
  const toml::parse_result parsed = toml::parse_file(file);
  if (!parsed) {
    report.add(file, parsed.error().source().begin.line, parsed.error().description());
    return std::nullopt;
  }
  return convert(parsed.table(), file, report);
}

const Node* TableView::find(std::string_view column) {
  asked_.emplace(column);
  for (const auto& [name, node] : node_.columns)
    if (name == column) return &node;
  return nullptr;
}

std::string TableView::required_text(std::string_view column) {
  if (find(column) == nullptr) fault(fmt::format("no `{}`", column));
  return text(column);
}

std::string TableView::text(std::string_view column, std::string_view otherwise) {
  const Node* node = find(column);
  if (node == nullptr) return std::string(otherwise);
  if (node->type != Node::Type::text || node->text.empty())
    report_.add(file_, node->line, fmt::format("`{}` must be a text that is not empty", column));
  return node->text;
}

std::int64_t TableView::number(std::string_view column, std::int64_t otherwise, std::int64_t low,
                               std::int64_t high) {
  const Node* node = find(column);
  if (node == nullptr) return otherwise;
  if (node->type != Node::Type::number || node->number < low || node->number > high) {
    report_.add(file_, node->line, fmt::format("`{}` must be a number from {} to {}", column, low, high));
    return otherwise;
  }
  return node->number;
}

bool TableView::flag(std::string_view column, bool otherwise) {
  const Node* node = find(column);
  if (node == nullptr) return otherwise;
  if (node->type != Node::Type::flag)
    report_.add(file_, node->line, fmt::format("`{}` must be true or false", column));
  return node->flag;
}

std::vector<std::string> TableView::texts(std::string_view column) {
  std::vector<std::string> result;
  const Node* node = find(column);
  if (node == nullptr) return result;
  bool good = node->type == Node::Type::array;
  for (const Node& item : node->items) {
    good = good && item.type == Node::Type::text && !item.text.empty();
    result.push_back(item.text);
  }
  if (!good) report_.add(file_, node->line, fmt::format("`{}` must be a list of texts", column));
  return result;
}

void TableView::finish() {
  for (const auto& [name, node] : node_.columns)
    if (!asked_.contains(name)) report_.add(file_, node.line, fmt::format("unknown column `{}`", name));
}

}  // namespace harden::catalogue::compile
