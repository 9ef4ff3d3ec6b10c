// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/recordings.h"

#include <algorithm>
#include <utility>

#include "needs/recording_file.h"

namespace harden {
namespace {

bool is_about(const Source& source, const std::string& unit) {
  return source.unit.empty() || source.unit == unit;
}

// Without what was seen of other units.
Recording about(Recording recording, const std::string& unit) {
  for (Need& need : recording.needs)
    std::erase_if(need.seen,
                  [&](const Occurrence& one) { return !is_about(recording.sources[one.source], unit); });
  std::erase_if(recording.needs, [](const Need& need) { return need.seen.empty(); });
  std::vector<std::uint32_t> places(recording.sources.size());
  std::vector<Source> kept;
  for (std::size_t i = 0; i < recording.sources.size(); ++i) {
    places[i] = static_cast<std::uint32_t>(kept.size());
    if (is_about(recording.sources[i], unit)) kept.push_back(std::move(recording.sources[i]));
  }
  recording.sources = std::move(kept);
  for (Need& need : recording.needs)
    for (Occurrence& one : need.seen) one.source = places[one.source];
  normalize(recording);
  return recording;
}

}  // namespace

std::optional<ReadRecordings> read_recordings(const std::vector<std::string>& files,
                                              const std::string& unit, const Console& console) {
  ReadRecordings all;
  for (const std::string& file : files) {
    auto read = read_recording(file);
    if (!read) {
      console.report(read.error());
      return std::nullopt;
    }
    for (const Diagnostic& one : read->diagnostics) {
      console.report(one);
      all.is_whole = all.is_whole && one.severity != Severity::error;
    }
    all.recording = merge(std::move(all.recording), read->recording);
  }
  const auto& sources = all.recording.sources;
  if (sources.empty()) {
    console.report(
        Error{Errc::invalid, "the recordings are empty", 0, {}, "'harden record' makes one", {}});
    return std::nullopt;
  }
  const auto is_ours = [&](const Source& source) { return is_about(source, unit); };
  if (std::ranges::none_of(sources, is_ours))
    console.report(Diagnostic{Severity::warning,
                              "other-unit",
                              {},
                              "the recordings are of " + sources.front().unit + ", not of " + unit,
                              "they are taken as if they were"});
  else if (!std::ranges::all_of(sources, is_ours))
    all.recording = about(std::move(all.recording), unit);
  return all;
}

}  // namespace harden
