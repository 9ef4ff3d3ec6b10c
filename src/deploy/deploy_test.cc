// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy/deploy.h"

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "support/temp_dir.h"

namespace harden {
namespace {

constexpr const char* kUnit = "a.service";

// A manager that plays a part: `up` says whether the unit runs with what lies in its folders.
class FakeControl final : public UnitControl {
 public:
  std::string state = "active";
  bool comes_up = true;
  bool reloads = true;
  std::vector<std::string> calls;
  std::vector<std::string> log;
  int check_status = 0;
  bool interrupted = false;
  std::uint64_t time_us = 1'000'000;

  Result<void> reload() override {
    calls.emplace_back("reload");
    if (!reloads) return fail(Errc::io, "systemd does not answer");
    return {};
  }
  Result<void> restart(const std::string& unit) override {
    calls.push_back("restart " + unit);
    state = comes_up ? "active" : "failed";
    comes_up = true;  // with what was there before it does
    if (state == "failed") return fail(Errc::refused, "the job failed");
    return {};
  }
  Result<UnitStatus> status(const std::string& unit) override {
    UnitStatus status;
    status.id = unit;
    status.active_state = state;
    status.result = state == "failed" ? "exit-code" : "success";
    status.exit_code = state == "failed" ? CLD_EXITED : 0;
    status.exit_status = state == "failed" ? 203 : 0;
    return status;
  }
  Result<std::vector<std::string>> active_services() override { return std::vector<std::string>{kUnit}; }
  Result<void> arm(const std::string& name, std::chrono::seconds after,
                   const std::vector<std::string>& /*command*/) override {
    calls.push_back("arm " + name + " " + std::to_string(after.count()));
    return {};
  }
  void disarm(const std::string& name) override { calls.push_back("disarm " + name); }
  std::vector<std::string> log_lines(const std::string& /*unit*/, std::uint64_t /*since_us*/) override {
    return log;
  }
  int run_check(const std::string& /*command*/, std::chrono::seconds /*limit*/) override {
    return check_status;
  }
  std::uint64_t now_us() override { return time_us; }
  void wait(std::chrono::milliseconds time) override {
    time_us += static_cast<std::uint64_t>(std::chrono::microseconds(time).count());
  }
  bool take_interrupt() override { return std::exchange(interrupted, false); }

  [[nodiscard]] bool called(std::string_view call) const {
    return std::ranges::find(calls, call) != calls.end();
  }
};

struct Machine {
  TempDir dir;
  FakeControl control;
  DeployPaths paths{dir.path() + "/etc", dir.path() + "/run", "/usr/bin/harden"};
  std::string boot = "boot-1";

  template <typename Do>
  auto with(Do act) {
    Store store = Store::open(dir.path() + "/state").value();
    Deployer deployer(store, control, paths, boot, [](const std::string&) {});
    return act(deployer);
  }
  auto apply(const Plan& plan, const ApplyOptions& options = {}) {
    return with([&](Deployer& deployer) { return deployer.apply(plan, options); });
  }
  auto rollback(std::optional<unsigned> to = std::nullopt) {
    return with([&](Deployer& deployer) { return deployer.rollback(kUnit, to); });
  }
  auto confirm() {
    return with([](Deployer& deployer) { return deployer.confirm(kUnit); });
  }
  auto recover() {
    return with([](Deployer& deployer) { return deployer.recover(kUnit); });
  }
  // Every file and folder below, with its bytes.
  [[nodiscard]] std::map<std::string, std::string> tree(const std::string& below) const {
    std::map<std::string, std::string> found;
    const std::filesystem::path root = dir.path() + "/" + below;
    if (!std::filesystem::exists(root)) return found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      std::string text = "(folder)";
      if (entry.is_regular_file()) {
        std::ifstream file(entry.path(), std::ios::binary);
        text.assign(std::istreambuf_iterator<char>(file), {});
      }
      found[entry.path().lexically_relative(root).string()] = text;
    }
    return found;
  }
};

Plan plan_of(const std::string& text) {
  return {kUnit, "strict@1", "jit", false, 257, {{"50-harden.conf", text}}};
}

using Kind = Outcome::Kind;
using Tree = std::map<std::string, std::string>;

TEST(Deploy, AppliesAndTakesBackByteForByte) {
  Machine machine;
  machine.dir.write("etc/a.service.d/50-harden.conf", "mine\xff");
  const Tree before = machine.tree("etc");
  const auto applied = machine.apply(plan_of("new"));
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->kind, Kind::applied);
  EXPECT_EQ(applied->generation, 1U);
  EXPECT_EQ(machine.tree("etc").at("a.service.d/50-harden.conf"), "new");
  EXPECT_FALSE(machine.tree("run").contains("a.service.d"));
  EXPECT_TRUE(machine.control.called("restart a.service"));

  const auto back = machine.rollback();
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kind, Kind::put_back);
  EXPECT_EQ(machine.tree("etc"), before);
}

