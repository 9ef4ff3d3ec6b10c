// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/time_span.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "util/text.h"

namespace harden {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
// Source: systemd.time(7), "Parsing Time Spans".
constexpr std::array kUnits = {
    Unit{"ms", 1},          Unit{"msec", 1},         Unit{"", kSecond},        Unit{"s", kSecond},
    Unit{"sec", kSecond},   Unit{"second", kSecond}, Unit{"seconds", kSecond}, Unit{"m", kMinute},
    Unit{"min", kMinute},   Unit{"minute", kMinute}, Unit{"minutes", kMinute}, Unit{"h", kHour},
    Unit{"hr", kHour},      Unit{"hour", kHour},     Unit{"hours", kHour},     Unit{"d", kDay},
    Unit{"day", kDay},      Unit{"days", kDay},      Unit{"w", 7 * kDay},      Unit{"week", 7 * kDay},
    Unit{"weeks", 7 * kDay}};
constexpr std::int64_t kMax = 366 * kDay;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<milliseconds> parse_time_span(std::string_view text) {
  const auto refuse = [&] {
    return fail(Errc::invalid, fmt::format("`{}` is no span of time", text), {},
                "write 90s, 10min, 1h 30min; at most a year");
  };
  std::int64_t total = 0;
  std::string_view rest = strip(text);
  if (rest.empty()) return refuse();
  while (!rest.empty()) {
    const auto digits = static_cast<std::size_t>(std::ranges::find_if_not(rest, is_digit) - rest.begin());
    std::int64_t number = 0;
    if (std::from_chars(rest.data(), rest.data() + digits, number).ec != std::errc()) return refuse();
    rest = strip_left(rest.substr(digits));
    const std::size_t end = rest.find_first_of(" \t0123456789");
    const std::string_view name = rest.substr(0, end);
    const auto unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit == kUnits.end() || number > kMax / unit->milliseconds) return refuse();
    total += number * unit->milliseconds;
    if (total > kMax) return refuse();
    rest = strip_left(rest.substr(name.size()));
  }
  return milliseconds(total);
}

std::string time_span_text(std::chrono::seconds span) {
  constexpr std::array kNames = {Unit{"d", kDay}, Unit{"h", kHour}, Unit{"min", kMinute},
                                 Unit{"s", kSecond}};
  std::int64_t left = std::max<std::int64_t>(0, milliseconds(span).count());
  std::string text;
  for (const Unit& unit : kNames) {
    const std::int64_t count = left / unit.milliseconds;
    left %= unit.milliseconds;
    if (count != 0) text += fmt::format("{}{}{}", text.empty() ? "" : " ", count, unit.name);
  }
  return text.empty() ? "0s" : text;
}

}  // namespace harden
