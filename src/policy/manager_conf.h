// SPDX-License-Identifier: LGPL-2.1-or-later
// What systemd's own configuration keeps from every unit: system.conf and its drop-ins, section [Manager].
// Source: systemd-system.conf(5).
#pragma once

#include "catalogue/catalogue.h"
#include "settings/settings.h"
#include "util/root_dir.h"

namespace harden {

// CapabilityBoundingSet=, NoNewPrivileges= and SystemCallArchitectures= of the manager, which no unit gets
// past. Lines that cannot be read count for nothing, as to systemd.
[[nodiscard]] Settings read_manager_conf(const FileSystem& fs, const catalogue::Systemd& systemd);

}  // namespace harden
