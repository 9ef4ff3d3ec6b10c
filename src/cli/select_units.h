// SPDX-License-Identifier: LGPL-2.1-or-later
// From the arguments of a command to units with their settings: which file tree, which systemd, which
// units of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/option_parser.h"
#include "exposure/exposure.h"
#include "settings/settings.h"
#include "unit/unit_tree.h"
#include "util/diagnostic.h"
#include "util/root_dir.h"

namespace harden {

struct TreeOptions {
  std::optional<std::string> root;
  std::optional<unsigned> for_systemd;
  bool offline = false;
};
void add_tree_options(OptionParser& parser, TreeOptions& options);

struct SelectedUnit {
  std::string label;   // how it is called in the output: a template under its own name
  UnitName name;       // what is loaded: of a template, the instance that systemd-analyze takes
  std::string argument = {};   // as given; empty if no unit was named
};

// The services of the tree, or the units that the arguments name.
class UnitSource {
 public:
  // Fails if there is no tree. What is wrong with one argument is in failed().
  [[nodiscard]] static Result<UnitSource> open(const TreeOptions& options, Arguments arguments);

  [[nodiscard]] const std::vector<SelectedUnit>& selected() const { return selected_; }
  [[nodiscard]] const std::vector<std::pair<std::string, Error>>& failed() const { return failed_; }
  // What was assumed about the tree, and what is wrong with it.
  [[nodiscard]] const Diagnostics& diagnostics() const { return diagnostics_; }
  [[nodiscard]] bool are_named() const { return are_named_; }

  [[nodiscard]] const catalogue::Systemd& systemd() const { return *systemd_; }
  [[nodiscard]] ScoreMode mode() const { return mode_; }
  // Is it the tree of the machine that this runs on?
  [[nodiscard]] bool is_this_machine() const { return is_this_machine_; }
  [[nodiscard]] const FileSystem& files() const { return *fs_; }
  [[nodiscard]] const UnitTree& tree() const { return *tree_; }

  // `hints`: whether diagnostics look for the name that was meant, which many units need not pay for.
  [[nodiscard]] LoadedUnit load(const SelectedUnit& unit, bool hints = true) const;

 private:
  void select_all();
  void select(const std::string& argument);
  void add(UnitName name, const std::string& argument);
  void fail_argument(const std::string& argument, Errc code, std::string message, std::string hint = {});

  std::unique_ptr<RootDir> fs_;
  std::unique_ptr<UnitTree> tree_;
  const catalogue::Systemd* systemd_ = nullptr;
  ScoreMode mode_ = ScoreMode::online;
  bool is_this_machine_ = false;
  bool are_named_ = false;
  std::vector<SelectedUnit> selected_;
  std::vector<std::pair<std::string, Error>> failed_;
  Diagnostics diagnostics_;
};

// What the score adds to a unit's own settings.
[[nodiscard]] inline catalogue::Stage stage_of(ScoreMode mode) {
  return mode == ScoreMode::online ? catalogue::Stage::bus : catalogue::Stage::offline;
}

// UnitSource::open, saying what was assumed. Nothing: there is no tree, which has been said.
[[nodiscard]] std::optional<UnitSource> open_units(const TreeOptions& options, Arguments arguments,
                                                   const Console& console);

// "nginx" is nginx.service.
[[nodiscard]] std::string with_suffix(const std::string& name);

// The name that a unit goes by in lists of several: its file's own, whatever alias was given.
[[nodiscard]] std::string label_of(const SelectedUnit& selected, const Unit& unit);

}  // namespace harden
