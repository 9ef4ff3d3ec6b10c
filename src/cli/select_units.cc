// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/select_units.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

#include "machine/machine.h"
#include "util/text.h"

namespace harden {
namespace {

std::string dir_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

bool is_file_argument(std::string_view argument) { return argument.find('/') != std::string_view::npos; }

}  // namespace

// As systemctl completes names: "foo@" too.
std::string with_suffix(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  if (dot != std::string::npos && is_unit_type(std::string_view(name).substr(dot + 1))) return name;
  return name + ".service";
}

namespace {

// The absolute path in the tree that an argument means.
std::string tree_path(const std::string& argument, bool has_root) {
  if (argument.starts_with('/')) return argument;
  if (has_root) return "/" + argument;
  std::array<char, PATH_MAX> here;
  if (::getcwd(here.data(), here.size()) == nullptr) return "/" + argument;
  return std::string(here.data()) + "/" + argument;
}

}  // namespace

void add_tree_options(OptionParser& parser, TreeOptions& options) {
  parser.add_text("--root", "DIR", options.root, "work on the file tree below DIR");
  parser.add_number("--for-systemd", 1, USHRT_MAX, options.for_systemd,
                    "read the units as systemd N does; default: the systemd of the tree");
  parser.add_flag(
      "--offline", options.offline,
      "as systemd-analyze --offline=true: without what generators made, and with that mode's rules");
}

std::optional<UnitSource> open_units(const TreeOptions& options, Arguments arguments,
                                     const Console& console) {
  auto source = UnitSource::open(options, arguments);
  if (!source) {
    console.report(source.error());
    return std::nullopt;
  }
  for (const Diagnostic& one : source->diagnostics()) console.report(one);
  return std::move(*source);
}

std::string label_of(const SelectedUnit& selected, const Unit& unit) {
  const bool is_template = selected.label != selected.name.text();
  return is_template ? unit.name.template_name().text() : unit.name.text();
}

Result<UnitSource> UnitSource::open(const TreeOptions& options, Arguments arguments) {
  UnitSource source;
  HARDEN_TRY(RootDir root, RootDir::open(options.root.value_or("/")));
  source.fs_ = std::make_unique<RootDir>(std::move(root));
  source.mode_ = options.offline ? ScoreMode::offline : ScoreMode::online;
  source.is_this_machine_ = !options.root && !options.offline;
  source.are_named_ = !arguments.empty();

  const auto note = [&](std::string message, std::string hint) {
    source.diagnostics_.push_back(
        {Severity::note, "systemd-version", {}, std::move(message), std::move(hint)});
  };
  const unsigned newest = catalogue::kVersions.back();
  std::optional<unsigned> version = options.for_systemd;
  if (!version) version = find_systemd_version(*source.fs_);
  if (!version)
    note("the tree has no systemd; reading its units as systemd " + std::to_string(newest) + " does",
         "--for-systemd=N chooses another");
  source.systemd_ = &catalogue::nearest_systemd(version.value_or(newest));
  if (version && source.systemd_->version != *version)
    note("there is no table for systemd " + std::to_string(*version) + "; that of " +
             std::to_string(source.systemd_->version) + " is used",
         {});

  SearchPath path = default_search_path(Scope::system, !options.offline);
  std::vector<std::string> dirs;
  for (const std::string& argument : arguments) {
    if (!is_file_argument(argument)) continue;
    std::string dir = dir_name(tree_path(argument, options.root.has_value()));
    if (std::ranges::find(dirs, dir) == dirs.end()) dirs.push_back(std::move(dir));
  }
  path.dirs.insert(path.dirs.begin(), dirs.begin(), dirs.end());
  source.tree_ = std::make_unique<UnitTree>(UnitTree::scan(*source.fs_, std::move(path)));
  std::ranges::copy(source.tree_->diagnostics(), std::back_inserter(source.diagnostics_));

  if (arguments.empty()) source.select_all();
  for (const std::string& argument : arguments) {
    if (is_file_argument(argument)) {
      // Otherwise a unit of that name from elsewhere would be taken for it.
      const auto type = source.fs_->stat_type(tree_path(argument, options.root.has_value()));
      if (!type) {
        source.fail_argument(argument, type.error().code, "there is no such file");
        continue;
      }
      if (*type == FileType::directory) {
        source.fail_argument(argument, Errc::invalid, "is a directory",
                             "name the unit files in it, or another file tree with --root");
        continue;
      }
    }
    source.select(argument);
  }
  return source;
}

void UnitSource::fail_argument(const std::string& argument, Errc code, std::string message,
                               std::string hint) {
  failed_.emplace_back(argument, Error{code, std::move(message), 0, {}, std::move(hint), {}});
}

void UnitSource::select_all() {
  std::vector<UnitName> names = tree_->names("service");
  selected_.reserve(names.size());
  for (UnitName& name : names) add(std::move(name), {});
}

void UnitSource::select(const std::string& argument) {
  const bool is_file = is_file_argument(argument);
  const std::string text = is_file ? std::string(base_name(argument)) : with_suffix(argument);
  std::optional<UnitName> name = parse_unit_name(text);
  if (!name) {
    fail_argument(argument, Errc::invalid, is_file ? "is not named as a unit" : "is no unit name",
                  is_file ? "a unit's file is named as the unit: nginx.service" : std::string());
    return;
  }
  const std::string_view type = name->type();
  if (!runs_processes(type)) {
    fail_argument(argument, Errc::unsupported, "a " + std::string(type) + " unit runs no process");
    return;
  }
  add(std::move(*name), argument);
}

void UnitSource::add(UnitName name, const std::string& argument) {
  std::string label = name.text();
  if (name.kind() == UnitNameKind::template_) {
    // The instance that systemd-analyze makes up, so that %i and the drop-ins are those it sees.
    const std::string_view instance = systemd_->version >= 253     ? "test_instance"
                                      : mode_ == ScoreMode::online ? "test-instance"
                                                                   : "i";
    if (auto instantiated = name.with_instance(instance)) name = std::move(*instantiated);
  }
  const auto is_same = [&](const SelectedUnit& other) { return other.name == name; };
  if (are_named_ && std::ranges::any_of(selected_, is_same)) return;
  selected_.push_back({std::move(label), std::move(name), argument});
}

LoadedUnit UnitSource::load(const SelectedUnit& unit, bool hints) const {
  const std::array stages = {stage_of(mode_)};
  LoadedUnit loaded = load_settings(tree_->load(unit.name), {systemd_, stages, hints});
  if (are_named_ && loaded.unit.state == LoadState::not_found && loaded.refusal &&
      loaded.refusal->hint.empty()) {
    const std::vector<UnitName> names = tree_->names(unit.name.type());
    std::vector<std::string_view> candidates;
    candidates.reserve(names.size());
    for (const UnitName& name : names) candidates.push_back(name.text());
    if (const auto near = nearest(unit.label, candidates); near && *near != unit.label)
      loaded.refusal->hint = "did you mean " + std::string(*near) + "?";
  }
  return loaded;
}

}  // namespace harden
