// SPDX-License-Identifier: LGPL-2.1-or-later
#include "live/bus_control.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <ctime>
#include <map>
#include <thread>

#include "util/unique_fd.h"

namespace harden {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
constexpr const char* kServiceInterface = "org.freedesktop.systemd1.Service";
constexpr std::chrono::seconds kCallLimit{30};
constexpr std::size_t kLogLinesMax = 2000;
constexpr int kTimeOver = 124;  // as timeout(1) has it

struct BusEnd {
  void operator()(sd_bus* bus) const noexcept { sd_bus_flush_close_unref(bus); }
};
struct MessageEnd {
  void operator()(sd_bus_message* message) const noexcept { sd_bus_message_unref(message); }
};
struct SlotEnd {
  void operator()(sd_bus_slot* slot) const noexcept { sd_bus_slot_unref(slot); }
};
struct JournalEnd {
  void operator()(sd_journal* journal) const noexcept { sd_journal_close(journal); }
};
using Bus = std::unique_ptr<sd_bus, BusEnd>;
using Message = std::unique_ptr<sd_bus_message, MessageEnd>;

// What sd-bus says went wrong; freed with it.
class BusError {
 public:
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&error_); }
  [[nodiscard]] sd_bus_error* get() { return &error_; }
  [[nodiscard]] std::unexpected<Error> failure(int code, std::string what) const {
    if (error_.message != nullptr) what += fmt::format(": {}", error_.message);
    const bool is_missing = error_.name != nullptr && std::string_view(error_.name).ends_with("NoSuchUnit");
    if (is_missing) return fail(Errc::not_found, std::move(what));
    return fail_errno(-code, std::move(what));
  }

 private:
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

std::uint64_t microseconds(std::chrono::seconds time) {
  return static_cast<std::uint64_t>(std::chrono::microseconds(time).count());
}

class BusControl final : public UnitControl {
 public:
  BusControl(Bus bus, BusLimits limits, std::atomic<bool>& interrupted, std::function<void()> waiting)
      : bus_(std::move(bus)), limits_(limits), interrupted_(interrupted), waiting_(std::move(waiting)) {}

  Result<void> reload() override {
    BusError error;
    sd_bus_message* raw = nullptr;
    const int sent = sd_bus_message_new_method_call(bus_.get(), &raw, kService, kPath, kManager, "Reload");
    const Message call(raw);
    if (sent < 0) return fail_errno(-sent, "cannot ask systemd to read its units anew");
    const int done =
        sd_bus_call(bus_.get(), call.get(), microseconds(limits_.reload), error.get(), nullptr);
    if (done < 0) return error.failure(done, "systemd does not read its units anew");
    return {};
  }

  Result<void> restart(const std::string& unit) override {
    // The end of a job is a signal, which may come before the answer to the call.
    HARDEN_CHECK(subscribe());
    jobs_.clear();
    // Starts one after another are no loop here, and a unit that is put back must not be refused for them.
    BusError ignored;  // most often it has not failed
    (void)sd_bus_call_method(bus_.get(), kService, kPath, kManager, "ResetFailedUnit", ignored.get(),
                             nullptr, "s", unit.c_str());
    BusError error;
    sd_bus_message* raw = nullptr;
    const int asked = sd_bus_call_method(bus_.get(), kService, kPath, kManager, "RestartUnit", error.get(),
                                         &raw, "ss", unit.c_str(), "replace");
    const Message reply(raw);
    if (asked < 0) return error.failure(asked, fmt::format("cannot restart {}", unit));
    const char* job = nullptr;
    if (const int read = sd_bus_message_read(reply.get(), "o", &job); read < 0)
      return fail_errno(-read, fmt::format("cannot restart {}", unit));
    return wait_for_job(job, unit);
  }

