// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/table.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

#include "util/text.h"

namespace harden {
namespace {

constexpr std::size_t kGap = 2;
constexpr CharSet kBlank{" "};
constexpr std::size_t kColumnMin = 4;
constexpr std::size_t kComfortable = 24;          // down to here other columns give way to the last
constexpr std::size_t kLastColumnPercent = 45;    // of the width, before it gives way further

std::size_t width_of(std::string_view text) { return is_ascii(text) ? text.size() : display_width(text); }

// Bytes of the character at the front; the text is valid UTF-8.
std::size_t char_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80U) ++length;
  return length;
}

// The longest start of `text` that takes at most `width` columns, but at least one character.
std::size_t prefix_length(std::string_view text, std::size_t width) {
  if (is_ascii(text)) return std::min(text.size(), std::max<std::size_t>(width, 1));
  std::size_t used = 0;
  std::size_t length = 0;
  while (length < text.size()) {
    const std::size_t next = char_length(text.substr(length));
    used += display_width(text.substr(length, next));
    if (used > width && length != 0) break;
    length += next;
  }
  return length;
}

// Where to break a word that is too long: behind the last of some marks in the second half of what fits.
std::size_t break_in_word(std::string_view word, std::size_t fits) {
  const std::size_t mark = word.substr(0, fits).find_last_of("/|(,=:-");
  return mark != std::string_view::npos && mark + 1 > fits / 2 ? mark + 1 : fits;
}

void wrap_line(std::vector<std::string_view>& lines, std::string_view rest, std::size_t width) {
  while (width_of(rest) > width) {
    const std::size_t fits = prefix_length(rest, width);
    // A blank just behind what fits is as good as one within.
    std::size_t blank = rest.rfind(' ', fits);
    if (blank == std::string_view::npos || rest.find_first_not_of(' ') >= blank) {
      const std::size_t end = break_in_word(rest, fits);
      lines.push_back(rest.substr(0, end));
      rest.remove_prefix(end);
    } else {
      lines.push_back(strip_right(rest.substr(0, blank), kBlank));
      rest.remove_prefix(blank);
    }
    rest = strip_left(rest, kBlank);
    if (rest.empty()) return;
  }
  lines.push_back(rest);
}

std::size_t natural_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    width = std::max(width, width_of(text.substr(start, end - start)));
    start = end + 1;
  }
  return width;
}

}  // namespace

std::vector<std::string_view> wrap_text(std::string_view printable, std::size_t width) {
  std::vector<std::string_view> lines;
  for (std::size_t start = 0; start <= printable.size();) {
    const std::size_t end = std::min(printable.find('\n', start), printable.size());
    const std::string_view line = printable.substr(start, end - start);
    if (width == kUnlimitedWidth)
      lines.push_back(line);
    else
      wrap_line(lines, line, width);
    start = end + 1;
  }
  return lines;
}

void print_paragraph(std::string& out, std::string_view head, std::string_view printable, std::size_t width,
                     const Style& style, Ink head_ink) {
  std::size_t indent = width_of(head);
  bool is_beside = true;
  if (width != kUnlimitedWidth && indent > width / 2) {
    for (const std::string_view line : wrap_text(strip_right(head, kBlank), width)) {
      style.paint(out, line, head_ink);
      out += '\n';
    }
    indent = std::min<std::size_t>(kGap, width - 1);
    is_beside = false;
  } else {
    style.paint(out, head, head_ink);
  }
  for (const std::string_view line :
       wrap_text(printable, width == kUnlimitedWidth ? width : width - indent)) {
    if (!is_beside) out.append(indent, ' ');
    out.append(strip_right(line, kBlank)).append("\n");
    is_beside = false;
  }
}

void print_line(std::string& out, std::span<const Cell> pieces, std::size_t width, const Style& style) {
  std::string text;
  for (const Cell& piece : pieces) text += piece.text;
  if (width != kUnlimitedWidth && width_of(text) > width) {
    print_paragraph(out, {}, text, width, style);
    return;
  }
  for (const Cell& piece : pieces) style.paint(out, piece.text, piece.ink);
  out += '\n';
}

Cell foreign_cell(std::string_view text, Ink ink) { return {escape_for_terminal(text), ink}; }

Cell foreign_lines(std::span<const std::string> lines, Ink ink) {
  Cell cell{{}, ink};
  for (const std::string& line : lines) {
    if (!cell.text.empty()) cell.text += '\n';
    cell.text += escape_for_terminal(line);
  }
  return cell;
}

