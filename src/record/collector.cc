// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/collector.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "needs/recording_file.h"

namespace harden::record {

Result<Collector> Collector::open(Source source, std::string path) {
  Collector collector(std::move(source), std::move(path));
  if (collector.path_.empty()) return collector;
  constexpr mode_t kMode = 0600;
  collector.file_.reset(::open(collector.path_.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, kMode));
  if (!collector.file_) return fail_errno(errno, "cannot make the recording", {collector.path_, 0});
  // What is no file gets the whole at the end.
  struct stat about{};
  if (::fstat(collector.file_.get(), &about) < 0 || !S_ISREG(about.st_mode)) collector.file_.reset();
  collector.write(header_line() + source_line(collector.source_));
  if (collector.write_errno_ != 0)
    return fail_errno(collector.write_errno_, "cannot write the recording", {collector.path_, 0});
  return collector;
}

void Collector::write(std::string_view text) {
  while (file_ && write_errno_ == 0 && !text.empty()) {
    const ssize_t written = ::write(file_.get(), text.data(), text.size());
    if (written >= 0)
      text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      write_errno_ = errno;
  }
}

void Collector::sync() {
  if (file_ && ::fdatasync(file_.get()) < 0 && errno != EINVAL && write_errno_ == 0) write_errno_ = errno;
}

bool Collector::add(const Finding& finding, const FirstUse& first, Phases phases, CountKey key) {
  const auto [at, is_new] = needs_.try_emplace({finding.detail, finding.error}, Occurrence{0, 0, 0, first});
  ++at->second.count;
  at->second.phases |= phases;
  if (key != CountKey{}) {
    const auto [begin, end] = counted_.equal_range(key);
    bool known = false;
    for (auto one = begin; one != end; ++one) known = known || one->second == at->first;
    if (!known) counted_.emplace(key, at->first);
  }
  if (is_new) write(need_line(Need{finding.detail, finding.error, {at->second}}));
  return is_new;
}

Result<Recording> Collector::finish(const std::function<std::uint64_t(CountKey)>& count_of) {
  // The first time is in the kernel's count and in ours.
  for (const auto& [key, need] : counted_)
    if (const std::uint64_t count = count_of(key); count > 1) needs_.at(need).count += count - 1;
  source_.stopped_ms = now_ms();
  Recording recording;
  recording.sources.push_back(source_);
  for (const auto& [key, occurrence] : needs_)
    recording.needs.push_back({key.first, key.second, {occurrence}});
  normalize(recording);
  if (path_.empty()) return recording;
  HARDEN_CHECK(write_recording(recording, path_));
  return recording;
}

}  // namespace harden::record
