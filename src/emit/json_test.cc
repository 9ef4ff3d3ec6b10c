// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace harden {
namespace {

TEST(Json, PlainTextIsQuoted) { EXPECT_EQ(json_string("nginx.service"), "\"nginx.service\""); }

TEST(Json, QuotesAndControlsAreEscaped) {
  EXPECT_EQ(json_string("a\"b\\c\n\x1b"), "\"a\\\"b\\\\c\\n\\u001b\"");
}

TEST(Json, OutputIsAsciiSoThatNothingActsOnATerminal) {
  EXPECT_EQ(json_string("\xc2\x9b\x7f\xe2\x80\xae"), "\"\\u009b\\u007f\\u202e\"");
}

TEST(Json, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(json_string("a\xff"
                        "b"),
            "\"a\\ufffdb\"");
  nlohmann::ordered_json document;
  document["value"] = std::string("\xc3(\xf0\x28");
  EXPECT_NO_THROW((void)json_document(document));
}

TEST(Json, NulByteDoesNotEndTheText) {
  EXPECT_EQ(json_string(std::string_view("a\0b", 3)), "\"a\\u0000b\"");
}

}  // namespace
}  // namespace harden
