// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as an ELF file: reading it ends, with a summary that holds together and survives the cache.
#include <cstdint>
#include <string>

#include "decode/x86_64.h"
#include "fuzz/check.h"
#include "reach/cache.h"
#include "reach/elf_image.h"
#include "reach/unwind.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace harden::reach;
  const std::string copy(reinterpret_cast<const char*>(bytes), size);
  const auto image = ElfImage::parse(Bytes(copy));
  if (!image) {
    FUZZ_CHECK(!image.error().message.empty());
    return 0;
  }
  for (const UnwindRange& one : read_unwind_ranges(*image)) {
    FUZZ_CHECK(one.begin < one.end && image->is_code(one.begin));
    (void)read_landing_pads(*image, one);  // only that it ends well
  }
  const Summary summary = summarize(*image, x86_64(), known_wrappers());
  FUZZ_CHECK(summary.vertices.size() >= summary.function_count + 1U);
  const auto again = read_summary(write_summary(summary));
  FUZZ_CHECK(again && *again == summary);
  return 0;
}
