// SPDX-License-Identifier: LGPL-2.1-or-later
// The other direction of privileges: one thing that somebody wants to do, and whether given settings let it
// through. Where they do not, which setting it is that refuses and what the refused one sees.
//
// Only what systemd itself adds is judged: whether the host's file permissions, its firewall or its
// security modules let the same thing through is not known here.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "catalogue/catalogue.h"
#include "privileges/mounts.h"
#include "privileges/privileges.h"
#include "settings/settings.h"

namespace harden {

// A capability over the host: in a user namespace of its own a service has none.
struct CapabilityDemand {
  unsigned number = 0;
  friend auto operator<=>(const CapabilityDemand&, const CapabilityDemand&) = default;
};
struct CallDemand {
  std::string name;
  std::string abi;  // as SystemCallArchitectures= has it; "native" is what this build is for
  friend auto operator<=>(const CallDemand&, const CallDemand&) = default;
};
struct FamilyDemand {
  std::string name;  // "AF_INET"
  friend auto operator<=>(const FamilyDemand&, const FamilyDemand&) = default;
};
enum class PathUse : std::uint8_t { read, write, scratch, execute, map_execute };
struct PathDemand {
  std::string path;  // absolute, symlinks followed
  PathUse use = PathUse::read;
  friend auto operator<=>(const PathDemand&, const PathDemand&) = default;
};
// Moving or linking a file from one folder to another: both on one mount.
struct MoveDemand {
  std::string from, to;  // the folders
  friend auto operator<=>(const MoveDemand&, const MoveDemand&) = default;
};
struct DeviceDemand {
  bool is_block = false;
  std::uint32_t major = 0, minor = 0;
  char access = 'r';  // r, w, m
  std::string path;  // of a node; empty: not known
  friend auto operator<=>(const DeviceDemand&, const DeviceDemand&) = default;
};
struct PeerDemand {
  std::string address;  // numeric
  bool is_stream = true;  // what the kernel says of a packet that it drops differs
  friend auto operator<=>(const PeerDemand&, const PeerDemand&) = default;
};
struct PortDemand {
  bool is_ipv6 = false, is_udp = false;
  std::uint16_t port = 0;  // 0: any that the kernel chooses
  friend auto operator<=>(const PortDemand&, const PortDemand&) = default;
};
struct NamespaceDemand {
  std::uint64_t bit = 0;  // CLONE_NEW*
  friend auto operator<=>(const NamespaceDemand&, const NamespaceDemand&) = default;
};
// That a directive is no tighter than this choice.
struct ChoiceDemand {
  catalogue::DirectiveId directive{};
  std::uint8_t loosest_enough = 0;  // index into the directive's values
  std::string_view result;  // of the refused one: "EPERM", or in words
  friend auto operator<=>(const ChoiceDemand&, const ChoiceDemand&) = default;
};

using Demand = std::variant<CapabilityDemand, CallDemand, FamilyDemand, PathDemand, MoveDemand,
                            DeviceDemand, PeerDemand, PortDemand, NamespaceDemand, ChoiceDemand>;

// Settings, ready for many questions.
struct Sandbox {
  Settings settings;  // with what comes at the start
  Privileges privileges;
  std::vector<OwnMount> mounts;
  const catalogue::Systemd* systemd = nullptr;
  bool is_root = false;
};
// `settings` as interpret() takes them.
[[nodiscard]] Sandbox make_sandbox(const Settings& settings, const catalogue::Systemd& systemd);

[[nodiscard]] bool is_met(const Demand& demand, const Sandbox& sandbox);

struct Refusal {
  catalogue::DirectiveId directive{};  // without it, or with a looser value, it would be let through
  std::string result;  // an errno's name, "SIGSYS", or what happens in words: "timeout"
  friend bool operator==(const Refusal&, const Refusal&) = default;
};
// Of a demand that is not met.
[[nodiscard]] Refusal find_refusal(const Demand& demand, const Sandbox& sandbox);

// The words that DeviceAllow= has for the node beside its path: "char-drm", "block-*". Numbers of
// Documentation/admin-guide/devices.txt of the kernel; one that the kernel gives out at run time has none.
[[nodiscard]] std::vector<std::string> device_groups(const DeviceDemand& device);
// One that DevicePolicy=closed and PrivateDevices= leave: null, zero, full, random, urandom, tty, pseudo
// terminals. Source: systemd.exec(5), systemd.resource-control(5).
[[nodiscard]] bool is_standard_device(const DeviceDemand& device);

}  // namespace harden
