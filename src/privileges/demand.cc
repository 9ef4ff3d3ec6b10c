// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/demand.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "catalogue/policy.h"
#include "settings/errno_names.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using catalogue::EffectKind;
using catalogue::Implication;
using catalogue::Stage;

constexpr std::string_view kNative = "native";

template <typename T>
const T* find_value(const Settings& settings, DirectiveId id) {
  const Value* value = settings.find(id);
  return value == nullptr ? nullptr : &std::get<T>(*value);
}

bool chooses(const Settings& settings, DirectiveId id) { return settings.choice(id).value_or(0) != 0; }

std::string host_prefix(std::string_view address) {
  const std::string_view plain = address.substr(0, address.find('%'));
  return fmt::format("{}/{}", plain, plain.find(':') == std::string_view::npos ? 32 : 128);
}

// --- Is it let through? ------------------------------------------------------------------------------

bool allows_call(const CallDemand& call, const Sandbox& box) {
  const Privileges& all = box.privileges;
  if (call.abi != kNative && !all.architectures.everything && !all.architectures.words.contains(call.abi))
    return false;
  const auto id = catalogue::find_syscall(call.name);
  return id && box.systemd->known_syscalls.test(*id) ? all.calls.named.test(*id) : all.calls.others;
}

bool allows_device(const DeviceDemand& device, const Privileges& all) {
  if (all.devices.everything) return true;
  if (all.devices.words.contains(kStandardDevices) && is_standard_device(device)) return true;
  std::vector<std::string> names = device_groups(device);
  if (!device.path.empty()) names.push_back(device.path);
  return std::ranges::any_of(names, [&](const std::string& name) {
    return all.devices.words.contains(fmt::format("{} {}", name, device.access));
  });
}

// The path of the nearest mount of the service's own at or above; "/" if there is none.
std::string_view mount_of(std::string_view path, const std::vector<OwnMount>& mounts) {
  std::string_view nearest = "/";
  for (const OwnMount& mount : mounts)
    if (is_at_or_below(path, mount.path) && mount.path.size() >= nearest.size()) nearest = mount.path;
  return nearest;
}

struct Asker {
  const Sandbox& box;
  [[nodiscard]] const Privileges& all() const { return box.privileges; }

  bool operator()(const CapabilityDemand& demand) const {
    const std::uint64_t held = box.is_root ? all().capabilities : all().ambient;
    return demand.number < 64 && (held >> demand.number & 1U) != 0 &&
           !chooses(box.settings, DirectiveId::PrivateUsers);
  }
  bool operator()(const CallDemand& demand) const { return allows_call(demand, box); }
  bool operator()(const FamilyDemand& demand) const { return all().families.contains(demand.name); }
  bool operator()(const PathDemand& demand) const {
    const Rights rights = all().paths.at(demand.path);
    switch (demand.use) {
      case PathUse::read:
        return has_right(rights, Right::read);
      case PathUse::write:
        return has_right(rights, Right::write);
      case PathUse::scratch:
        return has_right(rights, Right::scratch);
      case PathUse::execute:
      case PathUse::map_execute:
        return has_right(rights, Right::execute) && has_right(rights, Right::read);
    }
    return false;
  }
  bool operator()(const MoveDemand& demand) const {
    return mount_of(demand.from, box.mounts) == mount_of(demand.to, box.mounts);
  }
  bool operator()(const DeviceDemand& demand) const {
    if (chooses(box.settings, DirectiveId::PrivateDevices) && !is_standard_device(demand)) return false;
    return allows_device(demand, all());
  }
  bool operator()(const PeerDemand& demand) const {
    AddressSet one;
    one.add(host_prefix(demand.address));
    return one.is_subset_of(all().peers);
  }
  bool operator()(const PortDemand& demand) const {
    return all().ports.contains(demand.is_ipv6, demand.is_udp, demand.port);
  }
  bool operator()(const NamespaceDemand& demand) const { return (all().namespaces & demand.bit) != 0; }
  bool operator()(const ChoiceDemand& demand) const {
    return box.settings.choice(demand.directive).value_or(0) <= demand.loosest_enough;
  }
};

// --- Which setting refuses it? -----------------------------------------------------------------------

// The first in the catalogue's order without which `is_open` holds; where several shut it together, the
// last of those that have to go.
template <typename IsOpen>
DirectiveId find_cause(const Settings& settings, DirectiveId otherwise, IsOpen is_open) {
  const std::vector<DirectiveId> ids = settings.ids();
  for (const DirectiveId id : ids) {
    Settings without = settings;
    (void)without.take(id);
    if (is_open(without)) return id;
  }
  Settings without = settings;
  for (const DirectiveId id : ids) {
    (void)without.take(id);
    if (is_open(without)) return id;
  }
  return otherwise;
}

