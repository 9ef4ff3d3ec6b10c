// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/style.h"

#include <array>

namespace harden {

bool wants_color(ColorWhen when, bool is_terminal, const char* no_color, const char* term) {
  if (when != ColorWhen::automatic) return when == ColorWhen::always;
  if (no_color != nullptr && *no_color != '\0') return false;
  return is_terminal && (term == nullptr || std::string_view(term) != "dumb");
}

void Style::paint(std::string& out, std::string_view printable, Ink ink) const {
  static constexpr std::array<std::string_view, 7> kCodes = {"", "1;4", "1", "2", "32", "33", "31"};
  const std::string_view code = kCodes[static_cast<std::size_t>(ink)];
  if (!color_ || code.empty() || printable.empty()) {
    out += printable;
    return;
  }
  out.append("\x1b[").append(code).append("m").append(printable).append("\x1b[0m");
}

Ink ink_of_exposure(unsigned tenths) {
  constexpr unsigned kUnsafe = 90;
  constexpr unsigned kExposed = 75;
  constexpr unsigned kMedium = 50;
  if (tenths >= kUnsafe) return Ink::bad;
  if (tenths >= kExposed) return Ink::fair;
  return tenths >= kMedium ? Ink::plain : Ink::good;
}

std::string tenths_text(unsigned tenths) {
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace harden
