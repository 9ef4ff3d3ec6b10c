// SPDX-License-Identifier: LGPL-2.1-or-later
// The commands of the program: each a function of its own file, from its arguments to the exit code.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/console.h"

namespace harden::reach {
class Isa;
}

namespace harden {

using Arguments = std::span<const std::string>;

[[nodiscard]] int run_check(Arguments arguments, Console& console);
[[nodiscard]] int run_compile(Arguments arguments, Console& console);
[[nodiscard]] int run_grants(Arguments arguments, Console& console);
[[nodiscard]] int run_profiles(Arguments arguments, Console& console);
[[nodiscard]] int run_lint(Arguments arguments, Console& console);
[[nodiscard]] int run_merge(Arguments arguments, Console& console);
[[nodiscard]] int run_record(Arguments arguments, Console& console);
[[nodiscard]] int run_scan(Arguments arguments, Console& console);
[[nodiscard]] int run_score(Arguments arguments, Console& console);
[[nodiscard]] int run_diff(Arguments arguments, Console& console);
[[nodiscard]] int run_show(Arguments arguments, Console& console);
[[nodiscard]] int run_suggest(Arguments arguments, Console& console);
[[nodiscard]] int run_upgrade(Arguments arguments, Console& console);

// What `harden scan` does once it has a disassembler; run_scan() starts the program that has one.
[[nodiscard]] int scan_programs(Arguments arguments, const reach::Isa& isa, Console& console);

struct Command {
  std::string_view name;
  std::string_view summary;   // for `harden help`, some words
  int (*run)(Arguments, Console&);
};

}  // namespace harden
