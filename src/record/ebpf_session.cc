// SPDX-License-Identifier: LGPL-2.1-or-later
// The eBPF backend: the programs first, then the service, so that nothing of its start is missed.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "record/event_reader.h"
#include "record/kernel_recorder.h"
#include "record/process_lookup.h"
#include "record/session.h"
#include "record/systemctl.h"
#include "util/text.h"
#include "util/unique_fd.h"

namespace harden::record {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

std::int64_t boot_time_ms() {
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);   // always there
  return now_ms() - (std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000);
}

// The inode number of a control group's directory: its id. 0 if it is not there.
std::uint64_t cgroup_id(const std::string& dir) {
  struct stat about{};
  return ::stat(dir.c_str(), &about) == 0 ? about.st_ino : 0;
}

std::vector<std::int32_t> processes_in(const std::string& cgroup_dir) {
  std::vector<std::int32_t> pids;
  std::ifstream file(cgroup_dir + "/cgroup.procs");
  for (std::int32_t pid = 0; file >> pid;) pids.push_back(pid);
  return pids;
}

// A control group and all below it.
template <typename Each>
void for_each_cgroup(const std::string& dir, Each each) {
  std::error_code fault;   // groups come and go meanwhile
  if (!std::filesystem::is_directory(dir, fault)) return;
  each(dir);
  for (auto at = std::filesystem::recursive_directory_iterator(dir, fault);
       !fault && at != std::filesystem::recursive_directory_iterator(); at.increment(fault))
    if (at->is_directory(fault)) each(at->path().string());
}

