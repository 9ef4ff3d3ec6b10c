// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/time_span.h"

#include <gtest/gtest.h>

namespace harden {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

TEST(TimeSpan, ReadsWhatSystemdWrites) {
  EXPECT_EQ(parse_time_span("10min").value(), 10min);
  EXPECT_EQ(parse_time_span("1h 30s").value(), 1h + 30s);
  EXPECT_EQ(parse_time_span("1h30s").value(), 1h + 30s);
  EXPECT_EQ(parse_time_span(" 2 days ").value(), 48h);
  EXPECT_EQ(parse_time_span("90").value(), 90s);
  EXPECT_EQ(parse_time_span("250ms").value(), 250ms);
  EXPECT_EQ(parse_time_span("0").value(), 0s);
}

TEST(TimeSpan, RefusesTheRest) {
  for (const char* text :
       {"", "min", "10 parsecs", "-1", "1.5h", "99999999999999999999", "54weeks", "1h,2min"})
    EXPECT_FALSE(parse_time_span(text)) << text;
  EXPECT_EQ(parse_time_span("soon").error().hint, "write 90s, 10min, 1h 30min; at most a year");
}

TEST(TimeSpan, IsPrintedInShort) {
  EXPECT_EQ(time_span_text(0s), "0s");
  EXPECT_EQ(time_span_text(3605s), "1h 5s");
  EXPECT_EQ(time_span_text(90061s), "1d 1h 1min 1s");
  EXPECT_EQ(parse_time_span(time_span_text(90061s)).value(), 90061s);
}

}  // namespace
}  // namespace harden
