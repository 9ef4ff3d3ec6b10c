// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/privileges.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace harden {
namespace {

using catalogue::Directive;
using catalogue::DirectiveId;
using catalogue::Kind;
using catalogue::Systemd;

template <typename T>
const T* find_value(const Settings& settings, DirectiveId id) {
  const Value* value = settings.find(id);
  return value == nullptr ? nullptr : &std::get<T>(*value);
}

std::uint64_t mask_of(const Settings& settings, DirectiveId id, std::uint64_t unset, std::uint64_t all) {
  const auto* mask = find_value<Mask>(settings, id);
  return (mask == nullptr ? unset : mask->bits) & all;
}

std::uint64_t all_capabilities(const Systemd& systemd) {
  return systemd.capability_limit >= 63 ? ~std::uint64_t{0}
                                        : (std::uint64_t{2} << systemd.capability_limit) - 1;
}

std::uint64_t all_namespaces() {
  std::uint64_t bits = 0;
  for (const auto& kind : catalogue::namespaces()) bits |= kind.bit;
  return bits;
}

NameSet names_of(const Settings& settings, DirectiveId id) {
  const auto* filter = find_value<NameFilter>(settings, id);
  // An allow list that lost all its names filters nothing, for interfaces (measured); for file systems it
  // is not known, so it is not counted on.
  if (filter != nullptr && filter->names.empty() && catalogue::directive(id).kind == Kind::names)
    filter = nullptr;
  return NameSet::of(filter);
}

WordGroup devices(const Settings& settings) {
  const Words* list = settings.words(DirectiveId::DeviceAllow);
  const std::uint8_t policy = settings.choice(DirectiveId::DevicePolicy).value_or(0);
  WordGroup group = devices_of(list, policy == 0);
  const bool is_strict = policy + 1U == catalogue::directive(DirectiveId::DevicePolicy).values.size();
  if (!group.everything && !is_strict) group.words.emplace(kStandardDevices);
  return group;
}

// What is allowed wins over what is denied.
AddressSet peers(const Settings& settings) {
  if (settings.choice(DirectiveId::PrivateNetwork).value_or(0) != 0) return {};
  AddressSet open = AddressSet::all();
  if (const auto* deny = find_value<WordSet>(settings, DirectiveId::IPAddressDeny))
    open = AddressSet::of(*deny).complement();
  if (const auto* allow = find_value<WordSet>(settings, DirectiveId::IPAddressAllow))
    open.add(AddressSet::of(*allow));
  return open;
}

PortSet ports(const Settings& settings) {
  PortSet open = PortSet::all();
  if (const Words* deny = settings.words(DirectiveId::SocketBindDeny))
    open = PortSet::of(*deny).complement();
  if (const Words* allow = settings.words(DirectiveId::SocketBindAllow)) open.add(PortSet::of(*allow));
  return open;
}

bool is_root_name(std::string_view name) { return name == "root" || name == "0"; }

WordGroup users(const Settings& settings) {
  if (runs_as_root(settings)) return WordGroup::all();
  const std::string_view name = settings.text(DirectiveId::User);
  return {false, {std::string(name)}};  // a dynamic one may be without a name
}

WordGroup groups(const Settings& settings) {
  WordGroup group;
  const std::string_view own = settings.text(DirectiveId::Group);
  if (is_root_name(own) || (own.empty() && runs_as_root(settings))) return WordGroup::all();
  if (!own.empty()) group.words.emplace(own);
  if (const Words* more = settings.words(DirectiveId::SupplementaryGroups))
    for (const std::string& name : more->words) {
      if (is_root_name(name)) return WordGroup::all();
      group.words.insert(name);
    }
  return group;
}

WordNames roots(const Settings& settings) {
  WordNames names;
  for (const DirectiveId id : {DirectiveId::RootDirectory, DirectiveId::RootImage})
    if (const std::string_view path = settings.text(id);
        path.find_first_not_of('/') != std::string_view::npos)
      names.emplace(path);
  if (names.empty()) names.emplace();
  return names;
}

constexpr unsigned kDefaultUmask = 0022;
constexpr unsigned kModeBits = 0777;

}  // namespace

