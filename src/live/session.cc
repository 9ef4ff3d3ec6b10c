// SPDX-License-Identifier: LGPL-2.1-or-later
#include "live/session.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "cli/companion.h"
#include "emit/status_report.h"
#include "live/bus_control.h"
#include "util/root_dir.h"
#include "util/text.h"

namespace harden {
namespace {

std::atomic<bool> g_interrupted = false;  // what a signal handler may touch

void on_signal(int /*signal*/) { g_interrupted = true; }

// A change is made to its end or taken back, whatever becomes of the terminal: it may be reached over the
// very service that is restarted.
void outlive_the_terminal() {
  (void)std::signal(SIGHUP, SIG_IGN);
  (void)std::signal(SIGPIPE, SIG_IGN);
  (void)std::signal(SIGINT, on_signal);
  (void)std::signal(SIGTERM, on_signal);
}

Result<Store> open_store(std::chrono::seconds wait_for_lock) {
  const auto end = std::chrono::steady_clock::now() + wait_for_lock;
  for (;;) {
    auto store = Store::open(std::string(kStateDir));
    if (store || store.error().code != Errc::refused || std::chrono::steady_clock::now() >= end)
      return store;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace

std::string read_boot_id() {
  const auto root = RootDir::open("/");
  if (!root) return {};
  constexpr std::size_t kSize = 64;
  const auto text = root->read_start("/proc/sys/kernel/random/boot_id", kSize);
  return text ? std::string(strip(*text)) : std::string();
}

Session::Session(const Console& console, Store store, std::unique_ptr<UnitControl> control)
    : console_(console),
      store_(std::move(store)),
      control_(std::move(control)),
      deployer_(store_, *control_, DeployPaths{.program = own_path()}, read_boot_id(),
                [this](const std::string& line) { console_.say(line + " …"); }) {}

std::unique_ptr<Session> Session::open(const Console& console, std::chrono::seconds wait_for_lock) {
  if (::geteuid() != 0) {
    console.report(Error{
        Errc::refused, "only root can change units", 0, {}, "`harden apply --dry-run` shows the plan", {}});
    return nullptr;
  }
  outlive_the_terminal();
  auto control = open_bus_control({}, g_interrupted, [&console] {
    if (console.talks_to_terminal()) console.say("  still waiting …");
  });
  if (!control) {
    console.report(control.error());
    return nullptr;
  }
  auto store = open_store(wait_for_lock);
  if (!store) {
    console.report(store.error());
    return nullptr;
  }
  return std::unique_ptr<Session>(new Session(console, std::move(*store), std::move(*control)));
}

std::optional<Session::Found> Session::recover(const std::string& unit) {
  const auto done = deployer_.recover(unit);
  if (!done) {
    console_.report(unit, done.error());
    return std::nullopt;
  }
  if (!*done) return Found::sound;
  console_.say(**done);
  return Found::mended;
}

int Session::tell(const std::string& unit, const Result<Outcome>& outcome) const {
  if (!outcome) {
    console_.report(unit, outcome.error());
    return kExitTrouble;
  }
  for (const Trouble& trouble : outcome->troubles) {
    std::string hint;
    if (!trouble.grants.empty())
      hint = fmt::format("may be opened by: {}", fmt::join(trouble.grants, ", "));
    console_.report(Diagnostic{trouble.fatal ? Severity::error : Severity::warning,
                               "trouble",
                               {},
                               fmt::format("{}: {}", unit, trouble.what),
                               hint});
  }
  for (const std::string& note : outcome->notes) console_.say(fmt::format("{}: {}", unit, note));
  switch (outcome->kind) {
    case Outcome::Kind::applied:
      console_.say(fmt::format("{}: done; `harden rollback {}` takes it back", unit, unit));
      return kExitFine;
    case Outcome::Kind::on_trial:
      console_.say(fmt::format("{}: on trial until {}; `harden confirm {}` keeps it", unit,
                               local_time_text(outcome->deadline_us), unit));
      return kExitFine;
    case Outcome::Kind::put_back:
      console_.say(fmt::format("{}: as it was before", unit));
      return outcome->troubles.empty() ? kExitFine : kExitFinding;
    case Outcome::Kind::unchanged:
      console_.say(fmt::format("{}: nothing to change", unit));
      return kExitFine;
  }
  return kExitFine;
}

}  // namespace harden