void Table::add_row(std::span<const Cell> cells) {
  assert(cells.size() == columns_.size());
  for (const Cell& cell : cells) {
    cells_.push_back({text_.size(), cell.text.size(), cell.ink});
    text_ += cell.text;
  }
}

std::vector<std::size_t> Table::fit(std::size_t width) const {
  std::vector<std::size_t> widths;
  widths.reserve(columns_.size());
  for (const Column& column : columns_) widths.push_back(column.heading.size());
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    std::size_t& column = widths[i % columns_.size()];
    column = std::max(column, natural_width(piece(cells_[i]).text));
  }
  if (width == kUnlimitedWidth) return widths;

  std::size_t total = kGap * (widths.size() - 1);
  for (const std::size_t column : widths) total += column;
  const auto shrink = [&](std::size_t& column, std::size_t least) {
    if (total <= width || column <= least) return;
    const std::size_t less = std::min(total - width, column - least);
    column -= less;
    total -= less;
  };
  // The widest of the others again and again, a column at a time, so that they come down evenly.
  const std::span<std::size_t> others(widths.data(), widths.size() - 1);
  const auto shrink_others = [&](std::size_t least) {
    while (total > width && !others.empty()) {
      const auto widest = std::ranges::max_element(others);
      if (*widest <= least) break;
      shrink(*widest, *widest - 1);
    }
  };
  shrink(widths.back(), std::max(kLastColumnMin, width * kLastColumnPercent / 100));
  shrink_others(kComfortable);
  shrink(widths.back(), kLastColumnMin);
  shrink_others(kColumnMin);
  shrink(widths.back(), 1);
  return widths;
}

void Table::print_row(std::string& out, std::span<const Piece> cells, std::span<const std::size_t> widths,
                      const Style& style) const {
  const auto pad = [&](std::string_view text, std::size_t column) {
    const std::size_t used = width_of(text);
    return used < widths[column] ? widths[column] - used : 0;
  };
  const auto print_cell = [&](std::string_view text, std::size_t column, std::size_t& blanks) {
    text = strip_right(text, kBlank);
    const std::size_t padding = pad(text, column);
    if (columns_[column].align == Align::right) blanks += padding;
    if (!text.empty()) {
      out.append(blanks, ' ');
      blanks = 0;
      style.paint(out, text, cells[column].ink);
    }
    // Blanks are owed until something follows: no line ends in one.
    blanks += text.empty() ? widths[column] - (columns_[column].align == Align::right ? padding : 0)
                           : (columns_[column].align == Align::right ? 0 : padding);
    blanks += kGap;
  };

  const bool fits = std::ranges::all_of(cells, [&, i = std::size_t{0}](const Piece& cell) mutable {
    return cell.text.size() <= widths[i++] && cell.text.find('\n') == std::string_view::npos;
  });
  if (fits) {
    std::size_t blanks = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) print_cell(cells[i].text, i, blanks);
    out += '\n';
    return;
  }
  std::vector<std::vector<std::string_view>> lines;
  std::size_t height = 1;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    lines.push_back(wrap_text(cells[i].text, std::max<std::size_t>(widths[i], 1)));
    height = std::max(height, lines.back().size());
  }
  for (std::size_t line = 0; line < height; ++line) {
    std::size_t blanks = 0;
    for (std::size_t i = 0; i < cells.size(); ++i)
      print_cell(line < lines[i].size() ? lines[i][line] : std::string_view{}, i, blanks);
    out += '\n';
  }
}

void Table::print(std::string& out, std::size_t width, const Style& style) const {
  const std::vector<std::size_t> widths = fit(width);
  const std::size_t line = std::accumulate(widths.begin(), widths.end(), kGap * widths.size());
  out.reserve(out.size() + (cells_.size() / columns_.size() + 1) * line);
  std::vector<Piece> row;
  row.reserve(columns_.size());
  for (const Column& column : columns_) row.push_back({column.heading, Ink::strong});
  print_row(out, row, widths, style);
  for (std::size_t i = 0; i < cells_.size(); i += columns_.size()) {
    for (std::size_t column = 0; column < columns_.size(); ++column)
      row[column] = piece(cells_[i + column]);
    print_row(out, row, widths, style);
  }
}

}  // namespace harden
