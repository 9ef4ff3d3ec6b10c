// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <string>
#include <utility>

#include "emit/diff_report.h"
#include "emit/show_report.h"
#include "emit/table.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Kind;

// Up to here both values are shown whole; beyond, what came and what went.
constexpr std::size_t kWholeColumns = 64;

Ink ink_of(Order order) {
  switch (order) {
    case Order::equal:
      return Ink::plain;
    case Order::tighter:
      return Ink::good;
    case Order::looser:
      return Ink::bad;
    case Order::different:
      return Ink::fair;
  }
  return Ink::plain;
}

std::string whole_value(const catalogue::Directive& directive, std::span<const std::string> words) {
  if (words.empty()) return "(unset)";
  const std::string_view between =
      has_lines(directive.kind) || directive.kind == Kind::commands ? "; " : " ";
  std::string text;
  for (const std::string& word : words)
    text.append(text.empty() ? "" : between).append(escape_for_terminal(word));
  return text.empty() ? "(empty)" : text;
}

bool says_what_is_let_through(Kind kind) {
  return kind == Kind::capabilities || kind == Kind::namespaces || kind == Kind::syscalls ||
         kind == Kind::families || kind == Kind::names || kind == Kind::architectures;
}

std::string change_of(const DirectiveDiff& one) {
  std::string whole = whole_value(*one.directive, one.a) + " → " + whole_value(*one.directive, one.b);
  if (whole.size() <= kWholeColumns || (one.added.empty() && one.removed.empty())) return whole;
  std::string text;
  const auto put = [&text](std::span<const std::string> words, char sign) {
    for (const std::string& word : words)
      text.append(text.empty() ? "" : " ").append(1, sign).append(escape_for_terminal(word));
  };
  put(one.added, '+');
  put(one.removed, '-');
  if (text.size() >= whole.size()) return whole;
  return says_what_is_let_through(one.directive->kind) ? "allows " + text : text;
}

std::string exposure_text(unsigned tenths) {
  return tenths_text(tenths) + " " + std::string(exposure_predicate(tenths));
}

class DiffText {
 public:
  DiffText(const DiffReport& report, std::size_t width, const Style& style)
      : report_(report), width_(width), style_(style) {}

  std::string print() {
    if (report_.trees) {
      for (const UnitDiff& unit : report_.units) {
        print_heading(unit);
        print_directives(unit);
        out_ += '\n';
      }
      print_sum();
    } else {
      const UnitDiff& unit = report_.units.front();
      print_directives(unit);
      if (!unit.directives.empty()) out_ += '\n';
      print_close(unit);
    }
    return std::move(out_);
  }

 private:
  void print_heading(const UnitDiff& unit) {
    style_.paint(out_, escape_for_terminal(unit.unit), Ink::strong);
    out_ += ": ";
    if (unit.change == UnitChange::added) style_.paint(out_, "added", Ink::fair);
    if (unit.change == UnitChange::removed) style_.paint(out_, "removed", Ink::fair);
    if (unit.change == UnitChange::changed)
      style_.paint(out_, verdict(unit.directives), ink_of(unit.order));
    print_exposure(unit);
    out_ += '\n';
  }

  void print_directives(const UnitDiff& unit) {
    if (unit.directives.empty()) return;
    Table table({{"SETTING"}, {"ORDER"}, {"CHANGE"}});
    for (const DirectiveDiff& one : unit.directives) {
      std::string change = change_of(one);
      if (one.by_policy)
        change += " (policy)";
      else if (one.implied)
        change += " (implied)";
      table.add_row({{std::string(one.directive->name) + "="},
                     {std::string(order_name(one.order)), ink_of(one.order)},
                     {std::move(change)}});
    }
    table.print(out_, width_, style_);
  }

  // In a word or some, from the orders of the directives.
  static std::string verdict(std::span<const DirectiveDiff> directives) {
    const auto some = [&](Order order) {
      return std::ranges::find(directives, order, &DirectiveDiff::order) != directives.end();
    };
    const bool different = some(Order::different);
    if (some(Order::tighter) && some(Order::looser)) return "both tighter and looser";
    if (some(Order::tighter)) return different ? "tighter in part, else different" : "tighter";
    if (some(Order::looser)) return different ? "looser in part, else different" : "looser";
    return different ? "different" : "equal";
  }

  void print_close(const UnitDiff& unit) {
    style_.paint(out_, verdict(unit.directives), ink_of(unit.order));
    print_exposure(unit);
    out_ += '\n';
  }

  void print_exposure(const UnitDiff& unit) {
    if (!unit.exposure_a && !unit.exposure_b) return;
    out_ += ", exposure ";
    if (unit.exposure_a)
      style_.paint(out_, exposure_text(*unit.exposure_a), ink_of_exposure(*unit.exposure_a));
    if (unit.exposure_a == unit.exposure_b) return;
    if (unit.exposure_a && unit.exposure_b) out_ += " → ";
    if (unit.exposure_b)
      style_.paint(out_, exposure_text(*unit.exposure_b), ink_of_exposure(*unit.exposure_b));
  }

  void print_sum() {
    struct Count {
      std::string_view what;
      std::size_t number = 0;
    };
    std::array<Count, 6> counts = {
        {{"tighter"}, {"looser"}, {"different"}, {"added"}, {"removed"}, {"equal"}}};
    for (const UnitDiff& unit : report_.units) {
      if (unit.change == UnitChange::added)
        ++counts[3].number;
      else if (unit.change == UnitChange::removed)
        ++counts[4].number;
      else
        ++counts[unit.order == Order::tighter ? 0 : unit.order == Order::looser ? 1 : 2].number;
    }
    counts[5].number = report_.units_equal;
    std::string text;
    for (const Count& one : counts)
      if (one.number != 0)
        text.append(text.empty() ? "" : ", ")
            .append(std::to_string(one.number))
            .append(" ")
            .append(one.what);
    print_paragraph(out_, "services: ", text.empty() ? "none" : text, width_, style_);
  }

  const DiffReport& report_;
  std::size_t width_;
  const Style& style_;
  std::string out_;
};

}  // namespace

std::string diff_text(const DiffReport& report, std::size_t width, const Style& style) {
  assert(report.trees || report.units.size() == 1);
  return DiffText(report, width, style).print();
}

}  // namespace harden
