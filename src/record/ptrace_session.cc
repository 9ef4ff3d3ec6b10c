// SPDX-License-Identifier: LGPL-2.1-or-later
// The ptrace backend: for where eBPF is not to be had. At first every call stops; when nothing new has come
// for a while, only those that the filter stops at (tracee.cc).
#include <elf.h>
#include <linux/audit.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <set>
#include <tuple>

#include "catalogue/syscall_names.h"
#include "record/process_lookup.h"
#include "record/recipes.h"
#include "record/service_recording.h"
#include "record/session.h"
#include "record/tracee.h"

namespace harden::record {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Thread {
  EnteredCall call;
  bool is_new = true;  // its first stop is the one that a fork brings along
};

bool is_secure(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/auxv", std::ios::binary);
  Elf64_auxv_t one{};
  while (file.read(reinterpret_cast<char*>(&one), sizeof(one)))
    if (one.a_type == AT_SECURE) return one.a_un.a_val != 0;
  return false;
}

pid_t process_of(pid_t thread) {
  std::ifstream status("/proc/" + std::to_string(thread) + "/status");
  for (std::string word; status >> word;) {
    pid_t pid = 0;
    if (word == "Tgid:" && status >> pid) return pid;
  }
  return thread;
}

class Tracer {
 public:
  Tracer(const Request& request, const Watcher& watcher, ServiceRecording recording)
      : request_(request), watcher_(watcher), recording_(std::move(recording)) {}

  Result<Outcome> run(Signals& signals) {
    HARDEN_CHECK(start());
    recording_.enter(Phase::start);
    started_ = Clock::now();
    auto tick = started_;
    const auto ends = request_.duration ? started_ + *request_.duration : Clock::time_point::max();
    while (!threads_.empty()) {
      int status = 0;
      const pid_t thread = ::waitpid(-1, &status, __WALL | WNOHANG);
      if (thread > 0) {
        handle(thread, status);
        continue;
      }
      if (thread < 0 && errno == ECHILD) break;
      if (signals.should_end() || Clock::now() >= ends) break;
      if (Clock::now() - tick >= std::chrono::seconds(1)) {
        tick = Clock::now();
        recording_.collector().sync();
        if (watcher_.progress) watcher_.progress(progress());
      }
      signals.wait(milliseconds(100));
    }
    return finish();
  }

