// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy/deploy.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

#include "util/file_write.h"
#include "util/root_dir.h"

namespace harden {
namespace {

constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirMode = 0755;
constexpr std::size_t kFileMax = std::size_t{16} << 20U;
constexpr std::chrono::milliseconds kPoll{200};
constexpr unsigned kRestartTries = 4;
constexpr std::chrono::seconds kRestartPause{2};

std::string dir_of(const std::string& path) { return path.substr(0, path.rfind('/')); }
std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool exists(const std::string& path) {
  struct stat info{};
  return ::lstat(path.c_str(), &info) == 0;
}

void sync_dir(const std::string& path) {
  const UniqueFd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir) (void)::fsync(dir.get());  // where that cannot be had, neither can more
}

Result<void> make_dirs(const std::string& path) {
  if (exists(path)) return {};
  if (const std::string parent = dir_of(path); !parent.empty()) {
    HARDEN_CHECK(make_dirs(parent));
  }
  if (::mkdir(path.c_str(), kDirMode) != 0 && errno != EEXIST)
    return fail_errno(errno, "cannot make the folder", {path, 0});
  return {};
}

// What replace_file() leaves of a process that was killed in it.
void remove_leftovers(const std::string& path) {
  DIR* dir = ::opendir(dir_of(path).c_str());
  if (dir == nullptr) return;
  const std::string start = fmt::format(".{}.harden-", name_of(path));
  // Nobody else reads this stream.
  while (const dirent* entry = ::readdir(dir))  // NOLINT(concurrency-mt-unsafe)
    if (std::string_view(static_cast<const char*>(entry->d_name)).starts_with(start))
      (void)::unlinkat(::dirfd(dir), static_cast<const char*>(entry->d_name), 0);
  ::closedir(dir);
}

Result<void> put_file(const std::string& path, std::string_view text, mode_t mode, Durability durability) {
  HARDEN_CHECK(make_dirs(dir_of(path)));
  remove_leftovers(path);
  return replace_file(path, text, mode, durability);
}

Result<void> remove_file(const std::string& path) {
  remove_leftovers(path);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
    return fail_errno(errno, "cannot remove", {path, 0});
  sync_dir(dir_of(path));
  return {};
}

// `bytes`: nothing if there is to be no file.
Result<void> put_or_remove(const std::string& path, const std::optional<std::string>& bytes, mode_t mode) {
  return bytes ? put_file(path, *bytes, mode, Durability::durable) : remove_file(path);
}

Result<std::optional<std::string>> read_there(const std::string& path) {
  HARDEN_TRY(const RootDir root, RootDir::open("/"));
  auto text = root.read_file(path, kFileMax);
  if (text) return std::optional<std::string>(std::move(*text));
  if (text.error().code == Errc::not_found) return std::optional<std::string>();
  return std::unexpected(text.error());
}

bool is_template(const std::string& unit) { return unit.find("@.") != std::string::npos; }

std::uint32_t mode_of(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : kFileMode;
}

}  // namespace

Deployer::Deployer(Store& store, UnitControl& control, DeployPaths paths, std::string boot_id,
                   std::function<void(std::string)> say)
    : store_(store),
      control_(control),
      paths_(std::move(paths)),
      boot_id_(std::move(boot_id)),
      say_(std::move(say)) {}

// What the plan makes of the folder: its files, and those of the generation before that it has not.
Result<Generation> Deployer::next_generation(const Plan& plan) {
  const std::vector<unsigned> numbers = store_.generations(plan.unit);
  Generation next;
  next.number = numbers.empty() ? 1 : numbers.back() + 1;
  HARDEN_TRY(next.previous, store_.current(plan.unit));
  next.made_us = control_.now_us();
  next.profile = plan.profile;
  next.grants = plan.grants;
  next.is_static = plan.is_static;
  next.systemd = plan.systemd;
  const std::string dir = etc_dir(plan.unit);
  for (const PlannedFile& file : plan.files)
    next.files.push_back({dir + "/" + file.name, {}, file.text, kFileMode, false});
  if (next.previous != 0) {
    HARDEN_TRY(const Generation before, store_.generation(plan.unit, next.previous));
    for (const ChangedFile& file : before.files)
      if (file.after && std::ranges::find(next.files, file.path, &ChangedFile::path) == next.files.end())
        next.files.push_back({file.path, {}, {}, kFileMode, false});
  }
  for (ChangedFile& file : next.files) {
    HARDEN_TRY(file.before, read_there(file.path));
    if (file.before) file.mode_before = mode_of(file.path);
    file.folder_made = !exists(dir);
  }
  return next;
}