struct Blamer {
  const Sandbox& box;
  [[nodiscard]] const Settings& settings() const { return box.settings; }

  Refusal operator()(const CapabilityDemand& demand) const {
    const std::uint64_t bit = demand.number < 64 ? std::uint64_t{1} << demand.number : 0;
    const bool bounded = (box.privileges.capabilities & bit) == 0;
    if (!bounded && !box.is_root && (box.privileges.ambient & bit) == 0)
      return {DirectiveId::AmbientCapabilities, "EPERM"};
    return {bounded ? DirectiveId::CapabilityBoundingSet : DirectiveId::PrivateUsers, "EPERM"};
  }

  Refusal operator()(const CallDemand& demand) const {
    if (demand.abi != kNative && !box.privileges.architectures.everything &&
        !box.privileges.architectures.words.contains(demand.abi))
      return {DirectiveId::SystemCallArchitectures, "SIGSYS"};
    const auto id = catalogue::find_syscall(demand.name);
    if (const auto cause = id ? denying_directive(*id) : std::nullopt) return {*cause, "EPERM"};
    return {DirectiveId::SystemCallFilter, filter_result(id)};
  }

  Refusal operator()(const FamilyDemand&) const {
    return {DirectiveId::RestrictAddressFamilies, "EAFNOSUPPORT"};
  }

  Refusal operator()(const PathDemand& demand) const {
    const DirectiveId cause =
        find_cause(settings(), DirectiveId::ProtectSystem, [&](const Settings& without) {
          Sandbox loose = box;
          loose.privileges.paths = interpret_paths(without, Reading::enforced).paths;
          return is_met(demand, loose);
        });
    return {cause, path_result(demand)};
  }

  Refusal operator()(const MoveDemand& demand) const {
    const DirectiveId cause =
        find_cause(settings(), DirectiveId::ReadWritePaths, [&](const Settings& without) {
          Sandbox loose = box;
          loose.mounts = own_mounts(without);
          return is_met(demand, loose);
        });
    return {cause, "EXDEV"};
  }

  Refusal operator()(const DeviceDemand& demand) const {
    if (chooses(settings(), DirectiveId::PrivateDevices) && !is_standard_device(demand))
      return {DirectiveId::PrivateDevices, demand.access == 'm' ? "EPERM" : "ENOENT"};
    const bool by_policy = chooses(settings(), DirectiveId::DevicePolicy);
    return {by_policy ? DirectiveId::DevicePolicy : DirectiveId::DeviceAllow, "EPERM"};
  }

  Refusal operator()(const PeerDemand& demand) const {
    if (chooses(settings(), DirectiveId::PrivateNetwork))
      return {DirectiveId::PrivateNetwork, "ENETUNREACH"};
    // What is dropped of a connection is not told to who makes it.
    return {DirectiveId::IPAddressDeny, demand.is_stream ? "timeout" : "EPERM"};
  }
  Refusal operator()(const PortDemand&) const { return {DirectiveId::SocketBindDeny, "EPERM"}; }
  Refusal operator()(const NamespaceDemand&) const { return {DirectiveId::RestrictNamespaces, "EPERM"}; }
  Refusal operator()(const ChoiceDemand& demand) const {
    return {demand.directive, std::string(demand.result)};
  }

