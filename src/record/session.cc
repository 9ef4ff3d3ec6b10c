// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "needs/recording_file.h"
#include "record/collector.h"
#include "util/text.h"

namespace harden::record {
namespace {

sigset_t awaited_signals() {
  sigset_t set;
  (void)::sigemptyset(&set);   // none of these fails on valid arguments
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) (void)::sigaddset(&set, signal);
  return set;
}

}  // namespace

Result<Signals> Signals::open() {
  const sigset_t set = awaited_signals();
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) < 0) return fail_errno(errno, "cannot block signals");
  const int fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return fail_errno(errno, "cannot wait for signals");
  return Signals(fd);
}

Signals::Signals(Signals&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Signals::~Signals() {
  if (fd_ < 0) return;
  (void)::close(fd_);
  const sigset_t set = awaited_signals();
  (void)::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

bool Signals::should_end() {
  signalfd_siginfo one{};
  bool ends = false;
  while (::read(fd_, &one, sizeof(one)) == static_cast<ssize_t>(sizeof(one)))
    ends = ends || one.ssi_signo != SIGCHLD;
  return ends;
}

void Signals::wait(std::chrono::milliseconds patience) const {
  pollfd one{fd_, POLLIN, 0};
  (void)::poll(&one, 1, static_cast<int>(patience.count()));   // whichever way it ends, the caller looks
}

std::string default_output(const Request& request, const std::string& unit, const std::string& id) {
  if (!request.command.empty()) {
    const std::string_view name = base_name(request.command.front());
    return std::string(name).append("-").append(id.substr(0, 8)).append(".jsonl");
  }
  return own_recordings_dir(request.user) + "/" + unit + "/" + id + ".jsonl";
}

Source new_source(const Request& request, std::string backend) {
  Source source;
  source.id = new_source_id();
  source.started_ms = now_ms();
  source.unit = request.unit;
  source.command = request.command;
  // A line of a recording has its limits; what a long command is called is in its beginning.
  constexpr std::size_t kWordsMax = 64;
  constexpr std::size_t kWordMax = 1024;
  if (source.command.size() > kWordsMax) source.command.resize(kWordsMax);
  for (std::string& word : source.command)
    if (word.size() > kWordMax) word.resize(kWordMax);
  source.user = request.user;
  source.backend = std::move(backend);
  utsname about{};
  if (::uname(&about) == 0) source.kernel = about.release;
  return source;
}

Result<void> make_dirs_of(const std::string& file) {
  constexpr mode_t kMode = 0700;
  for (std::size_t at = file.find('/', 1); at != std::string::npos; at = file.find('/', at + 1)) {
    const std::string dir = file.substr(0, at);
    if (::mkdir(dir.c_str(), kMode) < 0 && errno != EEXIST)
      return fail_errno(errno, "cannot make the folder", {dir, 0});
  }
  return {};
}

}  // namespace harden::record