 private:
  Result<void> start() {
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno(errno, "cannot start a process");
    if (pid == 0) {
      sigset_t none;
      (void)::sigemptyset(&none);
      (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
      std::vector<char*> argv;
      for (const std::string& word : request_.command) argv.push_back(const_cast<char*>(word.c_str()));
      argv.push_back(nullptr);
      (void)::raise(SIGSTOP);  // until the recorder has taken hold
      if (install_trace_filter() != 0) ::_exit(125);
      (void)::execvp(argv[0], argv.data());
      ::_exit(errno == ENOENT ? 127 : 126);
    }
    int status = 0;
    if (::waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
      return fail(Errc::io, "the command ended before it began");
    constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                              PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP |
                              PTRACE_O_EXITKILL;
    if (::ptrace(PTRACE_SEIZE, pid, nullptr, reinterpret_cast<void*>(kOptions)) < 0) {
      const int failed = errno;
      (void)::kill(pid, SIGKILL);
      (void)::waitpid(pid, &status, 0);
      return fail_errno(failed, "cannot trace the command");
    }
    main_ = pid;
    threads_[pid].is_new = false;
    if (::kill(pid, SIGCONT) < 0) return fail_errno(errno, "cannot start the command");
    return {};
  }

  // All calls stop until for some seconds nothing new has come; then the filter's alone.
  void go_on(pid_t thread, int signal) {
    const Thread& one = threads_[thread];
    const bool is_within_call = one.call.is_known;
    const auto request = stops_at_all_ || is_within_call ? PTRACE_SYSCALL : PTRACE_CONT;
    (void)::ptrace(request, thread, nullptr, static_cast<long>(signal));  // gone: waitpid tells
  }

  [[nodiscard]] ServiceRecording::Process process(pid_t thread) {
    const pid_t pid = process_of(thread);
    return {static_cast<std::uint32_t>(pid), 0, pid, process_name(thread), now_ms()};
  }

  void note_call(pid_t thread, const EnteredCall& call, std::int64_t ret) {
    const auto name = syscall_name(call.number, call.is_32_bit ? SyscallAbi::x86 : SyscallAbi::x86_64);
    const std::string text = name.empty() ? "#" + std::to_string(call.number) : std::string(name);
    const bool is_refused = ret == -EPERM || ret == -EACCES || ret == -ENOSYS;
    const int result = is_refused ? static_cast<int>(-ret) : 0;
    if (!noted_.emplace(call.number, call.is_32_bit, result).second) return;
    recording_.add(process(thread), {SyscallUse{call.is_32_bit ? "x86" : "x86-64", text},
                                     is_refused ? std::optional(result) : std::nullopt});
  }

  void take_call(pid_t thread, std::int64_t ret) {
    EnteredCall call = std::move(threads_[thread].call);
    threads_[thread].call = {};
    if (!call.is_known) return;
    note_call(thread, call, ret);
    if (const recipe* what = find_recipe(call.seen.call); what == nullptr || !is_wanted(*what, call, ret))
      return;
    read_result(thread, ret, call);
    add_signal(thread, call);
    recording_.add_call(process(thread), call.seen);
  }

  // As the kernel half decides (record_call()).
  static bool is_wanted(const recipe& what, const EnteredCall& call, std::int64_t ret) {
    if (what.filter_arg != 0 && (call.seen.arg[what.filter_arg - 1U] & what.filter_mask) == 0) return false;
    const bool is_refusal = ret == -EPERM || ret == -EACCES || ret == -EROFS || ret == -ENOSYS;
    constexpr std::int64_t kNothingTold[] = {-ENOENT, -EINTR, -EBADF, -EAGAIN, -EFAULT, -EEXIST, -ENOTDIR};
    if (ret < 0 && (ret <= -512 || std::ranges::find(kNothingTold, ret) != std::end(kNothingTold)))
      return false;
    if ((what.flags & RECIPE_ONLY_REFUSED) != 0) return is_refusal || call.seen.call.ends_with("kill");
    if ((what.flags & RECIPE_ONLY_OK) != 0) return ret >= 0;
    return (what.flags & RECIPE_ONLY_FAILED) == 0 || ret < 0;
  }

  // What was delivered to a process outside; interpret() leaves these to who sees them.
  void add_signal(pid_t thread, const EnteredCall& call) {
    const Seen& seen = call.seen;
    if (!seen.call.ends_with("kill") || seen.ret < 0) return;
    const auto target = static_cast<pid_t>(seen.arg[0]);
    const auto number = static_cast<std::int32_t>(seen.arg[seen.call == "tgkill" ? 2 : 1]);
    if (number == 0 || target <= 0 || threads_.contains(target)) return;
    recording_.add(process(thread), {SignalUse{number, process_name(target), process_unit(target)}, 0});
  }

  void handle_call_stop(pid_t thread) {
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) <= 0) return;
    ++recording_.collector().source().events;
    const bool is_32_bit = info.arch == AUDIT_ARCH_I386;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
      threads_[thread].call =
          read_entry(thread, static_cast<unsigned>(info.entry.nr), is_32_bit, info.entry.args);
    else if (info.op == PTRACE_SYSCALL_INFO_SECCOMP && !threads_[thread].call.is_known)
      threads_[thread].call =
          read_entry(thread, static_cast<unsigned>(info.seccomp.nr), is_32_bit, info.seccomp.args);
    else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
      take_call(thread, info.exit.rval);
    // These do not return.
    const std::string& call = threads_[thread].call.seen.call;
    if (call == "exit" || call == "exit_group") note_call(thread, threads_[thread].call, 0);
  }

  void handle_exec(pid_t thread) {
    const std::string path = process_exe(thread);
    struct stat about{};
    (void)::stat(("/proc/" + std::to_string(thread) + "/exe").c_str(), &about);  // gone: no set-id bits
    const std::string name = threads_[thread].call.seen.name1;
    recording_.add_exec(process(thread), {name, path, about.st_mode, is_secure(thread), false});
  }