// A program in a control group of its own, held back until it is let go.
class HeldCommand {
 public:
  static Result<HeldCommand> start(const std::vector<std::string>& words, const std::string& cgroup_dir) {
    std::array<int, 2> gate{};
    if (::pipe2(gate.data(), O_CLOEXEC) < 0) return fail_errno(errno, "cannot make a pipe");
    UniqueFd wait(gate[0]);
    UniqueFd open(gate[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno(errno, "cannot start a process");
    if (pid == 0) {
      char byte = 0;
      open.reset();
      if (::read(wait.get(), &byte, 1) != 1) ::_exit(125);   // the recorder gave up
      sigset_t none;
      (void)::sigemptyset(&none);
      (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
      std::vector<char*> argv;
      for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
      argv.push_back(nullptr);
      (void)::execvp(argv[0], argv.data());
      ::_exit(errno == ENOENT ? 127 : 126);
    }
    HeldCommand held(pid, std::move(open));
    std::ofstream procs(cgroup_dir + "/cgroup.procs");
    if (!(procs << pid << std::flush))
      return fail(Errc::io, "cannot move a process into a control group", {cgroup_dir, 0});
    return held;
  }
  void let_go() {
    const char byte = 1;
    (void)!::write(open_.get(), &byte, 1);   // else it has died already, which waiting for it tells
    open_.reset();
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  HeldCommand(pid_t pid, UniqueFd open) : pid_(pid), open_(std::move(open)) {}
  pid_t pid_;
  UniqueFd open_;
};

class Session {
 public:
  Session(const Request& request, const Watcher& watcher) : request_(request), watcher_(watcher) {}
  ~Session() {
    for (const std::string& dir : made_)
      (void)::rmdir(dir.c_str());   // not empty if what was recorded still runs
  }

  Result<Outcome> run() {
    HARDEN_TRY(Signals signals, Signals::open());
    const auto root = unified_hierarchy();
    if (!root)
      return fail(Errc::unsupported, "there is no unified control group hierarchy (cgroup2) mounted", {},
                  "'harden record --backend=ptrace -- CMD' does without");
    root_ = *root;
    HARDEN_CHECK(prepare());
    HARDEN_CHECK(begin());
    if (watcher_.ready) watcher_.ready();
    HARDEN_CHECK(start());
    HARDEN_CHECK(loop(signals));
    return finish();
  }

 private:
  // What is to be recorded, and the programs in the kernel, not yet attached.
  Result<void> prepare() {
    KernelOptions options;
    options.all_services = request_.all;
    if (request_.command.empty()) options.manager_group = cgroup_id(root_ + systemctl_.control_group());
    options.refused = request_.refused_programs;
    if (!request_.unit.empty()) {
      HARDEN_TRY(Systemctl::Unit unit, systemctl_.show(request_.unit));
      unit_ = std::move(unit);
      groups_.push_back({unit_.name, unit_.control_group.empty() ? "" : root_ + unit_.control_group});
    } else if (request_.all) {
      for_each_cgroup(root_, [&](const std::string& dir) {
        if (dir.ends_with(".service")) groups_.push_back({std::string(base_name(dir)), dir});
      });
    } else {
      HARDEN_TRY(std::string dir, make_group());
      HARDEN_TRY(HeldCommand held, HeldCommand::start(request_.command, dir));
      held_ = std::make_unique<HeldCommand>(std::move(held));
      groups_.push_back({std::string(base_name(dir)), dir});
    }
    options.service_count = static_cast<Service>(groups_.size());
    auto loaded = KernelRecorder::load(options);
    if (!loaded) return std::unexpected(loaded.error());
    kernel_ = std::make_unique<KernelRecorder>(std::move(*loaded));
    reader_ = std::make_unique<EventReader>([this](std::int64_t id) { return kernel_->stack(id); },
                                            boot_time_ms());
    return {};
  }

  // Of this process's own group, or of the hierarchy's root where that one may have no children.
  Result<std::string> make_group() {
    const std::string name = "/harden-record-" + std::to_string(::getpid());
    const std::string own = process_cgroup(::getpid());
    constexpr mode_t kMode = 0755;
    for (const std::string& parent : {root_ + (own == "/" ? "" : own), root_}) {
      const std::string dir = parent + name;
      if (::mkdir(dir.c_str(), kMode) < 0) continue;
      made_.push_back(dir);
      return dir;
    }
    return fail_errno(errno, "cannot make a control group below " + root_);
  }

  Result<void> begin() {
    for (Service service = 0; service < groups_.size(); ++service) {
      const Group& group = groups_[service];
      if (!group.dir.empty()) {
        Result<void> tracked{};
        for_each_cgroup(group.dir, [&](const std::string& dir) {
          if (tracked) tracked = kernel_->track(cgroup_id(dir), service);
        });
        HARDEN_CHECK(tracked);
      }
      HARDEN_CHECK(kernel_->await(group.unit, service));
      HARDEN_CHECK(open_recording(service, group.unit));
    }
    HARDEN_CHECK(kernel_->attach());
    started_ = Clock::now();
    if (!request_.command.empty()) return {};
    HARDEN_CHECK(kernel_->adopt_running());
    for (Service service = 0; service < groups_.size(); ++service)
      if (!groups_[service].dir.empty())
        for_each_cgroup(groups_[service].dir, [&](const std::string& dir) {
          for (const std::int32_t pid : processes_in(dir)) {
            services_.at(service).add_running(pid);
            services_.at(service).add_waiting();
          }
        });
    return {};
  }

  Result<void> open_recording(Service service, const std::string& unit) {
    Source source = new_source(request_, "ebpf");
    source.hooks = kernel_->hooks();
    if (request_.command.empty()) {
      source.unit = unit;
      source.systemd = version_.empty() ? (version_ = systemctl_.version()) : version_;
    }
    source.sandbox = unit_.sandbox;
    source.start_seen = groups_.size() <= service || groups_[service].dir.empty() || held_ != nullptr;
    std::string path = request_.output;
    if (path.empty())
      path = default_output(request_, unit, source.id);
    else if (request_.all)
      path += "/" + unit + ".jsonl";
    if (request_.command.empty() || !request_.output.empty()) HARDEN_CHECK(make_dirs_of(path));
    std::vector<ExecLine> lines = unit_.lines;
    if (request_.all) lines.clear();
    HARDEN_TRY(Collector collector, Collector::open(std::move(source), path));
    services_.emplace(service, ServiceRecording(std::move(collector), std::move(lines)));
    return {};
  }

  Result<void> start() {
    if (held_) {
      services_.at(0).enter(Phase::start);
      held_->let_go();
    }
    if (!request_.restart) return {};
    services_.at(0).enter(Phase::start);
    HARDEN_TRY(job_, systemctl_.begin("restart", unit_.name));
    return {};
  }

  void take(const event& event, std::string_view text) {
    if (event.kind == EVENT_CGROUP) {
      const std::string path = pieces_of(event, text)[0];
      if (services_.contains(event.service)) {
        // Started anew, from its first instruction on; so it had stopped, if it ran before.
        ServiceRecording& service = services_.at(event.service);
        Source& source = service.collector().source();
        if (base_name(path) != source.unit) return;
        source.start_seen = true;
        source.stop_seen = source.stop_seen || service.has_run();
        return;
      }
      if (const auto opened = open_recording(event.service, std::string(base_name(path))); !opened)
        trouble_ = opened.error();
      return;
    }
    const auto at = services_.find(event.kind == EVENT_CAPABILITY_END ? 0 : event.service);
    if (at != services_.end()) reader_->read(event, text, at->second);
  }

  Result<void> loop(Signals& signals) {
    auto tick = Clock::now();
    auto ends = request_.duration ? Clock::now() + *request_.duration : Clock::time_point::max();
    bool is_over = false;
    while (!is_over) {
      kernel_->poll(milliseconds(100),
                    [this](const event& one, std::string_view text) { take(one, text); });
      if (trouble_) return std::unexpected(*trouble_);
      is_over = signals.should_end() || Clock::now() >= ends || is_finished();
      turn_duty_cycle();
      if (Clock::now() - tick < std::chrono::seconds(1)) continue;
      tick = Clock::now();
      for (auto& [service, recording] : services_) recording.collector().sync();
      if (watcher_.progress) watcher_.progress(progress());
      if (request_.until_stopped && !job_) is_over = is_over || has_stopped();
    }
    return {};
  }

  // The command, or the job that starts the unit, has ended.
  bool is_finished() {
    int status = 0;
    if (job_ && ::waitpid(*job_, &status, WNOHANG) == *job_) {
      job_.reset();
      services_.at(0).enter(Phase::steady);
      if (status != 0)
        trouble_ =
            Error{Errc::io, unit_.name + " did not start", 0, {}, "'systemctl status' tells why", {}};
    }
    if (!held_) return false;
    if (!command_ended_ && ::waitpid(held_->pid(), &status, WNOHANG) == held_->pid()) {
      command_ended_ = true;
      command_status_ = status;
    }
    return command_ended_ && processes_in(groups_[0].dir).empty();
  }

  bool has_stopped() {
    const auto unit = systemctl_.show(unit_.name);
    return unit && (unit->active_state == "inactive" || unit->active_state == "failed");
  }

  // After the warm-up, and while nothing new comes, the hook on system calls is on for a tenth of the time.
  void turn_duty_cycle() {
    if (request_.always) return;
    constexpr std::int64_t kWarmUpMs = 30'000;
    constexpr std::int64_t kQuietMs = 10'000;
    constexpr std::int64_t kPeriodMs = 1000;
    constexpr std::int64_t kOnMs = 100;
    const std::int64_t now = now_ms();
    std::int64_t newest = 0;
    for (auto& [service, recording] : services_) newest = std::max(newest, recording.last_new_ms());
    const auto elapsed = std::chrono::duration_cast<milliseconds>(Clock::now() - started_).count();
    const bool is_resting =
        elapsed > kWarmUpMs && now - newest > kQuietMs && elapsed % kPeriodMs >= kOnMs && !job_;
    if (is_resting == is_off_) return;
    if (const auto turned = kernel_->watch_calls(!is_resting); !turned) {
      trouble_ = turned.error();
      return;
    }
    is_off_ = is_resting;
    if (is_resting)
      off_since_ = now;
    else
      off_ms_ += now - off_since_;
  }

  Progress progress() {
    Progress all;
    all.elapsed = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started_);
    all.services = services_.size();
    all.lost = kernel_->lost();
    std::int64_t newest = 0;
    for (auto& [service, recording] : services_) {
      all.needs += recording.collector().need_count();
      all.events += recording.collector().source().events;
      newest = std::max(newest, recording.last_new_ms());
    }
    all.since_new = std::chrono::seconds((now_ms() - newest) / 1000);
    return all;
  }

  Result<Outcome> finish() {
    for (auto& [service, recording] : services_) recording.add_waiting();
    if (!unit_.name.empty() && services_.at(0).has_run() && has_stopped())
      services_.at(0).collector().source().stop_seen = true;
    // What was under way when the end came.
    kernel_->poll(milliseconds(0), [this](const event& one, std::string_view text) { take(one, text); });
    reader_->finish();
    if (is_off_) off_ms_ += now_ms() - off_since_;
    Outcome outcome;
    outcome.command_status = command_status_;
    for (auto& [service, recording] : services_) {
      Source& source = recording.collector().source();
      source.lost = kernel_->lost();
      source.overflowed = kernel_->table_full();
      source.unwatched_ms = static_cast<std::uint64_t>(off_ms_);
      HARDEN_TRY(Recording whole, recording.collector().finish([this](CountKey key) {
        return kernel_->count(key.first, key.second);
      }));
      outcome.files.push_back(recording.collector().path());
      outcome.recordings.push_back(std::move(whole));
    }
    return outcome;
  }

  struct Group {
    std::string unit, dir;  // dir is empty while it is not there
  };

  const Request& request_;
  const Watcher& watcher_;
  Systemctl systemctl_{request_.user};
  std::string root_, version_;
  Systemctl::Unit unit_;
  std::vector<Group> groups_;  // by service, those of the start
  std::vector<std::string> made_;
  std::unique_ptr<HeldCommand> held_;
  std::unique_ptr<KernelRecorder> kernel_;
  std::unique_ptr<EventReader> reader_;
  std::map<Service, ServiceRecording> services_;
  std::optional<int> job_;
  std::optional<Error> trouble_;
  bool command_ended_ = false;
  int command_status_ = 0;
  Clock::time_point started_;
  bool is_off_ = false;
  std::int64_t off_since_ = 0, off_ms_ = 0;
};

}  // namespace

Result<Outcome> record_with_ebpf(const Request& request, const Watcher& watcher) {
  return Session(request, watcher).run();
}

}  // namespace harden::record
