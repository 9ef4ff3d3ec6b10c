// SPDX-License-Identifier: LGPL-2.1-or-later
// Which system calls can this program make? The union over the program and all that it may load, each call
// with the way on which it is reached, and everything that had to be assumed or could not be told.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reach/cache.h"
#include "reach/isa.h"
#include "util/result.h"
#include "util/root_dir.h"

namespace harden::reach {

enum class Source : std::uint8_t {
  code,      // the number stands in reached code
  wrapper,   // it is handed to a function that makes the call
  model,     // known of the C library or its loader
  plugin,    // only a module that is assumed to be opened reaches it
};

enum class Confidence : std::uint8_t {
  high,      // reached in what is loaded for certain
  assumed,   // rests on an entry of `assumed`
};

struct WitnessStep {
  std::string module;          // path of the file
  std::string symbol;          // empty: the function has no name
  std::uint64_t address = 0;   // of the function; the last step's is that of the call itself

  friend bool operator==(const WitnessStep&, const WitnessStep&) = default;
};

struct ReachedCall {
  unsigned number = 0;
  std::string name;            // "syscall_NUMBER" for one that the table lacks
  Confidence confidence = Confidence::high;
  Source source = Source::code;
  std::vector<WitnessStep> witness;   // from a root to the site, on a shortest way
};

struct ClosureEntry {
  std::string path, reason, build_id;
  std::uint64_t code_size = 0;
  bool is_plugin = false;
  bool is_from_cache = false;
};

struct UnresolvedSite {
  std::string module;
  std::uint64_t address = 0;
  std::string symbol;
  std::string reason;
};

struct ReachSet {
  std::string program;                       // resolved path
  std::vector<std::string> through;          // scripts that led here, by their #!
  std::vector<ClosureEntry> closure;
  std::vector<ReachedCall> calls;            // by name
  std::vector<std::string> assumed;          // each a sentence
  std::vector<UnresolvedSite> unresolved;    // reached, and not known
  std::vector<std::string> started;          // programs that it is seen to name, if it can start any
  // Why the set may lack calls that the program makes; with any of these it is no filter.
  std::vector<std::string> objections;
};

struct ScanOptions {
  const Isa* isa = nullptr;                  // needed
  std::vector<std::string> plugins;  // of the caller: paths or names; one that is not there fails
  const Cache* cache = nullptr;
  std::function<void(std::string_view)> progress = {};  // a line of talk, at most a few a second
};

// `path` inside the tree. Errc::not_found; Errc::invalid for what is neither ELF nor a script;
// Errc::unsupported for a foreign ELF, in words.
[[nodiscard]] Result<ReachSet> scan_program(const FileSystem& fs, std::string_view path,
                                            const ScanOptions& options);

}  // namespace harden::reach
