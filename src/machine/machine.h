// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine that policies are lowered for: its systemd, its file tree, its configuration.
#pragma once

#include <optional>

#include "catalogue/catalogue.h"
#include "policy/harden_conf.h"
#include "policy/policy.h"
#include "util/root_dir.h"

namespace harden {

// The version of the systemd in the tree, by the file name of its library; nothing if there is none.
[[nodiscard]] std::optional<unsigned> find_systemd_version(const FileSystem& fs);

// For a unit that runs as root; who else runs is the unit's to say. `is_this_machine`: its facts are looked
// up too, which another tree has not.
[[nodiscard]] Target machine_target(const FileSystem& fs, const HardenConf& conf,
                                    const catalogue::Systemd& systemd, bool is_this_machine);

}  // namespace harden
