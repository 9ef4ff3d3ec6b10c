// SPDX-License-Identifier: LGPL-2.1-or-later
// The system manager over its bus (org.freedesktop.systemd1), and the journal. sd-bus stays inside the .cc.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>

#include "deploy/unit_control.h"

namespace harden {

struct BusLimits {
  std::chrono::seconds reload{90};
  std::chrono::seconds job{180};
};

// Errc::unsupported where systemd does not run the machine; Errc::io where it cannot be reached. `waiting`
// is called about once a second while something takes time; `interrupted` is set where the user asks to
// stop.
[[nodiscard]] Result<std::unique_ptr<UnitControl>> open_bus_control(BusLimits limits,
                                                                    std::atomic<bool>& interrupted,
                                                                    std::function<void()> waiting);

}  // namespace harden