 private:
  // A call that another directive denies beside the filter of the unit.
  [[nodiscard]] std::optional<DirectiveId> denying_directive(catalogue::SyscallId call) const {
    const auto is_met_here = [&](const catalogue::Condition& one) { return holds(one, settings()); };
    for (const Implication& row : catalogue::implications()) {
      if (row.stage != Stage::start || box.systemd->version < row.since || row.until < box.systemd->version)
        continue;
      if (!std::ranges::all_of(row.when, is_met_here)) continue;
      for (const catalogue::Effect& effect : row.effects) {
        if (effect.kind != EffectKind::deny_syscalls) continue;
        const auto* group = catalogue::find_group(*box.systemd, effect.text);
        if (group != nullptr ? group->calls.test(call) : catalogue::syscalls()[call].name == effect.text)
          if (!row.when.empty()) return row.when.front().directive;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string filter_result(std::optional<catalogue::SyscallId> call) const {
    const auto* filter = find_value<SyscallFilter>(settings(), DirectiveId::SystemCallFilter);
    if (filter != nullptr && call)
      for (const auto& [one, error] : filter->errnos)
        if (one == *call && error != kErrnoDefault)
          return error == kErrnoKill ? "SIGSYS" : errno_or_action_name(error);
    const std::string_view number = settings().text(DirectiveId::SystemCallErrorNumber);
    return number.empty() || number == "kill" ? "SIGSYS" : std::string(number);
  }

  [[nodiscard]] std::string path_result(const PathDemand& demand) const {
    const Rights rights = box.privileges.paths.at(demand.path);
    if (!has_right(rights, Right::read)) {
      // A folder that is masked has no permission bits; root passes them by and finds it empty.
      const bool is_masked = !has_right(rights, Right::scratch) && !has_right(rights, Right::execute);
      return is_masked && !box.is_root && demand.use == PathUse::read ? "EACCES" : "ENOENT";
    }
    switch (demand.use) {
      case PathUse::execute:
        return "EACCES";
      case PathUse::map_execute:
        return "EPERM";
      default:
        return "EROFS";
    }
  }
};

// --- Device numbers -----------------------------------------------------------------------------------

struct DeviceNumbers {
  std::string_view group;
  bool is_block;
  std::uint32_t major, first_minor, last_minor;
};
constexpr std::uint32_t kAnyMinor = 0xfffff;
// The numbers of Documentation/admin-guide/devices.txt whose names /proc/devices gives.
constexpr std::array kDeviceNumbers = {
    DeviceNumbers{"char-mem", false, 1, 0, kAnyMinor},
    DeviceNumbers{"char-pts", false, 136, 0, kAnyMinor},
    DeviceNumbers{"char-ttyS", false, 4, 64, kAnyMinor},
    DeviceNumbers{"char-input", false, 13, 0, kAnyMinor},
    DeviceNumbers{"char-sg", false, 21, 0, kAnyMinor},
    DeviceNumbers{"char-video4linux", false, 81, 0, kAnyMinor},
    DeviceNumbers{"char-i2c", false, 89, 0, kAnyMinor},
    DeviceNumbers{"char-alsa", false, 116, 0, kAnyMinor},
    DeviceNumbers{"char-ttyACM", false, 166, 0, kAnyMinor},
    DeviceNumbers{"char-usb_device", false, 189, 0, kAnyMinor},
    DeviceNumbers{"char-ttyUSB", false, 188, 0, kAnyMinor},
    DeviceNumbers{"char-cpu/msr", false, 202, 0, kAnyMinor},
    DeviceNumbers{"char-drm", false, 226, 0, kAnyMinor},
    DeviceNumbers{"block-loop", true, 7, 0, kAnyMinor},
    DeviceNumbers{"block-sd", true, 8, 0, kAnyMinor},
    DeviceNumbers{"block-md", true, 9, 0, kAnyMinor},
};
// Of groups whose numbers the kernel gives out at run time: by the usual names of their nodes.
struct DeviceNames {
  std::string_view group, prefix;
};
constexpr std::array kDeviceNames = {
    DeviceNames{"char-rtc", "/dev/rtc"},
    DeviceNames{"char-hidraw", "/dev/hidraw"},
    DeviceNames{"char-media", "/dev/media"},
};

struct StandardNumbers {
  std::uint32_t major, first_minor, last_minor;
};
constexpr std::array kStandardNumbers = {
    StandardNumbers{1, 3, 3},               // null
    StandardNumbers{1, 5, 5},               // zero
    StandardNumbers{1, 7, 7},               // full
    StandardNumbers{1, 8, 9},               // random, urandom
    StandardNumbers{5, 0, 0},               // tty
    StandardNumbers{5, 2, 2},               // ptmx
    StandardNumbers{136, 0, kAnyMinor},     // pts/*
};

}  // namespace

std::vector<std::string> device_groups(const DeviceDemand& device) {
  std::vector<std::string> groups = {device.is_block ? "block-*" : "char-*"};
  for (const DeviceNumbers& row : kDeviceNumbers)
    if (row.is_block == device.is_block && row.major == device.major && row.first_minor <= device.minor &&
        device.minor <= row.last_minor)
      groups.emplace_back(row.group);
  for (const DeviceNames& row : kDeviceNames)
    if (!device.is_block && device.path.starts_with(row.prefix)) groups.emplace_back(row.group);
  return groups;
}

bool is_standard_device(const DeviceDemand& device) {
  return !device.is_block && device.access != 'm' &&
         std::ranges::any_of(kStandardNumbers, [&](const StandardNumbers& row) {
           return row.major == device.major && row.first_minor <= device.minor &&
                  device.minor <= row.last_minor;
         });
}

Sandbox make_sandbox(const Settings& settings, const catalogue::Systemd& systemd) {
  Sandbox box{settings, interpret(settings, systemd), {}, &systemd, runs_as_root(settings)};
  apply_implications(box.settings, systemd, Stage::start, nullptr);
  box.mounts = own_mounts(box.settings);
  return box;
}

bool is_met(const Demand& demand, const Sandbox& sandbox) { return std::visit(Asker{sandbox}, demand); }

Refusal find_refusal(const Demand& demand, const Sandbox& sandbox) {
  return std::visit(Blamer{sandbox}, demand);
}

}  // namespace harden
