// SPDX-License-Identifier: LGPL-2.1-or-later
// A TOML file as plain values with their lines, and a strict view of its tables: each column is asked
// for by name and type, and what nobody asked for is a fault. Faults are collected, not thrown, so that
// one run names all of them as file:line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace harden::catalogue::compile {

struct Node {
  enum class Type : std::uint8_t { text, number, flag, array, table };
  Type type = Type::table;
  unsigned line = 0;
  std::string text;
  std::int64_t number = 0;
  bool flag = false;
  std::vector<Node> items;                             // array
  std::map<std::string, Node> columns;   // table
};

class Report {
 public:
  void add(std::string_view file, unsigned line, std::string_view message);
  [[nodiscard]] bool empty() const { return lines_.empty(); }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }   // "file:line: what"
  void print() const;                                                              // to stderr

 private:
  std::vector<std::string> lines_;
};

// Nothing if the file cannot be read or parsed, with the reason in the report. An absent file is such.
[[nodiscard]] std::optional<Node> load_document(const std::string& file, Report& report);

class TableView {
 public:
  TableView(const Node& node, std::string_view file, Report& report)
      : node_(node), file_(file), report_(report) {}

  [[nodiscard]] const Node* find(std::string_view column);   // and marks it as asked for
  [[nodiscard]] std::string required_text(std::string_view column);
  [[nodiscard]] std::string text(std::string_view column, std::string_view otherwise = {});
  [[nodiscard]] std::int64_t number(std::string_view column, std::int64_t otherwise, std::int64_t low,
                                    std::int64_t high);
  [[nodiscard]] bool flag(std::string_view column, bool otherwise);
  [[nodiscard]] std::vector<std::string> texts(std::string_view column);
  // Every column that has not been asked for is a fault.
  void finish();
  void fault(std::string_view message) const { report_.add(file_, node_.line, message); }
  [[nodiscard]] unsigned line() const { return node_.line; }

 private:
  const Node& node_;
  std::string_view file_;
  Report& report_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace harden::catalogue::compile