// A file that is to go is hidden by an empty one.
Result<void> Deployer::stage(const Pending& pending, const std::string& unit) {
  for (const ChangedFile& file : pending.generation.files)
    HARDEN_CHECK(put_file(run_dir(unit) + "/" + name_of(file.path), file.after.value_or(""), kFileMode,
                          Durability::volatile_));
  return {};
}

Result<void> Deployer::unstage(const Generation& generation, const std::string& unit) {
  for (const ChangedFile& file : generation.files)
    HARDEN_CHECK(remove_file(run_dir(unit) + "/" + name_of(file.path)));
  (void)::rmdir(run_dir(unit).c_str());  // there may be other things in it
  return {};
}

Result<void> Deployer::take_up(const std::string& unit, bool restart) {
  say_("reading all units anew");
  HARDEN_CHECK(control_.reload());
  if (!restart || is_template(unit)) return {};
  HARDEN_TRY(const UnitStatus status, control_.status(unit));
  if (!status.is_running() && status.active_state != "failed") return {};
  say_(fmt::format("restarting {}", unit));
  return control_.restart(unit);
}

Result<void> Deployer::put_back(const std::string& unit, const Pending& pending) {
  HARDEN_CHECK(unstage(pending.generation, unit));
  control_.disarm(timer_of(unit));
  // A port or a lock may not be free again at once, and a service that is down is the worst of all ends.
  auto taken_up = take_up(unit, pending.restart && pending.boot_id == boot_id_);
  for (unsigned tries = 1; !taken_up && taken_up.error().code == Errc::refused && tries < kRestartTries;
       ++tries) {
    control_.wait(kRestartPause);
    taken_up = take_up(unit, true);
  }
  HARDEN_CHECK(taken_up);
  return store_.clear_pending(unit);
}

std::vector<Trouble> Deployer::try_out(const std::string& unit, const ApplyOptions& options) {
  const std::uint64_t begin_us = control_.now_us();
  const auto with_log = [&](Trouble trouble) {
    std::vector<Trouble> troubles = {std::move(trouble)};
    for (Trouble& line : explain_log(control_.log_lines(unit, begin_us)))
      troubles.push_back(std::move(line));
    return troubles;
  };
  say_(fmt::format("restarting {}", unit));
  if (const auto restarted = control_.restart(unit); !restarted) {
    const auto status = control_.status(unit);
    if (status && status->active_state == "failed") return with_log(explain_end(*status));
    return with_log({restarted.error().text(), {}, true});
  }
  say_(fmt::format("watching {}", unit));
  for (std::chrono::milliseconds waited{0};; waited += kPoll) {
    const auto status = control_.status(unit);
    if (!status) return with_log({status.error().text(), {}, true});
    const bool ended_well = status->active_state == "inactive" && status->result == "success";
    if (!status->is_running() && !ended_well) return with_log(explain_end(*status));
    if (control_.take_interrupt()) return with_log({"it was interrupted", {}, true});
    if (status->restarts != 0)
      return with_log({fmt::format("it was started again {} times", status->restarts), {}, true});
    if (waited >= options.settle) break;
    control_.wait(kPoll);
  }
  if (!options.check.empty()) {
    say_(fmt::format("checking: {}", options.check));
    if (const int status = control_.run_check(options.check, options.check_limit); status != 0)
      return with_log({fmt::format("the check ended with status {}: {}", status, options.check), {}, true});
  }
  return explain_log(control_.log_lines(unit, begin_us));
}

