// SPDX-License-Identifier: LGPL-2.1-or-later
// A recording from its start to its end, on this machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "needs/recording.h"
#include "util/result.h"

namespace harden::record {

struct Request {
  std::vector<std::string> command;   // record this program; or
  std::string unit;                   // this unit; or
  bool all = false;                   // every service
  bool user = false;                  // of the user's own manager
  bool restart = false;
  bool until_stopped = false;
  std::optional<std::chrono::milliseconds> duration;
  std::string output;                 // a file; of `all` a folder. Empty: where default_output() says
  bool always = false;                // no duty cycle
  std::vector<std::string> refused_programs;   // for tests of the second best
};

// For a progress line.
struct Progress {
  std::chrono::seconds elapsed{0}, since_new{0};
  std::size_t services = 0, needs = 0;
  std::uint64_t events = 0, lost = 0;
};

struct Outcome {
  std::vector<std::string> files;
  std::vector<Recording> recordings;   // as many
  int command_status = 0;              // of waitpid
};

// Ends by its own, by SIGINT or by SIGTERM. `progress` is called about once in a second, `ready` once, when
// nothing that happens from then on is missed.
struct Watcher {
  std::function<void(const Progress&)> progress;
  std::function<void()> ready;
};
[[nodiscard]] Result<Outcome> record_with_ebpf(const Request& request, const Watcher& watcher);
// Only a command. What it cannot see is in docs/record.md.
[[nodiscard]] Result<Outcome> record_with_ptrace(const Request& request, const Watcher& watcher);

// /var/lib/harden/recordings/UNIT/ID.jsonl, for a user below $XDG_STATE_HOME; for a command, a file here.
[[nodiscard]] std::string default_output(const Request& request, const std::string& unit,
                                         const std::string& id);

// What is the same for both backends.
[[nodiscard]] Source new_source(const Request& request, std::string backend);
[[nodiscard]] Result<void> make_dirs_of(const std::string& file);

// SIGINT, SIGTERM and SIGCHLD as a descriptor; blocked for the thread while it lives.
class Signals {
 public:
  [[nodiscard]] static Result<Signals> open();
  Signals(Signals&& other) noexcept;
  Signals& operator=(Signals&&) = delete;
  ~Signals();
  // Whether one came that ends the recording. Does not wait.
  [[nodiscard]] bool should_end();
  // Until one comes, for so long at most.
  void wait(std::chrono::milliseconds patience) const;

 private:
  explicit Signals(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace harden::record
