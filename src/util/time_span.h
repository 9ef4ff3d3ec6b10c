// SPDX-License-Identifier: LGPL-2.1-or-later
// Spans of time as systemd.time(7) writes them, for options.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "util/result.h"

namespace harden {

// "10min", "1h 30s", "2days", "90": numbers without unit are seconds. Errc::invalid for anything else, and
// for more than a year.
[[nodiscard]] Result<std::chrono::milliseconds> parse_time_span(std::string_view text);

// The same in short, to the second: "1h 5min", "45s".
[[nodiscard]] std::string time_span_text(std::chrono::seconds span);

}  // namespace harden
