// SPDX-License-Identifier: LGPL-2.1-or-later
// One recording while it grows: findings come in, first occurrences go to the file at once, and the end
// writes the whole anew with its counts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "needs/recording.h"
#include "record/interpret.h"
#include "util/result.h"
#include "util/unique_fd.h"

namespace harden::record {

// By which the kernel counts repeats; {0, 0}: it does not.
using CountKey = std::pair<std::uint64_t, std::uint64_t>;

class Collector {
 public:
  // Makes or replaces the file and writes what is known at the start. An empty path: nothing is written.
  [[nodiscard]] static Result<Collector> open(Source source, std::string path);

  // Whether it is a new need. A failure to write is kept for finish().
  bool add(const Finding& finding, const FirstUse& first, Phases phases, CountKey key = {});
  [[nodiscard]] std::size_t need_count() const { return needs_.size(); }
  [[nodiscard]] Source& source() { return source_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  // What was written so far is on disk when it returns.
  void sync();

  // Adds what the kernel counted, marks what outlives the service, and replaces the file.
  [[nodiscard]] Result<Recording> finish(const std::function<std::uint64_t(CountKey)>& count_of);

 private:
  using Key = std::pair<NeedDetail, std::optional<int>>;

  Collector(Source source, std::string path) : source_(std::move(source)), path_(std::move(path)) {}
  void write(std::string_view text);

  Source source_;
  std::string path_;
  UniqueFd file_;
  int write_errno_ = 0;
  std::map<Key, Occurrence> needs_;
  std::multimap<CountKey, Key> counted_;
};

}  // namespace harden::record
