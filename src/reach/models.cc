// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/models.h"

#include <algorithm>
#include <array>

namespace harden::reach {
namespace {

constexpr std::array kLoaderModes = {
    LoaderMode{"execve", "the loader run by hand, with a program to start"},
    LoaderMode{"setitimer", "LD_PROFILE"},
    LoaderMode{"uname", "--list-diagnostics"},
    LoaderMode{"sched_getaffinity", "--list-diagnostics"},
    LoaderMode{"sched_setaffinity", "--list-diagnostics"},
    LoaderMode{"getcpu", "--list-diagnostics"},
};

constexpr std::array<std::string_view, 4> kCeilingUses = {
    "pthread_mutexattr_setprotocol", "pthread_mutexattr_setprioceiling", "pthread_mutex_setprioceiling",
    "pthread_mutex_getprioceiling"};

bool links_to(const Summary& summary, std::uint32_t from, std::uint32_t to) {
  return std::ranges::any_of(summary.edges_of(from), [&](const Edge& one) {
    if (one.is_import == 0) return one.target == to;
    return summary.imports[one.target].own_vertex == to;
  });
}

}  // namespace

std::span<const LoaderMode> loader_modes() { return kLoaderModes; }
std::span<const std::string_view> priority_ceiling_uses() { return kCeilingUses; }

bool is_glibc(const Summary& summary) { return summary.soname == "libc.so.6"; }

std::uint32_t exported(const Summary& summary, std::string_view name) {
  const std::uint32_t hash = hash_name(name);
  for (const Export& one : summary.exports)
    if (one.hash == hash && one.is_function != 0 && summary.text_of(one.name) == name) return one.vertex;
  return Import::kNone;
}

// glibc, nptl/tpp.c: __pthread_tpp_change_priority() asks for the thread's parameters and scheduler and
// sets them; it is nameless in a stripped library. pthread_setschedprio() and the like do without one or
// another.
std::vector<std::uint32_t> priority_ceiling_functions(const Summary& libc) {
  std::vector<std::uint32_t> found;
  std::array<std::uint32_t, 3> needed = {exported(libc, "sched_getparam"),
                                         exported(libc, "sched_getscheduler"),
                                         exported(libc, "sched_setscheduler")};
  if (std::ranges::find(needed, Import::kNone) != needed.end()) return found;
  std::vector<bool> is_exported(libc.function_count, false);
  for (const Export& one : libc.exports)
    if (one.vertex < libc.function_count) is_exported[one.vertex] = true;
  for (std::uint32_t i = 0; i < libc.function_count; ++i)
    if (!is_exported[i] &&
        std::ranges::all_of(needed, [&](std::uint32_t one) { return links_to(libc, i, one); }))
      found.push_back(i);
  return found;
}

// glibc, nptl/nptl_setxid.c: setuid() and its like call __nptl_setxid(), which signals all threads to run a
// handler; both make the call whose number stands in a structure.
std::vector<std::uint32_t> setxid_functions(const Summary& libc) {
  constexpr std::array<std::string_view, 3> kCallers = {"setuid", "setresgid", "setgroups"};
  std::vector<std::uint32_t> found;
  for (const Unresolved& one : libc.unresolved) {
    const bool is_called = std::ranges::all_of(kCallers, [&](std::string_view name) {
      const std::uint32_t caller = exported(libc, name);
      return caller != Import::kNone && links_to(libc, caller, one.vertex);
    });
    if (is_called) found.push_back(one.vertex);
  }
  // pthread_create() installs the handler, before there is a second thread to signal.
  const std::uint32_t installer = exported(libc, "pthread_create");
  for (const Unresolved& one : libc.unresolved)
    if (!found.empty() && installer != Import::kNone && links_to(libc, installer, one.vertex))
      found.push_back(one.vertex);
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

}  // namespace harden::reach