TEST(Deploy, LeavesNoFolderBehind) {
  Machine machine;
  const Tree before = machine.tree("etc");
  ASSERT_TRUE(machine.apply(plan_of("one")));
  ASSERT_TRUE(machine.rollback());
  Tree after = machine.tree("etc");
  EXPECT_FALSE(after.contains("a.service.d"));
}

TEST(Deploy, KeepsSeveralGenerations) {
  Machine machine;
  ASSERT_TRUE(machine.apply(plan_of("one")));
  Plan two = plan_of("two");
  two.files.push_back({"zzz.conf", "more"});
  ASSERT_TRUE(machine.apply(two));
  ASSERT_TRUE(machine.apply(plan_of("three")));
  EXPECT_FALSE(machine.tree("etc").contains("a.service.d/zzz.conf")) << "the third has it not";
  EXPECT_EQ(machine.rollback()->generation, 2U);
  EXPECT_EQ(machine.tree("etc").at("a.service.d/zzz.conf"), "more");
  EXPECT_FALSE(machine.rollback(3)) << "it did not come from there";
  EXPECT_EQ(machine.rollback(0)->generation, 0U);
  EXPECT_FALSE(machine.tree("etc").contains("a.service.d"));
  EXPECT_EQ(machine.rollback().error().code, Errc::not_found);
  EXPECT_EQ(machine.apply(plan_of("four"))->generation, 4U);
}

TEST(Deploy, PutsBackWhatDoesNotComeUp) {
  Machine machine;
  machine.control.comes_up = false;
  machine.control.log = {"open() \"/var/log/a/b\" failed (30: Read-only file system)"};
  const auto outcome = machine.apply(plan_of("new"));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->kind, Kind::put_back);
  ASSERT_EQ(outcome->troubles.size(), 2U);
  EXPECT_NE(outcome->troubles[0].what.find("203"), std::string::npos);
  EXPECT_EQ(outcome->troubles[1].grants, std::vector<std::string>{"write:/var/log/a"});
  EXPECT_TRUE(machine.tree("etc").empty());
  EXPECT_FALSE(machine.tree("run").contains("a.service.d"));
  EXPECT_EQ(machine.control.state, "active");
}

TEST(Deploy, PutsBackWhatFailsItsCheck) {
  Machine machine;
  machine.control.check_status = 7;
  ApplyOptions options;
  options.check = "curl localhost";
  const auto outcome = machine.apply(plan_of("new"), options);
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->kind, Kind::put_back);
  EXPECT_TRUE(machine.tree("etc").empty());
}

TEST(Deploy, PutsBackWhenItIsInterrupted) {
  Machine machine;
  machine.control.interrupted = true;
  EXPECT_EQ(machine.apply(plan_of("new"))->kind, Kind::put_back);
  EXPECT_TRUE(machine.tree("etc").empty());
}

TEST(Deploy, WritesThePolicyOfATemplateForItsInstances) {
  Machine machine;
  Plan plan = plan_of("new");
  plan.unit = "a@.service";
  EXPECT_EQ(machine.apply(plan)->kind, Kind::applied);
  EXPECT_EQ(machine.tree("etc").at("a@.service.d/50-harden.conf"), "new");
  EXPECT_FALSE(machine.control.called("restart a@.service"));
}

TEST(Deploy, LeavesAUnitAloneThatDoesNotRun) {
  Machine machine;
  machine.control.state = "inactive";
  EXPECT_EQ(machine.apply(plan_of("new"))->kind, Kind::applied);
  EXPECT_FALSE(machine.control.called("restart a.service"));
}

TEST(Deploy, ATrialTouchesNothingThatSurvivesAReboot) {
  Machine machine;
  ApplyOptions options;
  options.trial = std::chrono::minutes(10);
  EXPECT_EQ(machine.apply(plan_of("new"), options)->kind, Kind::on_trial);
  EXPECT_EQ(machine.control.calls.front(), "arm harden-trial-a.service 600") << "before anything else";
  EXPECT_TRUE(machine.tree("etc").empty());
  EXPECT_EQ(machine.tree("run").at("a.service.d/50-harden.conf"), "new");
  EXPECT_EQ(machine.apply(plan_of("other")).error().code, Errc::refused);

  EXPECT_EQ(machine.recover().value(), std::nullopt) << "there is time left";
  EXPECT_EQ(machine.confirm()->kind, Kind::applied);
  EXPECT_EQ(machine.tree("etc").at("a.service.d/50-harden.conf"), "new");
  EXPECT_FALSE(machine.tree("run").contains("a.service.d"));
  EXPECT_EQ(machine.confirm().error().code, Errc::not_found);
}

