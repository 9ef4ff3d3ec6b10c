// SPDX-License-Identifier: LGPL-2.1-or-later
// Where systemd puts mounts of the service's own, as far as other settings pass them over: the passes that
// make a tree read-only or not executable leave out each path with a mount of its own, whatever that is
// for, and all below it (catalogue/mounts.toml).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "settings/settings.h"

namespace harden {

struct OwnMount {
  std::string path;  // absolute
  bool optional;  // may be absent
  bool writable;  // although ProtectSystem=strict says otherwise

  friend bool operator==(const OwnMount&, const OwnMount&) = default;
};

// By path, each once. Paths that only the machine can expand, or below another root, are left out.
[[nodiscard]] std::vector<OwnMount> own_mounts(const Settings& settings);

// Where BindPaths=SOURCE[:DESTINATION[:OPTIONS]] shows the source, with `-` and `\:` as systemd reads them.
// A specifier that only the machine can expand is still in it.
[[nodiscard]] std::string mount_destination(std::string_view mount);

// Absolute, and without a specifier that only the machine can expand.
[[nodiscard]] inline bool is_known_path(std::string_view path) {
  return path.starts_with('/') && path.find('%') == std::string_view::npos;
}

}  // namespace harden
