// SPDX-License-Identifier: LGPL-2.1-or-later
// Colours, and the one door through which foreign text comes on its way to a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace harden {

enum class ColorWhen : std::uint8_t { automatic, always, never };

// What a piece of text is, not how it looks.
enum class Ink : std::uint8_t { plain, heading, strong, dim, good, fair, bad };

// `no_color` and `term` are the values of NO_COLOR and TERM, nullptr where unset.
[[nodiscard]] bool wants_color(ColorWhen when, bool is_terminal, const char* no_color, const char* term);

class Style {
 public:
  explicit Style(bool color) : color_(color) {}
  [[nodiscard]] bool color() const { return color_; }
  // Appends text that is printable already, in the ink's colour.
  void paint(std::string& out, std::string_view printable, Ink ink) const;

 private:
  bool color_;
};

[[nodiscard]] Ink ink_of_exposure(unsigned tenths);
// "9.6"
[[nodiscard]] std::string tenths_text(unsigned tenths);

}  // namespace harden
