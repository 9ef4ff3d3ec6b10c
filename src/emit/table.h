// SPDX-License-Identifier: LGPL-2.1-or-later
// Tables and paragraphs for people: aligned, without borders, never wider than the terminal. What does
// not fit is wrapped inside its column, so that nothing is cut off and every line can be copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emit/style.h"

namespace harden {

// 0: as wide as it takes, for a pipe.
inline constexpr std::size_t kUnlimitedWidth = 0;

// Lines of at most `width` columns, broken between words; a word that is longer is broken inside.
// Newlines in the text break too. The text is printable; the lines point into it.
[[nodiscard]] std::vector<std::string_view> wrap_text(std::string_view printable, std::size_t width);

// A paragraph: `head` before the first line, the others set in as far as it is wide. A head that takes more
// than half of the width stands on lines of its own.
void print_paragraph(std::string& out, std::string_view head, std::string_view printable, std::size_t width,
                     const Style& style, Ink head_ink = Ink::plain);

// Printable text; a newline is a line break inside the cell.
struct Cell {
  std::string text;
  Ink ink = Ink::plain;
};
// The pieces as one line; in one colour and wrapped if it does not fit.
void print_line(std::string& out, std::span<const Cell> pieces, std::size_t width, const Style& style);
// Text from outside the program: escaped.
[[nodiscard]] Cell foreign_cell(std::string_view text, Ink ink = Ink::plain);
// Each as a line of its own, escaped.
[[nodiscard]] Cell foreign_lines(std::span<const std::string> lines, Ink ink = Ink::plain);

enum class Align : std::uint8_t { left, right };

struct Column {
  std::string_view heading;
  Align align = Align::left;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void add_row(std::span<const Cell> cells);
  void add_row(std::initializer_list<Cell> cells) { add_row(std::span(cells.begin(), cells.size())); }
  [[nodiscard]] bool empty() const { return cells_.empty(); }
  // Headings and rows. Where they do not fit, the last column and the widest of the others give way, the
  // last not below kLastColumnMin unless the terminal is hardly wider.
  void print(std::string& out, std::size_t width, const Style& style) const;

  static constexpr std::size_t kLastColumnMin = 20;

 private:
  struct Piece {
    std::string_view text;
    Ink ink = Ink::plain;
  };
  struct Placed {
    std::size_t begin;
    std::size_t size;
    Ink ink;
  };

  [[nodiscard]] Piece piece(const Placed& cell) const {
    return {std::string_view(text_).substr(cell.begin, cell.size), cell.ink};
  }
  [[nodiscard]] std::vector<std::size_t> fit(std::size_t width) const;
  void print_row(std::string& out, std::span<const Piece> cells, std::span<const std::size_t> widths,
                 const Style& style) const;

  std::vector<Column> columns_;
  std::string text_;  // of all cells, one behind the other: there may be thousands
  std::vector<Placed> cells_;  // row by row
};

}  // namespace harden