Result<Outcome> Deployer::apply(const Plan& plan, const ApplyOptions& options) {
  HARDEN_TRY(const std::optional<Pending> other, store_.pending(plan.unit));
  if (other)
    return fail(Errc::refused, fmt::format("{}: a policy is on trial", plan.unit), {},
                "`harden confirm` keeps it, `harden rollback` ends it");
  Outcome outcome;
  UnitStatus before;
  if (is_template(plan.unit)) {
    outcome.notes.emplace_back("instances of it take the policy up when they start, so nothing was tried");
  } else {
    HARDEN_TRY(before, control_.status(plan.unit));
    if (!before.is_running())
      outcome.notes.emplace_back("it does not run, so nothing was tried");
    else if (!options.restart)
      outcome.notes.emplace_back("it runs without the policy until it is restarted");
  }
  const bool restart = options.restart && before.is_running();

  Pending pending{DeployPhase::trying, {}, 0, boot_id_, restart};
  HARDEN_TRY(pending.generation, next_generation(plan));
  if (std::ranges::all_of(pending.generation.files,
                          [](const ChangedFile& file) { return file.before == file.after; })) {
    outcome.generation = pending.generation.previous;
    return outcome;
  }
  if (options.trial) {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(*options.trial);
    pending.deadline_us = control_.now_us() + static_cast<std::uint64_t>(microseconds.count());
  }
  HARDEN_CHECK(store_.set_pending(plan.unit, pending));

  // From here on the way back is in place. The timer comes first: it has to work when nothing else does.
  const auto give_up = [&](const Error& error, const Result<void>& back) -> Result<Outcome> {
    if (!back)
      return std::unexpected(back.error().with_context(fmt::format(
          "{}; and the way back failed too, `harden rollback {}` tries again", error.text(), plan.unit)));
    return std::unexpected(error);
  };
  if (options.trial) {
    const auto armed = control_.arm(
        timer_of(plan.unit), *options.trial,
        {paths_.program, "rollback", "--end-trial", std::to_string(pending.generation.number), plan.unit});
    if (!armed) return give_up(armed.error(), put_back(plan.unit, pending));
  }
  if (const auto staged = stage(pending, plan.unit); !staged)
    return give_up(staged.error(), put_back(plan.unit, pending));
  say_("reading all units anew");
  if (const auto reloaded = control_.reload(); !reloaded)
    return give_up(reloaded.error(), put_back(plan.unit, pending));
  if (restart) {
    outcome.troubles = try_out(plan.unit, options);
    if (std::ranges::any_of(outcome.troubles, &Trouble::fatal)) {
      say_(fmt::format("putting {} back as it was", plan.unit));
      HARDEN_CHECK(put_back(plan.unit, pending));
      outcome.kind = Outcome::Kind::put_back;
      outcome.generation = pending.generation.previous;
      return outcome;
    }
  }
  if (options.trial) {
    pending.phase = DeployPhase::trial;
    HARDEN_CHECK(store_.set_pending(plan.unit, pending));
    outcome.kind = Outcome::Kind::on_trial;
    outcome.deadline_us = pending.deadline_us;
    outcome.generation = pending.generation.previous;
    return outcome;
  }
  if (const auto committed = commit(plan.unit, pending); !committed)
    return give_up(committed.error(), uncommit(plan.unit, pending));
  outcome.kind = Outcome::Kind::applied;
  outcome.generation = pending.generation.number;
  return outcome;
}

Result<void> Deployer::commit(const std::string& unit, const Pending& tried) {
  Pending pending = tried;
  pending.phase = DeployPhase::committing;
  HARDEN_CHECK(store_.set_pending(unit, pending));
  HARDEN_CHECK(store_.add_generation(unit, pending.generation));
  for (const ChangedFile& file : pending.generation.files)
    HARDEN_CHECK(put_or_remove(file.path, file.after, kFileMode));
  HARDEN_CHECK(store_.set_current(unit, pending.generation.number));
  control_.disarm(timer_of(unit));
  HARDEN_CHECK(unstage(pending.generation, unit));
  HARDEN_CHECK(control_.reload());
  return store_.clear_pending(unit);
}

// After a commit that failed half-way: what it wrote is put back, and then the rest.
Result<void> Deployer::uncommit(const std::string& unit, const Pending& pending) {
  for (const ChangedFile& file : pending.generation.files) {
    HARDEN_TRY(const auto there, read_there(file.path));
    if (there == file.before) continue;
    HARDEN_CHECK(put_or_remove(file.path, file.before, file.mode_before));
  }
  for (const ChangedFile& file : pending.generation.files)
    if (file.folder_made) (void)::rmdir(dir_of(file.path).c_str());
  HARDEN_CHECK(store_.set_current(unit, pending.generation.previous));
  return put_back(unit, pending);
}

Result<Outcome> Deployer::confirm(const std::string& unit) {
  HARDEN_TRY(const std::optional<Pending> pending, store_.pending(unit));
  if (!pending || pending->phase != DeployPhase::trial)
    return fail(Errc::not_found, fmt::format("{}: nothing is on trial", unit), {},
                "`harden status` shows what is in force");
  HARDEN_CHECK(commit(unit, *pending));
  return Outcome{Outcome::Kind::applied, pending->generation.number, 0, {}, {}};
}

Result<Outcome> Deployer::end_trial(const std::string& unit, unsigned generation) {
  HARDEN_TRY(const std::optional<Pending> pending, store_.pending(unit));
  if (!pending || pending->generation.number != generation || pending->deadline_us == 0 ||
      pending->phase == DeployPhase::committing || pending->phase == DeployPhase::rolling_back)
    return Outcome{};  // it was confirmed, or ended, in time
  HARDEN_CHECK(put_back(unit, *pending));
  return Outcome{Outcome::Kind::put_back, pending->generation.previous, 0, {}, {}};
}