TEST(Deploy, ATrialEndsByItsTimerByHandAndByAReboot) {
  for (const std::string_view how : {"timer", "hand", "reboot", "late"}) {
    Machine machine;
    ApplyOptions options;
    options.trial = std::chrono::minutes(10);
    ASSERT_TRUE(machine.apply(plan_of("new"), options)) << how;
    const auto end = [&](unsigned generation) {
      return machine.with([&](Deployer& deployer) { return deployer.end_trial(kUnit, generation); });
    };
    EXPECT_EQ(end(9)->kind, Kind::unchanged) << "of another trial";
    if (how == "timer") {
      EXPECT_EQ(end(1)->kind, Kind::put_back);
    }
    if (how == "hand") {
      EXPECT_EQ(machine.rollback()->kind, Kind::put_back);
    }
    if (how == "late") machine.control.time_us += 601'000'000;
    if (how == "reboot") machine.boot = "boot-2";
    if (how == "late" || how == "reboot") {
      EXPECT_TRUE(machine.recover()->has_value()) << how;
    }
    EXPECT_TRUE(machine.tree("etc").empty()) << how;
    EXPECT_FALSE(machine.tree("run").contains("a.service.d")) << how;
    EXPECT_EQ(end(1)->kind, Kind::unchanged) << how;
  }
}

TEST(Deploy, KeepsWhatSomebodyElseWroteSince) {
  Machine machine;
  ASSERT_TRUE(machine.apply(plan_of("new")));
  machine.dir.write("etc/a.service.d/50-harden.conf", "edited by hand");
  const auto back = machine.rollback();
  ASSERT_TRUE(back);
  ASSERT_EQ(back->notes.size(), 1U);
  EXPECT_EQ(machine.tree("state/units/a.service").at("kept-1-50-harden.conf"), "edited by hand");
}

// --- Killed at each system call that it makes -----------------------------------------------------------

// Runs `act` in a process that is killed when it enters its `count`th system call. False: it came to its
// end.
template <typename Act>
bool kill_at(unsigned count, Act act) {
  const pid_t child = ::fork();
  if (child == 0) {
    (void)::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    (void)::raise(SIGSTOP);
    act();
    ::_exit(0);
  }
  int status = 0;
  (void)::waitpid(child, &status, 0);
  for (unsigned stops = 0; WIFSTOPPED(status); ++stops) {
    if (stops == 2 * count) {  // one at the entry, one at the exit
      (void)::kill(child, SIGKILL);
      (void)::waitpid(child, &status, 0);
      return true;
    }
    (void)::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    (void)::waitpid(child, &status, 0);
  }
  return false;
}

// What is there afterwards is one of two trees, nothing is left under way, and a second recovery has
// nothing to do.
template <typename Prepare, typename Act>
void kill_everywhere(Prepare prepare, Act act) {
  Machine whole;
  prepare(whole);
  const Tree before = whole.tree("etc");
  act(whole);
  const Tree after = whole.tree("etc");
  std::map<std::string_view, unsigned> seen;
  for (unsigned count = 1;; ++count) {
    Machine machine;
    prepare(machine);
    const bool was_killed = kill_at(count, [&] { act(machine); });
    const auto recovered = machine.recover();
    ASSERT_TRUE(recovered) << "at call " << count << ": " << recovered.error().text();
    const Tree now = machine.tree("etc");
    ASSERT_TRUE(now == before || now == after) << "killed at call " << count;
    seen[now == before ? "before" : "after"] += 1;
    ASSERT_FALSE(machine.tree("run").contains("a.service.d")) << "killed at call " << count;
    ASSERT_EQ(machine.recover().value(), std::nullopt) << "killed at call " << count;
    ASSERT_TRUE(machine.apply(plan_of("next"))) << "killed at call " << count;
    if (!was_killed) break;
    ASSERT_LT(count, 5000U);
  }
  EXPECT_GT(seen["before"], 10U);
  EXPECT_GT(seen["after"], 10U);
}

TEST(DeployKilled, AnApplyIsDoneOrUndone) {
  kill_everywhere([](Machine& machine) { machine.dir.write("etc/a.service.d/50-harden.conf", "old"); },
                  [](Machine& machine) { (void)machine.apply(plan_of("new")); });
}

TEST(DeployKilled, ARollbackIsDoneOrNotBegun) {
  kill_everywhere(
      [](Machine& machine) {
        Plan plan = plan_of("new");
        plan.files.push_back({"zzz.conf", "more"});
        (void)machine.apply(plan);
      },
      [](Machine& machine) { (void)machine.rollback(); });
}

TEST(DeployKilled, AConfirmedTrialIsKeptOrStillOnTrial) {
  ApplyOptions options;
  options.trial = std::chrono::seconds(1);
  kill_everywhere(
      [&](Machine& machine) {
        (void)machine.apply(plan_of("new"), options);
        machine.control.time_us += 2'000'000;  // so that recovery ends it
      },
      [](Machine& machine) { (void)machine.confirm(); });
}

}  // namespace
}  // namespace harden