Privileges interpret(const Settings& settings, const Systemd& systemd, Reading reading) {
  Settings at_start = settings;
  apply_implications(at_start, systemd, catalogue::Stage::start, nullptr);

  Privileges all;
  const std::uint64_t every = all_capabilities(systemd);
  all.capabilities = mask_of(at_start, DirectiveId::CapabilityBoundingSet, every, every);
  // One outside the bounding set is silently not given.
  all.ambient = mask_of(at_start, DirectiveId::AmbientCapabilities, 0, all.capabilities);
  all.namespaces = mask_of(at_start, DirectiveId::RestrictNamespaces, all_namespaces(), all_namespaces());
  all.calls = CallSet::of(find_value<SyscallFilter>(at_start, DirectiveId::SystemCallFilter), systemd);
  const auto* architectures = find_value<WordSet>(at_start, DirectiveId::SystemCallArchitectures);
  all.architectures = architectures == nullptr ? WordGroup::all() : WordGroup{false, architectures->words};
  if (architectures != nullptr) all.architectures.words.emplace("native");  // whatever is listed
  all.families = names_of(at_start, DirectiveId::RestrictAddressFamilies);
  all.file_systems = names_of(at_start, DirectiveId::RestrictFileSystems);
  all.interfaces = names_of(at_start, DirectiveId::RestrictNetworkInterfaces);
  all.devices = devices(at_start);
  all.peers = peers(at_start);
  all.ports = ports(at_start);
  all.users = users(at_start);
  all.groups = groups(at_start);
  all.roots = roots(at_start);
  PathPrivileges files = interpret_paths(at_start, reading);
  all.paths = std::move(files.paths);
  all.unknown_paths = std::move(files.unknown);
  const auto* umask = find_value<FileMode>(at_start, DirectiveId::UMask);
  all.file_modes = kModeBits & ~(umask == nullptr ? kDefaultUmask : umask->mode);
  for (const Directive& directive : catalogue::directives())
    if (directive.kind == Kind::choice && directive.ordered)
      all.choices[static_cast<std::size_t>(directive.id)] = static_cast<std::uint8_t>(
          directive.values.size() - 1 - at_start.choice(directive.id).value_or(0));
  return all;
}

bool Privileges::is_subset_of(const Privileges& other, Rights rights) const {
  return (capabilities & ~other.capabilities) == 0 && (ambient & ~other.ambient) == 0 &&
         (namespaces & ~other.namespaces) == 0 && (file_modes & ~other.file_modes) == 0 &&
         calls.is_subset_of(other.calls) && architectures.is_subset_of(other.architectures) &&
         families.is_subset_of(other.families) && file_systems.is_subset_of(other.file_systems) &&
         interfaces.is_subset_of(other.interfaces) && devices.is_subset_of(other.devices) &&
         peers.is_subset_of(other.peers) && ports.is_subset_of(other.ports) &&
         users.is_subset_of(other.users) && groups.is_subset_of(other.groups) &&
         std::ranges::includes(other.roots, roots) && paths.is_subset_of(other.paths, rights) &&
         std::ranges::includes(other.unknown_paths, unknown_paths) &&
         std::ranges::equal(choices, other.choices, std::less_equal{});
}

void Privileges::add(const Privileges& other) {
  capabilities |= other.capabilities;
  ambient |= other.ambient;
  namespaces |= other.namespaces;
  file_modes |= other.file_modes;
  calls.add(other.calls);
  architectures.add(other.architectures);
  families.add(other.families);
  file_systems.add(other.file_systems);
  interfaces.add(other.interfaces);
  devices.add(other.devices);
  peers.add(other.peers);
  ports.add(other.ports);
  users.add(other.users);
  groups.add(other.groups);
  roots.insert(other.roots.begin(), other.roots.end());
  paths.add(other.paths);
  unknown_paths.insert(other.unknown_paths.begin(), other.unknown_paths.end());
  std::ranges::transform(choices, other.choices, choices.begin(),
                         [](std::uint8_t a, std::uint8_t b) { return std::max(a, b); });
}

std::vector<std::string> excess(const Privileges& a, const Privileges& b, Rights rights) {
  std::vector<std::string> words;
  const auto check = [&](bool fits, std::string_view what) {
    if (!fits) words.emplace_back(what);
  };
  check((a.capabilities & ~b.capabilities) == 0, "capabilities");
  check((a.ambient & ~b.ambient) == 0, "ambient capabilities");
  check((a.namespaces & ~b.namespaces) == 0, "namespaces");
  check(a.calls.is_subset_of(b.calls), "system calls");
  check(a.architectures.is_subset_of(b.architectures), "architectures");
  check(a.families.is_subset_of(b.families), "address families");
  check(a.file_systems.is_subset_of(b.file_systems), "file systems");
  check(a.interfaces.is_subset_of(b.interfaces), "network interfaces");
  check(a.devices.is_subset_of(b.devices), "devices");
  check(a.peers.is_subset_of(b.peers), "peers");
  check(a.ports.is_subset_of(b.ports), "ports");
  check((a.file_modes & ~b.file_modes) == 0, "file modes (UMask=)");
  check(a.users.is_subset_of(b.users), "users");
  check(a.groups.is_subset_of(b.groups), "groups");
  check(std::ranges::includes(b.roots, a.roots), "file trees");
  check(std::ranges::includes(b.unknown_paths, a.unknown_paths),
        "paths that only the running system knows");
  WordNames paths;
  for (const PathAccess* which : {&a.paths, &b.paths})
    for (const auto& [path, ignored] : which->changes())
      if ((a.paths.at(path) & static_cast<unsigned>(~b.paths.at(path)) & rights) != 0) paths.insert(path);
  words.insert(words.end(), paths.begin(), paths.end());
  for (const Directive& directive : catalogue::directives()) {
    const auto index = static_cast<std::size_t>(directive.id);
    if (a.choices.at(index) > b.choices.at(index)) words.push_back(std::string(directive.name) + "=");
  }
  return words;
}

}  // namespace harden
