// SPDX-License-Identifier: LGPL-2.1-or-later
#include "generator/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "machine/machine.h"
#include "policy/drop_in.h"
#include "policy/harden_conf.h"
#include "unit/unit_tree.h"

namespace harden {
namespace {

std::string text_of(const Diagnostic& one) {
  const std::string text = Error{Errc::invalid, one.message, 0, one.where, {}, {}}.text();
  return one.hint.empty() ? text : fmt::format("{}; {}", text, one.hint);
}

class Generator {
 public:
  Generator(const FileSystem& fs, bool is_this_machine,
            const std::function<bool(const GeneratedFile&)>& write,
            const std::function<void(std::string_view)>& log)
      : fs_(fs),
        write_(write),
        log_(log),
        conf_(read_harden_conf(fs)),
        systemd_(
            catalogue::nearest_systemd(find_systemd_version(fs).value_or(catalogue::kVersions.back()))),
        target_(machine_target(fs, conf_, systemd_, is_this_machine)),
        tree_(UnitTree::scan(fs, default_search_path(Scope::system, true))) {
    for (const Diagnostic& one : conf_.diagnostics)
      if (one.severity == Severity::error) log_(text_of(one));
    if (!conf_.has_error()) return;
    // Perhaps it is the exemptions that cannot be read.
    result_.faults += 1;
    if (conf_.default_profile != nullptr) log_("the machine-wide default is left out until that is mended");
    conf_.default_profile = nullptr;
  }

  GenerateResult run() && {
    for (const std::string_view type : kProcessTypes) {
      const std::string section = section_of_type(type);
      for (const UnitName& name : tree_.names(type)) treat(name, section);
      for (const UnitName& name : tree_.instances(type)) treat(name, section);
    }
    return result_;
  }

 private:
  void treat(const UnitName& name, std::string_view section) {
    try {
      compile_unit(name, section);
    } catch (const std::exception& error) {
      fault(name, error.what());
    }
  }
  void fault(const UnitName& name, std::string_view message) {
    result_.faults += 1;
    log_(fmt::format("{}: no policy: {}", name.text(), message));
  }

  void compile_unit(const UnitName& name, std::string_view section) {
    // systemd has emptied the folder; who starts the generator by hand may not have.
    LoadedUnit unit = load_settings(without_generated(tree_.load(name)), {&systemd_, {}, false});
    if (unit.refusal && (unit.refusal->code == Errc::too_large || unit.refusal->code == Errc::io))
      return fault(name, unit.refusal->message);  // systemd may read it all the same
    if (!unit.unit.fragment || unit.refusal) return;  // systemd will not run it either
    EffectivePolicy found = find_policy(unit, conf_, fs_);
    for (const Diagnostic& one : found.policy.diagnostics)
      if (one.severity == Severity::error) fault(name, text_of(one));
    if (found.origin == PolicyOrigin::none) return;
    result_.units += 1;
    target_.runs_as = runs_as_of(unit.settings);
    const SplitCompiled split = split_overriding(compile_settings(found.policy.policy, target_, &unit));
    keep(unit.unit.name, kDropInName, split.plain, section);
    keep(unit.unit.name, kOverrideName, split.overriding, section);
  }

  void keep(const UnitName& name, std::string_view file, const Compiled& compiled,
            std::string_view section) {
    if (compiled.settings.empty()) return;
    if (!write_({name.text(), file, print_drop_in(compiled, systemd_.version, section)}))
      result_.faults += 1;
  }

  const FileSystem& fs_;
  const std::function<bool(const GeneratedFile&)>& write_;
  const std::function<void(std::string_view)>& log_;
  HardenConf conf_;
  const catalogue::Systemd& systemd_;
  Target target_;
  UnitTree tree_;
  GenerateResult result_;
};

}  // namespace

GenerateResult generate(const FileSystem& fs, bool is_this_machine,
                        const std::function<bool(const GeneratedFile&)>& write,
                        const std::function<void(std::string_view)>& log) {
  return Generator(fs, is_this_machine, write, log).run();
}

}  // namespace harden
