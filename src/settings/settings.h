// SPDX-License-Identifier: LGPL-2.1-or-later
// A unit's settings: every assignment of its files merged by systemd's rules, each value with the
// assignments it came from, and what systemd itself makes of them when it loads the unit.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "settings/parse_value.h"
#include "settings/value.h"
#include "unit/unit_tree.h"
#include "util/diagnostic.h"

namespace harden {

// What became of one assignment.
enum class Fate : std::uint8_t {
  counts,       // it is part of the value
  overridden,   // a later assignment replaced or reset it
  resets,       // empty: it cleared what stood before
  dropped,      // systemd cannot parse it
};

// One assignment of a directive. The text is a view into the unit's files.
struct Contribution {
  catalogue::DirectiveId directive;
  std::uint16_t file;        // 0: the main file; else drop-in file - 1
  unsigned line;
  std::string_view text;     // right-hand side
  Fate fate;
};

// How a value came about that no assignment gives.
struct Implied {
  catalogue::DirectiveId directive;
  std::string_view reason;
};

class Settings {
 public:
  // nullptr if nothing sets it.
  [[nodiscard]] const Value* find(catalogue::DirectiveId id) const;
  // The choice set, else the directive's default, if it has one.
  [[nodiscard]] std::optional<std::uint8_t> choice(catalogue::DirectiveId id) const;
  // Some defaults differ for the processes of sockets, mounts and swaps.
  void set_outside_service(bool outside) { outside_service_ = outside; }
  [[nodiscard]] const Words* words(catalogue::DirectiveId id) const;
  // Empty if unset.
  [[nodiscard]] std::string_view text(catalogue::DirectiveId id) const;

  void set(catalogue::DirectiveId id, Value value);
  // What `change` returns that is given the value, or nothing, to change.
  template <typename Change>
  auto edit(catalogue::DirectiveId id, Change change) {
    std::optional<Value>& value = place(id);
    const auto result = change(value);
    if (!value) erase(id);
    return result;
  }
  // Takes the value out; the directive is unset after.
  std::optional<Value> take(catalogue::DirectiveId id);
  // Directives that have a value, in the catalogue's order.
  [[nodiscard]] std::vector<catalogue::DirectiveId> ids() const;

  friend bool operator==(const Settings& a, const Settings& b);

 private:
  std::optional<Value>& place(catalogue::DirectiveId id);
  void erase(catalogue::DirectiveId id);

  // Most units set a dozen of the directives: values stand densely, found by slot (0: none).
  std::array<std::uint8_t, catalogue::kDirectiveCount> slots_{};
  std::vector<std::optional<Value>> values_;
  bool outside_service_ = false;
};

// A unit with its settings as the given systemd loads it.
struct LoadedUnit {
  Unit unit;
  const catalogue::Systemd* systemd = nullptr;
  Settings settings;
  std::vector<Contribution> contributions;   // in the order of the files
  std::vector<Implied> implied;
  Diagnostics diagnostics;                   // of the unit, its files and its assignments
  // Set if systemd would refuse to load the unit, or has nothing to load (masked, not found).
  std::optional<Error> refusal;

  [[nodiscard]] const std::string& file_path(std::uint16_t file) const;
};

struct LoadOptions {
  const catalogue::Systemd* systemd = nullptr;
  // What is added to Stage::load, which is what systemd itself keeps: one of Stage::bus and
  // Stage::offline for a score, Stage::start for what the process gets.
  std::span<const catalogue::Stage> further_stages = {};
  bool hints = true;   // whether diagnostics look for the name that was meant
};

[[nodiscard]] LoadedUnit load_settings(Unit unit, const LoadOptions& options);

// Has the directive a value that differs from its unset state? (An empty AmbientCapabilities= or
// RestrictNamespaces=no is assigned, but changes nothing.)
[[nodiscard]] bool is_set(const Settings& settings, catalogue::DirectiveId id);

[[nodiscard]] bool holds(const catalogue::Condition& condition, const Settings& settings);

// Does the service run as root, as far as the unit tells? (No User=, or root, and no DynamicUser=.)
[[nodiscard]] bool runs_as_root(const Settings& settings);

// Carries out one stage's implications on the settings, in the catalogue's order.
void apply_implications(Settings& settings, const catalogue::Systemd& systemd, catalogue::Stage stage,
                        std::vector<Implied>* implied);

}  // namespace harden
