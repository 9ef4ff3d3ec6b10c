// SPDX-License-Identifier: LGPL-2.1-or-later
// What is known of the C library and its loader that their code does not say by itself. Each model finds
// its place by structure, never by address or version, and says in words what it assumes; where the
// structure is not found, nothing is assumed and the code counts as it stands.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reach/graph.h"

namespace harden::reach {

// Calls that the loader makes only in modes in which no service runs it.
struct LoaderMode {
  std::string_view call;
  std::string_view mode;
};
[[nodiscard]] std::span<const LoaderMode> loader_modes();

// Functions that are called only while mutexes with a priority ceiling are in use: vertices of `libc` that
// change the scheduling of the thread, reached from pthread_mutex_lock() in every program. Empty if there
// is none of that shape.
[[nodiscard]] std::vector<std::uint32_t> priority_ceiling_functions(const Summary& libc);
// What a program calls before it can have such a mutex.
[[nodiscard]] std::span<const std::string_view> priority_ceiling_uses();

// Functions that repeat a set*id() call in every thread, with the number that the caller left in memory:
// setuid() and its like, each of which makes the call itself too. They have an unresolved site that is
// none.
[[nodiscard]] std::vector<std::uint32_t> setxid_functions(const Summary& libc);

[[nodiscard]] bool is_glibc(const Summary& summary);
// The vertex of an exported function; Import::kNone: it has none.
[[nodiscard]] std::uint32_t exported(const Summary& summary, std::string_view name);

}  // namespace harden::reach
