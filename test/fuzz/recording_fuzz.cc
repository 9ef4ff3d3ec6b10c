// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a recording: what is read can be printed, read back the same, merged with itself and
// redacted.
#include <cstdint>
#include <string>

#include "fuzz/check.h"
#include "needs/compress.h"
#include "needs/recording_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace harden;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  constexpr std::size_t kLimit = 1U << 20U;
  const std::string plain = is_compressed(text) ? decompress(text, kLimit).text : std::string(text);
  FUZZ_CHECK(plain.size() <= std::max(kLimit, size));
  const auto read = parse_recording(plain, "input");
  if (!read) {
    FUZZ_CHECK(!read.error().message.empty());
    return 0;
  }
  const auto again = parse_recording(print_recording(read->recording), "again");
  FUZZ_CHECK(again && again->diagnostics.empty() && again->recording == read->recording);
  FUZZ_CHECK(merge(read->recording, read->recording) == read->recording);
  const Recording redacted = redact(read->recording);
  FUZZ_CHECK(redact(redacted) == redacted);
  return 0;
}