Result<void> Deployer::write_back(const std::string& unit, unsigned to, std::vector<std::string>& notes) {
  HARDEN_TRY(unsigned number, store_.current(unit));
  // Over several generations the oldest state of each file counts.
  std::map<std::string, std::pair<ChangedFile, std::optional<std::string>>>
      wanted;  // with what should be there now
  while (number != to) {
    HARDEN_TRY(const Generation generation, store_.generation(unit, number));
    for (const ChangedFile& file : generation.files) {
      auto [at, fresh] = wanted.try_emplace(file.path, file, file.after);
      if (!fresh) at->second.first = file;
    }
    number = generation.previous;
  }
  for (const auto& [path, one] : wanted) {
    const auto& [file, expected] = one;
    HARDEN_TRY(const auto there, read_there(path));
    if (there && there != expected && there != file.before) {
      HARDEN_TRY(const std::string copy, store_.keep_copy(unit, name_of(path), *there));
      notes.push_back(
          fmt::format("{} was changed by somebody else since; a copy is kept as {}", path, copy));
    }
    HARDEN_CHECK(put_or_remove(path, file.before, file.mode_before));
  }
  for (const auto& [path, one] : wanted)
    if (one.first.folder_made) (void)::rmdir(dir_of(path).c_str());  // unless somebody put something in
  return store_.set_current(unit, to);
}

Result<Outcome> Deployer::rollback(const std::string& unit, std::optional<unsigned> to) {
  HARDEN_TRY(const std::optional<Pending> pending, store_.pending(unit));
  HARDEN_TRY(const unsigned current, store_.current(unit));
  if (pending && !to) {
    HARDEN_CHECK(put_back(unit, *pending));
    return Outcome{Outcome::Kind::put_back, current, 0, {}, {}};
  }
  if (pending)
    return fail(Errc::refused, fmt::format("{}: a policy is on trial", unit), {},
                "`harden rollback` without --to ends it first");
  if (current == 0)
    return fail(Errc::not_found, fmt::format("{}: harden has changed nothing", unit), {},
                "`harden status` lists what it has");
  std::vector<unsigned> chain;
  for (unsigned number = current; number != 0;) {
    HARDEN_TRY(const Generation generation, store_.generation(unit, number));
    number = generation.previous;
    chain.push_back(number);
  }
  const unsigned target = to.value_or(chain.front());
  if (std::ranges::find(chain, target) == chain.end())
    return fail(Errc::invalid, fmt::format("{}: generation {} is not one that it came from", unit, target),
                {}, fmt::format("one of {}", fmt::join(chain, ", ")));

  Pending step{DeployPhase::rolling_back, {}, 0, boot_id_, true};
  step.generation.number = target;
  HARDEN_CHECK(store_.set_pending(unit, step));
  Outcome outcome{Outcome::Kind::put_back, target, 0, {}, {}};
  HARDEN_CHECK(write_back(unit, target, outcome.notes));
  HARDEN_CHECK(take_up(unit, true));
  HARDEN_CHECK(store_.clear_pending(unit));
  return outcome;
}

Result<std::optional<std::string>> Deployer::recover(const std::string& unit) {
  HARDEN_TRY(const std::optional<Pending> pending, store_.pending(unit));
  if (!pending) return std::optional<std::string>();
  switch (pending->phase) {
    case DeployPhase::trial:
      // A reboot has ended it: nothing of it was in /etc.
      if (pending->boot_id == boot_id_ && control_.now_us() < pending->deadline_us)
        return std::optional<std::string>();
      HARDEN_CHECK(put_back(unit, *pending));
      return fmt::format("{}: the trial is over, and the unit as it was before", unit);
    case DeployPhase::trying:
      HARDEN_CHECK(put_back(unit, *pending));
      return fmt::format("{}: an apply was cut off; the unit is as it was before", unit);
    case DeployPhase::committing:
      HARDEN_CHECK(commit(unit, *pending));
      return fmt::format("{}: an apply was cut off when it had proved good; it is done now", unit);
    case DeployPhase::rolling_back: {
      std::vector<std::string> notes;
      HARDEN_CHECK(write_back(unit, pending->generation.number, notes));
      HARDEN_CHECK(take_up(unit, true));
      HARDEN_CHECK(store_.clear_pending(unit));
      return fmt::format("{}: a rollback was cut off; it is done now", unit);
    }
  }
  return std::optional<std::string>();
}

}  // namespace harden