  Result<UnitStatus> status(const std::string& unit) override {
    BusError error;
    sd_bus_message* raw = nullptr;
    const int asked = sd_bus_call_method(bus_.get(), kService, kPath, kManager, "LoadUnit", error.get(),
                                         &raw, "s", unit.c_str());
    const Message reply(raw);
    if (asked < 0) return error.failure(asked, fmt::format("cannot ask after {}", unit));
    const char* path = nullptr;
    if (const int read = sd_bus_message_read(reply.get(), "o", &path); read < 0)
      return fail_errno(-read, fmt::format("cannot ask after {}", unit));
    const std::string object = path;
    UnitStatus status;
    status.id = text(object, kUnit, "Id");
    status.load_state = text(object, kUnit, "LoadState");
    status.active_state = text(object, kUnit, "ActiveState");
    status.sub_state = text(object, kUnit, "SubState");
    status.needs_reload = number<int>(object, kUnit, "NeedDaemonReload", 'b') != 0;
    status.active_since_us = number<std::uint64_t>(object, kUnit, "ActiveEnterTimestamp", 't');
    status.invocation = invocation(object);
    if (unit.ends_with(".service")) {
      status.result = text(object, kServiceInterface, "Result");
      status.restarts = number<std::uint32_t>(object, kServiceInterface, "NRestarts", 'u');
      status.exit_code = number<std::int32_t>(object, kServiceInterface, "ExecMainCode", 'i');
      status.exit_status = number<std::int32_t>(object, kServiceInterface, "ExecMainStatus", 'i');
    }
    if (status.load_state == "not-found")
      return fail(Errc::not_found, fmt::format("there is no unit {}", unit));
    return status;
  }

  Result<std::vector<std::string>> active_services() override {
    BusError error;
    sd_bus_message* raw = nullptr;
    const int asked = sd_bus_call_method(bus_.get(), kService, kPath, kManager, "ListUnitsByPatterns",
                                         error.get(), &raw, "asas", 1, "active", 1, "*.service");
    const Message reply(raw);
    if (asked < 0) return error.failure(asked, "cannot list the services");
    std::vector<std::string> names;
    int step = sd_bus_message_enter_container(reply.get(), 'a', "(ssssssouso)");
    while (step >= 0) {
      const char* name = nullptr;
      step = sd_bus_message_read(reply.get(), "(ssssssouso)", &name, nullptr, nullptr, nullptr, nullptr,
                                 nullptr, nullptr, nullptr, nullptr, nullptr);
      if (step <= 0) break;
      names.emplace_back(name);
    }
    if (step < 0) return fail_errno(-step, "cannot list the services");
    std::ranges::sort(names);
    return names;
  }

  Result<void> arm(const std::string& name, std::chrono::seconds after,
                   const std::vector<std::string>& command) override {
    disarm(name);
    sd_bus_message* raw = nullptr;
    int step =
        sd_bus_message_new_method_call(bus_.get(), &raw, kService, kPath, kManager, "StartTransientUnit");
    const Message call(raw);
    const std::string timer = name + ".timer";
    const auto put = [&](auto... values) {
      if (step >= 0) step = sd_bus_message_append(call.get(), values...);
    };
    const auto open = [&](char type, const char* contents) {
      if (step >= 0) step = sd_bus_message_open_container(call.get(), type, contents);
    };
    const auto close = [&] {
      if (step >= 0) step = sd_bus_message_close_container(call.get());
    };
    put("ss", timer.c_str(), "fail");
    open('a', "(sv)");
    put("(sv)", "Description", "s", "ends a trial of harden unless it is confirmed");
    put("(sv)", "TimersMonotonic", "a(st)", 1, "OnActiveSec", microseconds(after));
    put("(sv)", "AccuracyUSec", "t", microseconds(std::chrono::seconds(1)));
    put("(sv)", "RemainAfterElapse", "b", 0);
    close();
    open('a', "(sa(sv))");
    open('r', "sa(sv)");
    const std::string service = name + ".service";
    put("s", service.c_str());
    open('a', "(sv)");
    put("(sv)", "Description", "s", "ends a trial of harden");
    put("(sv)", "Type", "s", "oneshot");
    open('r', "sv");
    put("s", "ExecStart");
    open('v', "a(sasb)");
    open('a', "(sasb)");
    open('r', "sasb");
    put("s", command.front().c_str());
    open('a', "s");
    for (const std::string& word : command) put("s", word.c_str());
    close();
    put("b", 0);
    for (int i = 0; i < 4; ++i) close();  // (sasb), a(sasb), the variant, the property
    close();  // properties
    close();  // (sa(sv))
    close();  // a(sa(sv))
    if (step < 0) return fail_errno(-step, "cannot set the timer of the trial");
    BusError error;
    const int done = sd_bus_call(bus_.get(), call.get(), microseconds(kCallLimit), error.get(), nullptr);
    if (done < 0) return error.failure(done, "cannot set the timer of the trial");
    return {};
  }