  void handle(pid_t thread, int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread == main_) command_status_ = status;
      threads_.erase(thread);
      return;
    }
    if (!WIFSTOPPED(status)) return;
    const int signal = WSTOPSIG(status);
    const int ptrace_event = status >> 16;
    const bool is_first = threads_[thread].is_new;
    threads_[thread].is_new = false;
    if (stops_at_all_) {
      constexpr milliseconds kWarmUp{30'000};
      constexpr std::int64_t kQuietMs = 5000;
      stops_at_all_ = request_.always || Clock::now() - started_ < kWarmUp ||
                      now_ms() - recording_.last_new_ms() < kQuietMs;
      if (!stops_at_all_) few_since_ms_ = now_ms();
    }
    int pass_on = 0;
    if (signal == (SIGTRAP | 0x80)) {
      handle_call_stop(thread);
    } else if (ptrace_event == PTRACE_EVENT_SECCOMP) {
      handle_call_stop(thread);
    } else if (ptrace_event == PTRACE_EVENT_EXEC) {
      handle_exec(thread);
    } else if (ptrace_event == PTRACE_EVENT_STOP) {
      // A group stop stays one; what a fork brings goes on.
      if (!is_first && (signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU)) {
        (void)::ptrace(PTRACE_LISTEN, thread, nullptr, nullptr);  // gone: waitpid tells
        return;
      }
    } else if (ptrace_event == 0) {
      pass_on = signal;
    }
    go_on(thread, pass_on);
  }

  Progress progress() {
    Progress all;
    all.elapsed = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_);
    all.services = 1;
    all.needs = recording_.collector().need_count();
    all.events = recording_.collector().source().events;
    all.since_new = std::chrono::seconds((now_ms() - recording_.last_new_ms()) / 1000);
    return all;
  }

  Result<Outcome> finish() {
    // Who still runs goes on without us: asked to stop, each is let go where it stands.
    for (const auto& [thread, state] : threads_) (void)::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
    while (!threads_.empty()) {
      int status = 0;
      const pid_t thread = ::waitpid(-1, &status, __WALL);
      if (thread < 0 && errno != EINTR) break;
      if (thread > 0 && WIFSTOPPED(status)) (void)::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);
      if (thread > 0) threads_.erase(thread);
    }
    if (few_since_ms_ != 0)
      recording_.collector().source().unwatched_ms = static_cast<std::uint64_t>(now_ms() - few_since_ms_);
    Outcome outcome;
    outcome.command_status = command_status_;
    outcome.files.push_back(recording_.collector().path());
    HARDEN_TRY(Recording whole, recording_.collector().finish([](CountKey) { return std::uint64_t{0}; }));
    outcome.recordings.push_back(std::move(whole));
    return outcome;
  }

  const Request& request_;
  const Watcher& watcher_;
  ServiceRecording recording_;
  std::map<pid_t, Thread> threads_;
  std::set<std::tuple<unsigned, bool, int>> noted_;
  pid_t main_ = 0;
  int command_status_ = 0;
  bool stops_at_all_ = true;
  std::int64_t few_since_ms_ = 0;
  Clock::time_point started_;
};

}  // namespace

Result<Outcome> record_with_ptrace(const Request& request, const Watcher& watcher) {
  HARDEN_TRY(Signals signals, Signals::open());
  Source source = new_source(request, "ptrace");
  source.start_seen = true;
  source.hooks = {{"system calls", "ptrace", "after 30 s all but the rare ones"},
                  {"capabilities", "none", "capabilities"},
                  {"io_uring", "none", "io_uring operations"}};
  const std::string path = request.output.empty() ? default_output(request, {}, source.id) : request.output;
  if (!request.output.empty()) HARDEN_CHECK(make_dirs_of(path));
  HARDEN_TRY(Collector collector, Collector::open(std::move(source), path));
  return Tracer(request, watcher, ServiceRecording(std::move(collector), {})).run(signals);
}

}  // namespace harden::record
