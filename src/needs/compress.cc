// SPDX-License-Identifier: LGPL-2.1-or-later
#include "needs/compress.h"

#include <zstd.h>

#include <memory>

namespace harden {
namespace {

struct FreeStream {
  void operator()(ZSTD_DStream* stream) const noexcept { (void)ZSTD_freeDStream(stream); }
};

}  // namespace

bool is_compressed(std::string_view bytes) { return bytes.starts_with("\x28\xb5\x2f\xfd"); }

Result<std::string> compress(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  constexpr int kLevel = 3;
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kLevel);
  if (ZSTD_isError(size) != 0)
    return fail(Errc::io, std::string("cannot compress: ") + ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

Decompressed decompress(std::string_view bytes, std::size_t limit) {
  Decompressed result;
  const std::unique_ptr<ZSTD_DStream, FreeStream> stream(ZSTD_createDStream());
  if (!stream) return {{}, "out of memory"};
  // A header can ask for gigabytes of window before the first byte comes out.
  constexpr int kWindowLogMax = 27;
  (void)ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, kWindowLogMax);
  std::string buffer(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::size_t left = 0;   // 0: a frame is complete
  for (;;) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(left) != 0) {
      result.trouble = std::string("the compressed data are damaged: ") + ZSTD_getErrorName(left);
      return result;
    }
    if (out.pos > limit - result.text.size()) {
      result.text.append(buffer, 0, limit - result.text.size());
      result.trouble = "the text is too long: its end was left out";
      return result;
    }
    result.text.append(buffer, 0, out.pos);
    if (in.pos == in.size && out.pos < out.size) break;
  }
  if (left != 0) result.trouble = "the compressed data are cut off";
  return result;
}

}  // namespace harden
