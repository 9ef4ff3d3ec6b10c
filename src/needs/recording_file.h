// SPDX-License-Identifier: LGPL-2.1-or-later
// Recordings as files: JSON lines, documented in docs/recording-format.md. The reader takes any bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "needs/recording.h"
#include "util/diagnostic.h"
#include "util/result.h"

namespace harden {

inline constexpr unsigned kRecordingSchema = 1;

// Limits on what is read; past one the rest of the file is left out and a diagnostic says so.
inline constexpr std::size_t kRecordingBytesMax = std::size_t{512} << 20U;   // decompressed
inline constexpr std::size_t kRecordingLineMax = std::size_t{1} << 20U;
inline constexpr std::size_t kRecordingNeedsMax = 2'000'000;
// Files of this size and more are written compressed.
inline constexpr std::size_t kCompressFrom = std::size_t{1} << 20U;

struct ReadRecording {
  Recording recording;
  Diagnostics diagnostics;   // severity error: something of the file was not understood and is missing
};

// `text` decompressed already. What a line says wrong is a diagnostic with its number, and the rest is
// read; fails with Errc::invalid if it is no recording at all, Errc::unsupported if its schema is newer
// than ours.
[[nodiscard]] Result<ReadRecording> parse_recording(std::string_view text, const std::string& file);

// A file, zstd or plain, or "-" for stdin. A compressed file that is cut off gives what it holds.
[[nodiscard]] Result<ReadRecording> read_recording(const std::string& path);

// The whole as text, the same for equal recordings.
[[nodiscard]] std::string print_recording(const Recording& recording);
// Replaces the file; what is no regular file (a device, a pipe, a link) is written to. Compressed where it
// is large or its name ends in ".zst".
[[nodiscard]] Result<void> write_recording(const Recording& recording, const std::string& path);

// Where recordings of a unit are kept, as FOLDER/UNIT/ID.jsonl: for root the machine's folder, for a user,
// and for units of a user's own manager, one below $XDG_STATE_HOME.
inline constexpr std::string_view kRecordingsDir = "/var/lib/harden/recordings";
[[nodiscard]] std::string own_recordings_dir(bool of_user_manager);

// For a recorder that writes as it goes: the first line of a file, a source, a need; each ends in a
// newline. A later line about the same source or need joins the earlier as merge() does.
[[nodiscard]] std::string header_line();
[[nodiscard]] std::string source_line(const Source& source);
[[nodiscard]] std::string need_line(const Need& need);

}  // namespace harden
