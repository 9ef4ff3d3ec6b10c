// SPDX-License-Identifier: LGPL-2.1-or-later
// The options that several commands take about a policy and what it is lowered for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/option_parser.h"
#include "cli/select_units.h"
#include "policy/policy_source.h"

namespace harden {

struct PolicyOptions {
  std::optional<std::string> profile, user, layout;
  std::vector<std::string> allow, facts;
};
void add_policy_options(OptionParser& parser, PolicyOptions& options);
// Those about the machine alone.
void add_machine_options(OptionParser& parser, PolicyOptions& options);

// The grants of all --allow. Nothing: a fault, which has been said.
[[nodiscard]] std::optional<std::vector<Grant>> read_allow(const PolicyOptions& options,
                                                           const Console& console);

// What the tree, its /etc/harden and the options say of the machine; as root. Nothing: a fault, which has
// been said.
[[nodiscard]] std::optional<Target> read_target(const PolicyOptions& options, const UnitSource& source,
                                                const Console& console);

// The unit as policies look at it: without what a score adds. Nothing: systemd would not load it, which has
// been said.
[[nodiscard]] std::optional<LoadedUnit> load_for_policy(const UnitSource& source, const SelectedUnit& unit,
                                                        const Console& console);

// The one unit that an argument names, as policies look at it, with its tree. Nothing: there is none, which
// has been said.
struct OpenedUnit {
  UnitSource source;
  SelectedUnit selected;
  LoadedUnit loaded;
};
[[nodiscard]] std::optional<OpenedUnit> open_unit_for_policy(const TreeOptions& tree,
                                                             const std::string& argument,
                                                             const Console& console);

// For a machine that is not there: the systemd of the number, else the newest known.
[[nodiscard]] Result<Target> read_bare_target(const PolicyOptions& options,
                                              std::optional<unsigned> for_systemd);

// The policy with --profile and --allow on top. Nothing: a fault in these, which has been said.
[[nodiscard]] std::optional<Policy> with_policy_options(const PolicyOptions& options, Policy policy,
                                                        const Console& console);

// The unit's own policy with the options on top. Nothing: there is none, or a fault; it has been said.
[[nodiscard]] std::optional<Policy> read_policy(const PolicyOptions& options, const LoadedUnit& loaded,
                                                std::string_view label, const Console& console);

}  // namespace harden
