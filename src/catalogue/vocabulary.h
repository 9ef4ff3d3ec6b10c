// SPDX-License-Identifier: LGPL-2.1-or-later
// The closed word lists of the catalogue. They stand apart from catalogue.h because the build step
// that generates ids.h reads them too: a word in catalogue/*.toml is the enumerator's name.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace harden::catalogue {

// Which unit sections hold the directive. exec: [Service] [Socket] [Mount] [Swap]; cgroup: those and
// [Slice] [Scope]; kill: as exec and [Scope]; service: [Service]; unit: [Unit].
enum class Context : std::uint8_t { exec, cgroup, kill, service, unit };
inline constexpr std::array<std::string_view, 5> kContextNames = {"exec", "cgroup", "kill", "service",
                                                                  "unit"};

// How the words of an assignment become a value, and how assignments merge.
// Source: systemd-semantics in docs/semantics.md; systemd.exec(5), systemd.resource-control(5).
enum class Kind : std::uint8_t {
  choice,         // one of `values`; last valid wins; what is not one of them is dropped
  capabilities,   // mask of capability numbers; positive lines add, `~` lines take away
  namespaces,     // mask of namespace kinds, or a boolean
  syscalls,       // polarity list of calls and @groups, each with :errno
  families,       // polarity list of address families, or `none`
  names,          // polarity list of free names (file systems with @groups, network interfaces)
  architectures,  // set of architecture names; adds
  addresses,      // set of IP prefixes; adds
  devices,        // list of `NODE [rwm]`, one a line; adds
  paths,          // list of absolute paths with optional `-` and `+`; adds
  words,          // list of words, several a line (bind mounts, directories, sets of numbers); adds
  lines,          // list of whole right-hand sides (credentials, rules); adds
  commands,       // list of command lines, several a line with `;`; adds
  text,           // one free value; last wins
  path,           // one absolute path; last wins
  user,           // a user or group name or number; last wins
  users,          // list of the same; adds
  mode,           // octal file mode; last valid wins
  delegate,       // boolean or controllers; empty means yes without controllers
};
inline constexpr std::array<std::string_view, 19> kKindNames = {
    "choice",    "capabilities", "namespaces", "syscalls", "families", "names",    "architectures",
    "addresses", "devices",      "paths",      "words",    "lines",    "commands", "text",
    "path",      "user",         "users",      "mode",     "delegate"};

// What a longer list, or a further bit of a mode, does to a service. neither: two values do not compare.
enum class ListEffect : std::uint8_t { neither, opens, closes };
inline constexpr std::array<std::string_view, 3> kListEffectNames = {"neither", "opens", "closes"};

// What systemd asks of an item of a list beyond its kind; it drops one that has another form.
enum class Form : std::uint8_t {
  any,
  pair,         // LEFT:RIGHT
  base64_pair,  // the same, RIGHT being Base64
  whole_line,   // Kind::paths: the line is one path
};
inline constexpr std::array<std::string_view, 4> kFormNames = {"any", "pair", "base64_pair", "whole_line"};

// Where an implication holds. load: systemd writes the effect into the loaded unit, so scores and
// `systemctl show` see it. bus: what `systemd-analyze security` adds when it asks a running manager.
// offline: what it reads otherwise when it looks at files. start: what the started process gets, seen
// nowhere in the unit.
enum class Stage : std::uint8_t { load, bus, offline, start };
inline constexpr std::array<std::string_view, 4> kStageNames = {"load", "bus", "offline", "start"};

// How a row of `systemd-analyze security` is judged.
enum class Check : std::uint8_t {
  choice,          // badness by choice of `directive`
  user,            // root 10, nobody 9, else 0
  set,             // badness `when_set` if `directive` has any value, else `when_unset`
  root_directory,  // neither RootDirectory= nor RootImage= leads elsewhere than /
  capabilities,    // any capability of `mask` left in the bounding set
  namespaces,      // any namespace of `mask` allowed
  families,        // any family of the row's class allowed
  syscalls,        // any call of `group` allowed
  architectures,
  umask,
  addresses,
  devices,
};
inline constexpr std::array<std::string_view, 12> kCheckNames = {
    "choice",   "user",     "set",           "root_directory", "capabilities", "namespaces",
    "families", "syscalls", "architectures", "umask",          "addresses",    "devices"};

enum class FamilyClass : std::uint8_t { inet, unix_, netlink, packet, other };
inline constexpr std::array<std::string_view, 5> kFamilyClassNames = {"inet", "unix", "netlink", "packet",
                                                                      "other"};

struct NamespaceKind {
  std::string_view name;  // "mnt"
  std::uint64_t bit;      // its CLONE_NEW* flag
};
// What RestrictNamespaces= takes on every supported version.
inline constexpr std::array<NamespaceKind, 7> kNamespaces = {{{"cgroup", 0x02000000},
                                                              {"ipc", 0x08000000},
                                                              {"net", 0x40000000},
                                                              {"mnt", 0x00020000},
                                                              {"pid", 0x20000000},
                                                              {"user", 0x10000000},
                                                              {"uts", 0x04000000}}};

}  // namespace harden::catalogue
