// SPDX-License-Identifier: LGPL-2.1-or-later
// Modules that a program opens while it runs, as far as the tree tells: name service modules by
// nsswitch.conf, PAM stacks, modules that the configuration of well-known servers names, libraries whose
// names stand in modules that use dlopen(). Each is an assumption, and is listed as one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reach/closure.h"
#include "reach/graph.h"

namespace harden::reach {

struct PluginGuess {
  std::string name;     // a path, or a name as dlopen() takes it
  std::string reason;   // "/etc/nsswitch.conf names it for passwd"
  bool is_required = false;
};

// What the reached part of the graph may open. Call again after each round of loading until nothing is new.
[[nodiscard]] std::vector<PluginGuess> guess_plugins(const FileSystem& fs, const Closure& closure,
                                                     const Graph& graph);

// Which of a plugin's exports whoever opens it looks up: by the convention of its kind, or all.
[[nodiscard]] bool is_plugin_entry(std::string_view plugin_path, std::string_view symbol);

}  // namespace harden::reach
