// SPDX-License-Identifier: LGPL-2.1-or-later
// harden apply: a policy is planned, tried on the running unit, and kept if the unit runs well with it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "cli/input_file.h"
#include "cli/option_parser.h"
#include "cli/select_units.h"
#include "live/commands.h"
#include "live/edit.h"
#include "live/session.h"
#include "live/unit_plan.h"
#include "live/watch.h"
#include "machine/switched_off.h"
#include "policy/harden_conf.h"
#include "settings/settings.h"
#include "util/time_span.h"

namespace harden {
namespace {

// Source: systemd.generator(7), "Unit search path".
constexpr std::array kGenerators = {"/run/systemd/system-generators/harden-generator",
                                    "/etc/systemd/system-generators/harden-generator",
                                    "/usr/local/lib/systemd/system-generators/harden-generator",
                                    "/usr/lib/systemd/system-generators/harden-generator"};

struct Options {
  PlanOptions plan;
  ApplyOptions apply;
  std::vector<std::string> units;
  std::optional<std::string> check, check_limit, settle, trial, watch;
  bool all = false, edit = false, keep_going = false, dry_run = false, json = false, no_restart = false;

  [[nodiscard]] bool changes_the_unit() const { return !dry_run && !watch; }
};

std::optional<int> read_options(Arguments arguments, Options& options, Console& console) {
  OptionParser parser(
      "apply",
      "Plans a policy for a unit, tries it on the running unit, and keeps it if the unit runs "
      "well; else the unit is put back as it was, and the reason explained.",
      "UNIT…");
  parser.add_arguments(options.units, 0);
  add_policy_options(parser, options.plan.policy);
  parser.add_text("--from", "FILE", options.plan.from,
                  "the policy of this file; default: the unit's own, else the one that is shipped for it");
  parser.add_flag("--dangerous", options.plan.dangerous,
                  "let --allow name grants that leave next to nothing shut");
  parser.add_flag("--edit", options.edit, "edit the policy first, by $SYSTEMD_EDITOR, $EDITOR or $VISUAL");
  parser.add_text(
      "--watch", "TIME", options.watch,
      "enforce nothing: record the running unit so long, as 2d, or up to Ctrl-C, and tell what the "
      "policy would have refused");
  parser.add_text("--trial", "TIME", options.trial,
                  "put it back after that time, as 10min, unless `harden confirm` comes first");
  parser.add_text("--check", "COMMAND", options.check,
                  "a command of the shell that must end with 0 for the policy to be kept");
  parser.add_text("--check-limit", "TIME", options.check_limit, "how long it may take; default: 1min");
  parser.add_text("--settle", "TIME", options.settle, "how long the unit has to stay up; default: 5s");
  parser.add_flag("--no-restart", options.no_restart, "write it, and leave the unit running as it is");
  parser.add_flag(
      "--static", options.plan.is_static,
      "write settings for the systemd that runs, not the policy: for machines without the generator");
  parser.add_flag("--dry-run", options.dry_run, "print the plan and change nothing");
  parser.add_flag("--json", options.json, "print the plan as JSON");
  parser.add_flag(
      "--all", options.all,
      "every running service that has a policy or, with --profile, that is not exempt; one after "
      "the other");
  parser.add_flag("--keep-going", options.keep_going,
                  "with several units: go on after one that was put back");
  parser.add_note(
      "Exit status: 0 done; 1 a unit was put back, or --watch found something; 2 there is no policy, no "
      "such unit, or other trouble.");
  if (const auto code = parser.parse(arguments, console)) return code;

  const auto complain = [&](const Error& error) {
    console.report("apply", error);
    return kExitTrouble;
  };
  const auto wrong = [&](std::string message, std::string hint) {
    return complain({Errc::invalid, std::move(message), 0, {}, std::move(hint), {}});
  };
  if (options.units.empty() == !options.all)
    return wrong(options.all ? "--all takes no unit" : "there is no unit", "name units, or --all");
  if (options.plan.from && (options.all || options.units.size() > 1))
    return wrong("--from is for one unit", "name one unit");
  if ((options.edit || options.watch) && options.units.size() != 1)
    return wrong("--edit and --watch are for one unit", "name one unit");
  if (options.watch && (options.trial || options.check || options.no_restart || options.dry_run))
    return wrong("--watch changes nothing", "leave out --trial, --check, --no-restart and --dry-run");
  const auto read_time = [&](const std::optional<std::string>& text, auto set) -> std::optional<Error> {
    if (!text) return std::nullopt;
    const auto span = parse_time_span(*text);
    if (!span) return span.error();
    set(*span);
    return std::nullopt;
  };
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  for (const auto& fault :
       {read_time(options.watch, [](milliseconds) {}),
        read_time(options.trial,
                  [&](milliseconds time) { options.apply.trial = duration_cast<seconds>(time); }),
        read_time(options.settle, [&](milliseconds time) { options.apply.settle = time; }),
        read_time(options.check_limit,
                  [&](milliseconds time) { options.apply.check_limit = duration_cast<seconds>(time); })})
    if (fault) return complain(*fault);
  if (options.apply.trial && options.apply.trial->count() == 0)
    return wrong("--trial needs a time", "as --trial=10min");
  options.apply.check = options.check.value_or("");
  options.apply.restart = !options.no_restart;
  return std::nullopt;
}

// A policy that nobody lowers is a hole that was reported as closed.
std::optional<Error> why_no_policy_holds(const FileSystem& fs) {
  if (const std::string off = switched_off(fs, read_command_line(fs)); !off.empty())
    return Error{Errc::refused,
                 "no policy is in force on this machine: " + off,
                 0,
                 {},
                 "take that back first, or use --static",
                 {}};
  if (std::ranges::any_of(kGenerators, [&](const char* path) { return fs.identify(path).has_value(); }))
    return std::nullopt;
  return Error{Errc::unsupported,
               "harden-generator, which lowers policies, is not installed",
               0,
               {},
               "install the package, or use --static",
               {}};
}

// What harden has applied to the unit before; nothing where there is no record, or none that can be read.
std::optional<Generation> generation_in_force(const Store& store, const std::string& unit) {
  const auto number = store.current(unit);
  if (!number || *number == 0) return std::nullopt;
  auto generation = store.generation(unit, *number);
  if (!generation) return std::nullopt;
  return std::move(*generation);
}

class Applying {
 public:
  Applying(Options options, Console& console) : options_(std::move(options)), console_(console) {}

