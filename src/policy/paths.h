// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of the normal form that is about places in the file tree: the lines that let a path through
// (catalogue/trees.toml), and those that shut what others pass over (catalogue/mounts.toml).
#pragma once

#include <span>
#include <string>

#include "policy/closed.h"

namespace harden {

// One path that a grant opens.
struct OpenedPath {
  const Grant* grant;
  catalogue::Access access;
  std::string path;
  bool optional;
  bool named;  // by somebody, as an argument
  bool implied;  // by the unit, from what the policy alone shuts
};

// Once all else is decided.
void open_paths(Closed& closed, std::span<const OpenedPath> paths, const Target& target,
                const LoadedUnit* unit);

// Lists in the policy's own NoExecPaths= and, under ProtectSystem=strict, in ReadOnlyPaths= what would be
// passed over. After open_paths().
void shut_mounts(Closed& closed, const Target& target);

}  // namespace harden
