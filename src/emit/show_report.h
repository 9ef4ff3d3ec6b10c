// SPDX-License-Identifier: LGPL-2.1-or-later
// What `harden show` says of one unit: its files, its settings with their origins, what was overridden,
// implied or dropped, and what stays open.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emit/style.h"
#include "exposure/exposure.h"
#include "policy/harden_conf.h"
#include "settings/settings.h"

namespace harden {

// The unit's policy, and what comes of it.
struct PolicyView {
  UnitPolicy own = {};  // as it was found; with an error nothing is compiled
  PolicyOrigin origin = PolicyOrigin::unit;
  const catalogue::Profile* default_profile = nullptr;  // the machine's
  std::optional<Exemption> exemption = {};  // why a machine-wide default passes the unit by
  std::optional<Compiled> compiled = {};
  std::optional<Exposure> exposure = {};     // of the unit with it
};

struct ShowReport {
  std::string unit;                   // as asked for
  const LoadedUnit* loaded = nullptr;
  ScoreMode mode = ScoreMode::online;
  std::optional<Exposure> exposure;   // nothing if systemd refuses the unit or it cannot be scored
  // What systemd does to the process at its start, seen nowhere in the unit: `at_start` is the settings
  // after it, `started` what changed them.
  Settings at_start;
  std::vector<Implied> started;
  bool all = false;                   // settings at their default too
  std::optional<PolicyView> policy = {};
  // Of the unit, with its policy if it has one: settings that others void, or that hold on a condition.
  Diagnostics caveats = {};
};

// One directive of the unit, ready to be printed.
struct SettingView {
  const catalogue::Directive* directive = nullptr;
  std::vector<std::string> value;                      // as value_words gives it
  std::vector<const Contribution*> origins;            // those that count
  std::vector<std::string_view> reasons;               // why systemd has a part in it
  bool is_default = false;
  bool only_at_start = false;                          // holds for the process, not in the unit
};
[[nodiscard]] std::vector<SettingView> setting_views(const ShowReport& report);

// An assignment that does not count any more, and the one that saw to it.
struct Override {
  const Contribution* earlier = nullptr;
  const Contribution* by = nullptr;   // nullptr if it is not known
};
[[nodiscard]] std::vector<Override> list_overrides(const LoadedUnit& loaded);

// Does the directive's value consist of whole lines, each an assignment of its own?
[[nodiscard]] bool has_lines(catalogue::Kind kind);

// The section of show_text() about the policy; `place` names a line of a file shortly.
void print_policy(std::string& out, const PolicyView& policy,
                  const std::function<std::string(const SourcePos&)>& place, std::size_t width,
                  const Style& style);

[[nodiscard]] std::string show_text(const ShowReport& report, std::size_t width, const Style& style);
[[nodiscard]] std::string show_json(const ShowReport& report);

}  // namespace harden
