// SPDX-License-Identifier: LGPL-2.1-or-later
// The closed word lists of the policy tables, apart from policy.h for the same reason as vocabulary.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace harden::catalogue {

// What stands behind the colon of a grant. Source of the forms: docs/policies.md, "Grants".
enum class Argument : std::uint8_t {
  none,
  path,        // absolute, with `-` before one that may be absent
  peers,       // addresses, prefixes, or the words that IPAddressAllow= takes
  ports,       // PORT[-PORT][/tcp|/udp] or any, then @PEERS
  device,      // NODE or GROUP, then :ACCESS of r, w, m
  family,
  capability,
  syscall,
  namespaces,   // names
};
inline constexpr std::array<std::string_view, 9> kArgumentNames = {
    "none", "path", "peers", "ports", "device", "family", "capability", "syscall", "namespaces"};

enum class Danger : std::uint8_t { low, medium, high };
inline constexpr std::array<std::string_view, 3> kDangerNames = {"low", "medium", "high"};

enum class Access : std::uint8_t { read, write, exec };
inline constexpr std::array<std::string_view, 3> kAccessNames = {"read", "write", "exec"};

// What a grant's effect may depend on. argument: there is one. peers: of ports, some are named. low_port:
// a port below 1024 is among them. root: the service runs as root.
enum class GrantFact : std::uint8_t { argument, peers, low_port, root };
inline constexpr std::array<std::string_view, 4> kGrantFactNames = {"argument", "peers", "low-port",
                                                                    "root"};

// What an implied grant is found by. items: the words that the unit itself gives a directive. programs: an
// Exec line's program below no program folder. main_pid: an Exec line with $MAINPID. keeps_root: one that
// begins with `!`. pid_file: PIDFile= in no folder of the service's own. working_dir: WorkingDirectory=,
// but for what home_dir means, which is `~`, and for folders that every service has. tty: a terminal that
// the service is put at.
enum class ImpliedFrom : std::uint8_t {
  condition,
  items,
  programs,
  main_pid,
  keeps_root,
  pid_file,
  working_dir,
  home_dir,
  tty
};
inline constexpr std::array<std::string_view, 9> kImpliedFromNames = {
    "condition", "items",       "programs", "main_pid", "keeps_root",
    "pid_file",  "working_dir", "home_dir", "tty"};

// What may void a setting, of the unit, the build of systemd and the machine. container: without
// CAP_SYS_ADMIN. nested: in a container at all.
enum class Fact : std::uint8_t {
  root,
  no_bpf_framework,
  no_bpf_lsm,
  container,
  nested,
  cgroup_v1,
  user_manager
};
inline constexpr std::array<std::string_view, 7> kFactNames = {
    "root", "no-bpf-framework", "no-bpf-lsm", "container", "nested", "cgroup-v1", "user-manager"};

}  // namespace harden::catalogue