  void disarm(const std::string& name) override {
    BusError ignored;  // most often it is not there
    (void)sd_bus_call_method(bus_.get(), kService, kPath, kManager, "StopUnit", ignored.get(), nullptr,
                             "ss", (name + ".timer").c_str(), "replace");
  }

  std::vector<std::string> log_lines(const std::string& unit, std::uint64_t since_us) override {
    std::vector<std::string> lines;
    sd_journal* raw = nullptr;
    if (sd_journal_open(&raw, SD_JOURNAL_LOCAL_ONLY) < 0) return lines;
    const std::unique_ptr<sd_journal, JournalEnd> journal(raw);
    const auto match = [&](const std::string& text) {
      return sd_journal_add_match(journal.get(), text.data(), text.size()) >= 0;
    };
    // What the unit's processes wrote, and what the manager said of it.
    if (!match("_SYSTEMD_UNIT=" + unit) || sd_journal_add_disjunction(journal.get()) < 0 ||
        !match("UNIT=" + unit) || !match("_PID=1") ||
        sd_journal_seek_realtime_usec(journal.get(), since_us) < 0)
      return lines;
    while (lines.size() < kLogLinesMax && sd_journal_next(journal.get()) > 0) {
      const void* data = nullptr;
      std::size_t size = 0;
      if (sd_journal_get_data(journal.get(), "MESSAGE", &data, &size) < 0) continue;
      constexpr std::string_view kField = "MESSAGE=";
      const std::string_view text(static_cast<const char*>(data), size);
      if (text.starts_with(kField)) lines.emplace_back(text.substr(kField.size()));
    }
    return lines;
  }

  int run_check(const std::string& command, std::chrono::seconds limit) override {
    std::array<std::string, 3> words = {"/bin/sh", "-c", command};
    std::array<char*, 4> argv = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);  // talk, not a result
    pid_t child = 0;
    const int spawned = ::posix_spawn(&child, argv[0], &actions, &attributes, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (spawned != 0) return kTimeOver + 2;
    const Clock::time_point end = Clock::now() + limit;
    int status = 0;
    while (::waitpid(child, &status, WNOHANG) == 0) {
      if (Clock::now() < end) {
        wait(std::chrono::milliseconds(50));
        continue;
      }
      (void)::kill(-child, SIGKILL);
      (void)::waitpid(child, &status, 0);
      return kTimeOver;
    }
    constexpr int kBySignal = 128;
    return WIFEXITED(status) ? WEXITSTATUS(status) : kBySignal + WTERMSIG(status);
  }

  std::uint64_t now_us() override {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
  }
  void wait(std::chrono::milliseconds time) override { std::this_thread::sleep_for(time); }
  bool take_interrupt() override { return interrupted_.exchange(false); }