  int run() {
    const auto store = Store::open_to_read(std::string(kStateDir));
    if (store) reading_ = &*store;
    std::optional<EditedFile> edited;
    if (options_.edit && !edit(edited)) return kExitTrouble;
    const int code = go();
    if (edited && code != kExitFine) {
      console_.say("what was edited is kept: " + edited->path());
      edited->keep();
    }
    return code;
  }

 private:
  // Before the lock is taken: a trial's timer would have to wait for the editor.
  bool edit(std::optional<EditedFile>& edited) {
    const auto source = open_units({}, options_.units, console_);
    if (!source) return false;
    for (const auto& [argument, error] : source->failed()) console_.report(argument, error);
    if (source->selected().empty()) return false;
    const SelectedUnit& unit = source->selected().front();
    const std::optional<Generation> in_force =
        reading_ != nullptr ? generation_in_force(*reading_, unit.label) : std::nullopt;
    const auto text = policy_to_edit(*source, unit, options_.plan, in_force, console_);
    if (!text) return false;
    auto file = EditedFile::edit(unit.label + ".conf", *text);
    if (!file) {
      console_.report("apply", file.error());
      return false;
    }
    edited.emplace(std::move(*file));
    options_.plan.from = edited->path();
    options_.plan.policy.profile.reset();   // they stand in the text
    options_.plan.policy.allow.clear();
    return true;
  }

