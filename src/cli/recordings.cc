// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/recordings.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "needs/recording_file.h"
#include "unit/unit_name.h"

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

namespace filesystem = std::filesystem;

// The paths in a folder, sorted; none where it cannot be read, with the reason in `fault`.
std::vector<filesystem::path> list(const filesystem::path& dir, std::error_code& fault) {
  std::vector<filesystem::path> paths;
  for (filesystem::directory_iterator at(dir, fault), end; !fault && at != end; at.increment(fault))
    paths.push_back(at->path());
  std::ranges::sort(paths);
  return paths;
}

// Those that were kept of the unit; of a template, of all its instances. A folder that is not there holds
// none.
Result<std::vector<std::string>> find_kept(const std::string& unit,
                                           const std::optional<std::string>& root) {
  std::vector<std::string> dirs = {root.value_or("") + std::string(kRecordingsDir)};
  if (!root && own_recordings_dir(false) != dirs.front()) dirs.push_back(own_recordings_dir(false));
  const auto name = parse_unit_name(unit);
  const bool is_template = name && name->kind() == UnitNameKind::template_;
  std::vector<std::string> files;
  const auto look_into = [&](const filesystem::path& dir) -> Result<void> {
    std::error_code fault;
    for (const filesystem::path& path : list(dir, fault))
      if (path.extension() == ".jsonl" || path.extension() == ".zst") files.push_back(path.string());
    if (fault && fault != std::errc::no_such_file_or_directory)
      return fail_errno(fault.value(), "cannot read the folder of recordings", {dir.string(), 0});
    return {};
  };
  for (const std::string& dir : dirs) {
    if (!is_template) {
      HARDEN_CHECK(look_into(filesystem::path(dir) / unit));
      continue;
    }
    std::error_code fault;
    for (const filesystem::path& path : list(dir, fault)) {
      const auto instance = parse_unit_name(path.filename().string());
      if (instance && instance->template_name() == *name) {
        HARDEN_CHECK(look_into(path));
      }
    }
  }
  return files;
}

}  // namespace

std::optional<ReadRecordings> read_recordings(std::vector<std::string> files, const std::string& unit,
                                              const std::optional<std::string>& root,
                                              const Console& console) {
  if (files.empty()) {
    auto kept = find_kept(unit, root);
    if (!kept || kept->empty()) {
      console.report(unit, !kept ? kept.error()
                                 : Error{Errc::not_found,
                                         "there is no recording of it",
                                         0,
                                         {},
                                         "`harden record " + unit + " --restart` makes one",
                                         {}});
      return std::nullopt;
    }
    files = std::move(*kept);
  }
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
