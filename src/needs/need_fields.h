// SPDX-License-Identifier: LGPL-2.1-or-later
// The fields of each detail by name, once for the reader, the writer and whoever else goes over them. A
// visitor is called as visit(name, field) with the field's own type.
#pragma once

#include <array>
#include <string_view>
#include <type_traits>

#include "needs/need.h"

namespace harden {

inline constexpr std::array<std::string_view, 32> kKindNames = {
    "syscall",     "file",          "device",    "capability",  "socket",    "bind",        "peer",
    "unix-socket", "dbus",          "wx-memory", "namespace",   "mount",     "set-id-exec", "identity",
    "scheduling",  "locked-memory", "limit",     "personality", "mode-bits", "sysctl",      "kernel-log",
    "clock",       "host-name",     "keyring",   "ipc",         "process",   "signal",      "trace",
    "bpf",         "perf",          "io-uring",  "module"};
static_assert(kKindNames.size() == std::variant_size_v<NeedDetail>);

// The words of an enumeration, in its order.
template <typename Enum>
inline constexpr std::array<std::string_view, 0> kWords = {};
template <>
inline constexpr std::array<std::string_view, 15> kWords<FileAccess> = {
    "read",         "write",        "create",      "remove",      "rename",
    "link",         "execute",      "map-execute", "change-mode", "change-owner",
    "change-xattr", "change-times", "list",        "look",        "change-root"};
template <>
inline constexpr std::array<std::string_view, 8> kWords<NodeType> = {
    "unknown", "regular", "directory", "symlink", "character", "block", "fifo", "socket"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<DeviceAccess> = {"read", "write", "mknod"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<CallOutcome> = {"unknown", "succeeded", "failed"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<PeerAction> = {"connect", "send", "accept"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<UnixAction> = {"bind", "connect", "send"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<Gain> = {"user", "group", "capabilities"};
template <>
inline constexpr std::array<std::string_view, 3> kWords<IdKind> = {"user", "group", "groups"};
template <>
inline constexpr std::array<std::string_view, 5> kWords<IpcMechanism> = {"sysv-shm", "sysv-sem", "sysv-msg",
                                                                         "posix-mq", "posix-shm"};
inline constexpr std::array<std::string_view, 4> kPhaseWords = {"start", "steady", "reload", "stop"};

template <typename Detail, typename Visit>
void visit_fields(Detail& d, Visit&& visit) {
  using D = std::remove_const_t<Detail>;
  if constexpr (std::is_same_v<D, SyscallUse>) {
    visit("abi", d.abi), visit("name", d.name);
  } else if constexpr (std::is_same_v<D, FileUse>) {
    visit("access", d.access), visit("type", d.type), visit("path", d.path), visit("other", d.other);
    visit("as_given", d.as_given);
  } else if constexpr (std::is_same_v<D, DeviceUse>) {
    visit("block", d.is_block), visit("major", d.major), visit("minor", d.minor), visit("access", d.access);
    visit("path", d.path);
  } else if constexpr (std::is_same_v<D, CapabilityUse>) {
    visit("name", d.name), visit("during", d.during), visit("caller", d.caller), visit("call", d.call);
  } else if constexpr (std::is_same_v<D, SocketUse>) {
    visit("family", d.family), visit("type", d.type), visit("protocol", d.protocol);
  } else if constexpr (std::is_same_v<D, BindUse>) {
    visit("family", d.family), visit("type", d.type), visit("address", d.address), visit("port", d.port);
  } else if constexpr (std::is_same_v<D, PeerUse>) {
    visit("action", d.action), visit("family", d.family), visit("type", d.type);
    visit("address", d.address), visit("port", d.port);
  } else if constexpr (std::is_same_v<D, UnixUse>) {
    visit("action", d.action), visit("type", d.type), visit("address", d.address);
  } else if constexpr (std::is_same_v<D, DbusUse>) {
    visit("bus", d.bus), visit("peer", d.peer);
  } else if constexpr (std::is_same_v<D, MountUse>) {
    visit("call", d.call), visit("type", d.type), visit("source", d.source), visit("target", d.target);
    visit("flags", d.flags);
  } else if constexpr (std::is_same_v<D, SetIdExec>) {
    visit("path", d.path), visit("gain", d.gain);
  } else if constexpr (std::is_same_v<D, IdentityUse>) {
    visit("what", d.what), visit("id", d.id);
  } else if constexpr (std::is_same_v<D, ModeBits>) {
    visit("call", d.call), visit("path", d.path), visit("mode", d.mode);
  } else if constexpr (std::is_same_v<D, SysctlUse>) {
    visit("name", d.name), visit("write", d.write);
  } else if constexpr (std::is_same_v<D, IpcUse>) {
    visit("mechanism", d.mechanism), visit("name", d.name), visit("create", d.create);
    visit("outlives", d.outlives);
  } else if constexpr (std::is_same_v<D, ProcessUse>) {
    visit("file", d.file), visit("target", d.target);
  } else if constexpr (std::is_same_v<D, SignalUse>) {
    visit("signal", d.signal), visit("target", d.target), visit("unit", d.unit);
  } else {
    visit("call", d.call), visit("what", d.what);
  }
}

// All but `source`, which a file has in its own way.
template <typename First, typename Visit>
void visit_first_use(First& f, Visit&& visit) {
  visit("at_ms", f.at_ms), visit("comm", f.comm), visit("exe", f.exe), visit("exec_line", f.exec_line);
  visit("host_path", f.host_path);
}

template <typename S, typename Visit>
void visit_source(S& s, Visit&& visit) {
  visit("id", s.id), visit("unit", s.unit), visit("command", s.command), visit("user", s.user);
  visit("started_ms", s.started_ms), visit("stopped_ms", s.stopped_ms);
  visit("kernel", s.kernel), visit("systemd", s.systemd), visit("backend", s.backend);
  visit("hooks", s.hooks);
  visit("start_seen", s.start_seen), visit("stop_seen", s.stop_seen), visit("reload_seen", s.reload_seen);
  visit("events", s.events), visit("lost", s.lost), visit("overflowed", s.overflowed);
  visit("unwatched_ms", s.unwatched_ms);
  visit("sandbox", s.sandbox), visit("redacted", s.redacted);
}

}  // namespace harden
