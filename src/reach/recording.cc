// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/recording.h"

#include <algorithm>

#include "catalogue/syscall_names.h"
#include "util/text.h"

namespace harden::reach {
namespace {

constexpr std::string_view kNativeAbi = "x86-64";

// "openat", "[pid  12] openat(AT_FDCWD, …", "12 <... openat resumed>…": openat; anything else: empty.
std::string_view call_of(std::string_view line) {
  line = strip(line);
  if (line.starts_with("[pid")) line = strip(line.substr(std::min(line.find(']'), line.size() - 1) + 1));
  const std::size_t number =
      CharSet("0123456789").contains(line.empty() ? 'x' : line[0]) ? line.find(' ') : 0;
  if (number == std::string_view::npos) return {};
  line = strip(line.substr(number));
  constexpr std::string_view kResumed = "<... ";
  if (line.starts_with(kResumed)) line.remove_prefix(kResumed.size());
  const std::size_t end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_");
  const char after = end == std::string_view::npos ? '(' : line[end];
  const std::string_view name = line.substr(0, end);
  return (after == '(' || after == ' ' || after == '#') && syscall_number(name) ? name : std::string_view();
}

}  // namespace

std::vector<std::string> read_recorded_calls(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view line : split(text, '\n'))
    if (const std::string_view name = call_of(line); !name.empty()) names.emplace_back(name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

std::vector<std::string> recorded_calls(const Recording& recording) {
  std::vector<std::string> names;
  for (const Need& need : recording.needs)
    if (const auto* call = std::get_if<SyscallUse>(&need.detail);
        call != nullptr && call->abi == kNativeAbi && !is_predicted(need, recording))
      names.push_back(call->name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

Recording as_recording(const ReachSet& set, const std::string& unit) {
  harden::Source source;
  source.id = new_source_id();
  source.unit = unit;
  if (unit.empty()) source.command = {set.program};
  source.backend = kStaticBackend;
  source.started_ms = now_ms();
  source.stopped_ms = source.started_ms;
  Recording recording{{source}, {}};
  FirstUse first;
  first.comm = base_name(set.program);
  first.exe = set.program;
  for (const ReachedCall& call : set.calls)
    recording.needs.push_back({SyscallUse{std::string(kNativeAbi), call.name}, {}, {{0, 1, 0, first}}});
  normalize(recording);
  return recording;
}

Comparison compare_calls(const ReachSet& set, const std::vector<std::string>& recorded) {
  Comparison result;
  for (const ReachedCall& one : set.calls) {
    if (std::ranges::binary_search(recorded, one.name))
      result.confirmed.push_back(one.name);
    else
      result.never_seen.push_back(&one);
  }
  std::ranges::set_difference(recorded, result.confirmed, std::back_inserter(result.missed));
  const std::size_t both = set.calls.size() + recorded.size();
  if (both != 0) result.f1 = 2.0 * static_cast<double>(result.confirmed.size()) / static_cast<double>(both);
  return result;
}

}  // namespace harden::reach
