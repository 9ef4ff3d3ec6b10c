// SPDX-License-Identifier: LGPL-2.1-or-later
// A recording: needs, and for each run of a recorder that they come from (a source) what it could see and
// what it missed. Recordings form a semilattice under merge(): union, in any order, each source once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "needs/need.h"

namespace harden {

// How a kind of need was seen in a recording.
struct Hook {
  std::string what;     // "files", "capabilities" …; a word of docs/recording-format.md
  std::string how;      // "fentry/security_file_open"
  std::string misses;   // what it cannot see; empty if nothing is known
  friend auto operator<=>(const Hook&, const Hook&) = default;
};

struct Source {
  // In this order they are compared when one recording comes twice: what merge() takes the greatest of by
  // itself stands last.
  std::string id;  // 32 hexadecimal digits, drawn at random for each recording
  std::optional<std::int64_t> stopped_ms;  // Unix time; nothing: the recorder did not come to its end
  std::int64_t started_ms = 0;
  std::string unit;  // with its suffix: "nginx.service"; empty for a command
  std::vector<std::string> command;  // of `record -- CMD`
  bool user = false;  // a unit of a user manager
  std::string kernel, systemd;  // "6.1.0-56-cloud-amd64", "252"; empty if not known
  std::string backend;  // "ebpf", "ptrace"; "static": read from the program's code, nothing was run
  std::vector<Hook> hooks;
  std::vector<std::string> sandbox;  // directives of the unit that were in force and refuse things:
                                     // what lies behind a refusal was not seen
  bool start_seen = false;  // from before the first instruction of the service
  bool stop_seen = false, reload_seen = false;
  std::uint64_t events = 0;  // that came out of the kernel
  std::uint64_t lost = 0;  // that it had no room for: some needs may be missing
  std::uint64_t overflowed = 0;  // first occurrences that a full table forgot: counts may be too low
  std::uint64_t unwatched_ms = 0;  // for how long system calls were not watched: a duty cycle
  bool redacted = false;
  friend auto operator<=>(const Source&, const Source&) = default;
};

inline constexpr std::string_view kStaticBackend = "static";

struct Recording {
  std::vector<Source> sources;  // by id, each once
  std::vector<Need> needs;  // by detail and error, each once
  friend bool operator==(const Recording&, const Recording&) = default;
};

// Of a source that is made now: 32 hexadecimal digits from the kernel's random numbers, and Unix time.
[[nodiscard]] std::string new_source_id();
[[nodiscard]] std::int64_t now_ms();

// Did nothing but a reading of the program's code say so?
[[nodiscard]] bool is_predicted(const Need& need, const Recording& recording);

// Sorts, joins what is the same need or source, and drops sources that are out of range: the form in
// which equal recordings are equal values. Whoever builds a Recording by hand calls it.
void normalize(Recording& recording);

// Union; counts of different sources add up (Need::count), of the same source the greater holds.
[[nodiscard]] Recording merge(Recording a, const Recording& b);

// Why the recording cannot stand for all that the service does, each a clause: "events were lost". Empty:
// complete, as far as the recorder can tell. That the workload was rich enough no recorder can.
[[nodiscard]] std::vector<std::string> objections(const Recording& recording);

// Without user names and personal paths: what lies below a user's home becomes /home/USER/…, and the names
// found there, and those given, go wherever a path has them. Needs that become the same are joined.
[[nodiscard]] Recording redact(const Recording& recording, std::span<const std::string> user_names = {});

}  // namespace harden