 private:
  Result<void> subscribe() {
    if (slot_) return {};
    sd_bus_slot* raw = nullptr;
    const int matched =
        sd_bus_match_signal(bus_.get(), &raw, kService, kPath, kManager, "JobRemoved", on_job, this);
    if (matched < 0) return fail_errno(-matched, "cannot listen to systemd");
    slot_.reset(raw);
    BusError error;
    const int done = sd_bus_call_method(bus_.get(), kService, kPath, kManager, "Subscribe", error.get(),
                                        nullptr, nullptr);
    if (done < 0 && done != -EEXIST) return error.failure(done, "cannot listen to systemd");
    return {};
  }
  static int on_job(sd_bus_message* message, void* self, sd_bus_error* /*error*/) {
    std::uint32_t id = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0)
      static_cast<BusControl*>(self)->jobs_[path] = result;
    return 0;
  }
  Result<void> wait_for_job(const std::string& job, const std::string& unit) {
    const Clock::time_point end = Clock::now() + limits_.job;
    Clock::time_point last_said = Clock::now();
    while (Clock::now() < end) {
      if (take_interrupt())
        return fail(Errc::refused, fmt::format("{} has not started yet: interrupted", unit));
      const int handled = sd_bus_process(bus_.get(), nullptr);
      if (handled < 0)
        return fail_errno(-handled, fmt::format("lost systemd while {} was restarted", unit));
      if (const auto at = jobs_.find(job); at != jobs_.end()) {
        if (at->second == "done" || at->second == "skipped") return {};
        return fail(Errc::refused, fmt::format("{} did not start: the job ended as {}", unit, at->second));
      }
      if (handled > 0) continue;
      (void)sd_bus_wait(bus_.get(), microseconds(std::chrono::seconds(1)));
      if (Clock::now() - last_said < std::chrono::seconds(1)) continue;
      last_said = Clock::now();
      waiting_();
    }
    return fail(Errc::io, fmt::format("{} has not started in {} s", unit, limits_.job.count()));
  }

  std::string text(const std::string& object, const char* interface, const char* name) {
    char* raw = nullptr;
    if (sd_bus_get_property_string(bus_.get(), kService, object.c_str(), interface, name, nullptr, &raw) <
        0)
      return {};
    std::string value(raw);
    ::free(raw);  // NOLINT(cppcoreguidelines-no-malloc): sd-bus gives it away so
    return value;
  }
  template <typename T>
  T number(const std::string& object, const char* interface, const char* name, char type) {
    T value{};
    (void)sd_bus_get_property_trivial(bus_.get(), kService, object.c_str(), interface, name, nullptr, type,
                                      &value);
    return value;
  }
  std::string invocation(const std::string& object) {
    sd_bus_message* raw = nullptr;
    if (sd_bus_get_property(bus_.get(), kService, object.c_str(), kUnit, "InvocationID", nullptr, &raw,
                            "ay") < 0)
      return {};
    const Message reply(raw);
    const void* bytes = nullptr;
    std::size_t size = 0;
    if (sd_bus_message_read_array(reply.get(), 'y', &bytes, &size) < 0) return {};
    std::string id;
    for (std::size_t i = 0; i < size; ++i)
      id += fmt::format("{:02x}", static_cast<const unsigned char*>(bytes)[i]);
    return id;
  }

  Bus bus_;
  BusLimits limits_;
  std::atomic<bool>& interrupted_;
  std::function<void()> waiting_;
  std::unique_ptr<sd_bus_slot, SlotEnd> slot_;
  std::map<std::string, std::string, std::less<>> jobs_;  // that ended: object path, result
};

}  // namespace

Result<std::unique_ptr<UnitControl>> open_bus_control(BusLimits limits, std::atomic<bool>& interrupted,
                                                      std::function<void()> waiting) {
  if (sd_booted() <= 0)
    return fail(Errc::unsupported, "this machine is not run by systemd", {},
                "`harden compile` gives the settings to carry elsewhere");
  sd_bus* raw = nullptr;
  const int opened = sd_bus_open_system(&raw);
  if (opened < 0) return fail_errno(-opened, "cannot reach systemd over the bus");
  return std::make_unique<BusControl>(Bus(raw), limits, interrupted, std::move(waiting));
}

}  // namespace harden
