// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread under ptrace, and what can be read of it while it stands still.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "record/bpf/event.h"
#include "record/interpret.h"

namespace harden::record {

// A call at its entry, where its names are still what the kernel will read.
struct EnteredCall {
  bool is_known = false;
  unsigned number = 0;
  bool is_32_bit = false;
  Seen seen;   // all but what only the result tells
};

// With what the recipe wants of the arguments.
[[nodiscard]] EnteredCall read_entry(pid_t thread, unsigned number, bool is_32_bit,
                                     const std::uint64_t* arguments);
// Adds the result, and the file or socket that it is about.
void read_result(pid_t thread, std::int64_t ret, EnteredCall& call);

// Installs, in this process, a filter that stops for its tracer at the rare calls that have a recipe. The
// errno.
[[nodiscard]] int install_trace_filter();

}  // namespace harden::record