  int go() {
    if (options_.changes_the_unit()) {
      session_ = Session::open(console_);
      if (!session_) return kExitTrouble;
      reading_ = &session_->store();
    }
    if (options_.all && !list_all()) return kExitTrouble;
    const auto source = open_units({}, options_.units, console_);
    if (!source) return kExitTrouble;
    if (!options_.plan.is_static)
      if (const auto why = why_no_policy_holds(source->files())) {
        if (options_.changes_the_unit()) {
          console_.report("apply", *why);
          return kExitTrouble;
        }
        console_.report(Diagnostic{Severity::warning, "apply", {}, why->message, why->hint});
      }
    int code = source->failed().empty() ? kExitFine : kExitTrouble;
    for (const auto& [argument, error] : source->failed()) console_.report(argument, error);
    for (std::size_t i = 0; i < source->selected().size(); ++i) {
      const int one = treat(*source, source->selected()[i]);
      code = std::max(code, one);
      if (one == kExitFine || options_.keep_going || options_.dry_run) continue;
      if (const std::size_t left = source->selected().size() - i - 1; left != 0)
        console_.say(
            fmt::format("{} units are left as they are; the same command goes on where it stopped, "
                        "--keep-going passes by",
                        left));
      break;
    }
    return code;
  }

  // Running services that have a policy, or may have the profile.
  bool list_all() {
    const auto running = running_services();
    if (!running) return false;
    const auto source = open_units({}, *running, console_);
    if (!source) return false;
    const HardenConf conf = read_harden_conf(source->files());
    for (const SelectedUnit& unit : source->selected()) {
      const LoadedUnit loaded = source->load(unit, false);
      if (!loaded.unit.fragment || loaded.refusal) continue;
      const UnitPolicy own = read_unit_policy(loaded.unit, loaded.systemd->version);
      const auto shipped = find_shipped_policy(loaded.unit.name, source->files());
      const bool has_policy = (own.is_present && own.is_enabled) || !shipped || *shipped;
      const bool is_exempt =
          find_exemption(conf, loaded.unit) != nullptr ||
          loaded.settings.choice(catalogue::DirectiveId::DefaultDependencies).value_or(1) != 1;
      if (has_policy || (options_.plan.policy.profile && !is_exempt)) options_.units.push_back(unit.label);
    }
    if (options_.units.empty())
      console_.report("apply", Error{Errc::not_found,
                                     "no running service has a policy",
                                     0,
                                     {},
                                     "--profile names one for all that are not exempt",
                                     {}});
    return !options_.units.empty();
  }
  std::optional<std::vector<std::string>> running_services() {
    if (!session_) session_ = Session::open(console_);
    if (!session_) return std::nullopt;
    auto names = session_->control().active_services();
    if (names) return std::move(*names);
    console_.report(names.error());
    return std::nullopt;
  }

  int treat(const UnitSource& source, const SelectedUnit& unit) {
    std::string own_name = unit.label;
    if (const LoadedUnit loaded = source.load(unit, false); loaded.unit.fragment)
      own_name = label_of(unit, loaded.unit);
    if (session_ && options_.changes_the_unit() && !session_->recover(own_name)) return kExitTrouble;
    const std::optional<Generation> in_force =
        reading_ != nullptr ? generation_in_force(*reading_, own_name) : std::nullopt;
    const auto plan = plan_unit(source, unit, options_.plan, in_force, console_);
    if (!plan) return kExitTrouble;
    console_.write(options_.json ? plan_json(plan->report)
                                 : plan_text(plan->report, console_.width(), console_.style()));
    if (options_.dry_run) return kExitFine;
    if (options_.watch) return watch_unit(*plan, *options_.watch, console_);
    return session_->tell(plan->plan.unit, session_->deployer().apply(plan->plan, options_.apply));
  }

  Options options_;
  Console& console_;
  std::unique_ptr<Session> session_;
  const Store* reading_ = nullptr;
};

}  // namespace

int apply_units(Arguments arguments, Console& console) {
  Options options;
  if (const auto code = read_options(arguments, options, console)) return *code;
  return Applying(std::move(options), console).run();
}

}  // namespace harden
