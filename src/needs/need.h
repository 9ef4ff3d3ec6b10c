// SPDX-License-Identifier: LGPL-2.1-or-later
// A need is one privilege that a service used or tried to use, with its evidence. What it needs is typed,
// one struct a kind; two needs are the same need if that and the outcome are equal, whoever had it and how
// often. Who, when and how often is kept for each recording by itself, so that recordings merge in any
// order and a recording that comes twice counts once.
//
// All text is bytes as the kernel gave them: not always UTF-8, never trusted where it is printed. Paths are
// absolute as the service sees them, in its mount namespace and root, symlinks followed, unless said
// otherwise. An empty string is "not known" or "does not apply", as the field's comment says.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace harden {

enum class NeedKind : std::uint8_t {
  syscall,
  file,
  device,
  capability,
  socket,
  bind,
  peer,
  unix_socket,
  dbus,
  wx_memory,
  name_space,
  mount,
  set_id_exec,
  identity,
  scheduling,
  locked_memory,
  limit,
  personality,
  mode_bits,
  sysctl,
  kernel_log,
  clock,
  host_name,
  keyring,
  ipc,
  process,
  signal,
  trace,
  bpf,
  perf,
  io_uring,
  module,
};

// A system call that was entered, once a name and ABI: the filter's view. `abi` is systemd's word for it
// ("x86-64", "x86" for int 0x80 and the 32-bit entries, "x32"); `name` the kernel's, "#999" for a number
// without one. The outcome is only known where a filter refused it.
struct SyscallUse {
  std::string abi, name;
  friend auto operator<=>(const SyscallUse&, const SyscallUse&) = default;
};

enum class FileAccess : std::uint8_t {
  read,  // opened for reading; a directory: opened, not necessarily listed
  write,  // opened for writing, or truncated
  create,  // did not exist before: open with O_CREAT, mkdir, mknod, symlink, bind of a socket
  remove,  // unlink, rmdir
  rename,  // path → other
  link,  // a hard link `other` to path
  execute,  // exec of the file itself, or its being the interpreter of one
  map_execute,  // mapped executable: libraries, the loader, plugins
  change_mode,
  change_owner,
  change_xattr,
  change_times,
  list,  // a directory whose entries were read
  look,  // only its name or attributes: stat, access, readlink, O_PATH. Recorded where it was refused
  change_root,  // chroot or pivot_root into it
};
// What stands at the path; `unknown` where the hook could not tell.
enum class NodeType : std::uint8_t { unknown, regular, directory, symlink, character, block, fifo, socket };

// One way of access to one path. A file opened for reading and writing is two needs. /proc, /sys and /dev
// are files as others are (a device node is a DeviceUse beside, a sysctl that is seen as such a SysctlUse
// beside).
struct FileUse {
  FileAccess access = FileAccess::read;
  NodeType type = NodeType::unknown;
  std::string path;
  std::string other;  // rename, link: the new path; create of a symlink: its target as written. Else empty
  bool as_given = false;  // path and other are the program's words: symlinks not followed, and relative if
                          // the directory they start from was not known. So are most of those that failed
  friend auto operator<=>(const FileUse&, const FileUse&) = default;
};

enum class DeviceAccess : std::uint8_t { read, write, mknod };

// A device node that was opened (or made), by its numbers: what DeviceAllow= decides on. `path` is a node
// of these numbers in /dev, as the service named it or as the host does; empty if none is known.
struct DeviceUse {
  bool is_block = false;
  std::uint32_t major = 0, minor = 0;
  DeviceAccess access = DeviceAccess::read;
  std::string path;
  friend auto operator<=>(const DeviceUse&, const DeviceUse&) = default;
};

// What became of the system call in which a capability was asked for.
enum class CallOutcome : std::uint8_t { unknown, succeeded, failed };

// The kernel asked whether the service has the capability ("CAP_NET_ADMIN"; "#99" without a name). The
// need's outcome is the answer: ok, or EPERM. Asked for does not mean required: a refused one is a need
// only if the call failed, and a granted one may have been asked before a cheaper test. The kernel's own
// idle questions (overcommit and others that it asks without auditing) are not recorded.
struct CapabilityUse {
  std::string name;
  std::string during;  // the system call in which it was asked: "chroot"; empty if not known
  std::string caller;  // the kernel function that asked: "__x64_sys_chroot"; empty if not known
  CallOutcome call = CallOutcome::unknown;
  friend auto operator<=>(const CapabilityUse&, const CapabilityUse&) = default;
};

// socket, socketpair: family and type by their names ("AF_INET", "SOCK_STREAM"), "#99" without one.
struct SocketUse {
  std::string family, type;
  std::int32_t protocol = 0;
  friend auto operator<=>(const SocketUse&, const SocketUse&) = default;
};

// A port bound. `address` numeric, as bound ("0.0.0.0", "::", "127.0.0.1"). Port 0: the kernel chose
// one, at bind or at listen without bind.
struct BindUse {
  std::string family, type, address;
  std::uint16_t port = 0;
  friend auto operator<=>(const BindUse&, const BindUse&) = default;
};

enum class PeerAction : std::uint8_t { connect, send, accept };

// An Internet peer. connect, send (without connecting): its address and port. accept: its address and the
// port here that it came to; past some hundred peers of one port they are one need with the address "*".
struct PeerUse {
  PeerAction action = PeerAction::connect;
  std::string family, type, address;
  std::uint16_t port = 0;
  friend auto operator<=>(const PeerUse&, const PeerUse&) = default;
};

enum class UnixAction : std::uint8_t { bind, connect, send };

// A unix socket. `address`: a path (the listener's, as it was bound), or "@name" for an abstract one;
// further zero bytes of an abstract name stay in it.
struct UnixUse {
  UnixAction action = UnixAction::connect;
  std::string type, address;
  friend auto operator<=>(const UnixUse&, const UnixUse&) = default;
};

// A name on a D-Bus bus that was called or owned, as far as it can be seen; at least the bus itself.
struct DbusUse {
  std::string bus;  // "system", "session", or the bus socket's address
  std::string peer;  // well-known name; empty: connected, names not seen
  friend auto operator<=>(const DbusUse&, const DbusUse&) = default;
};

// A mount or its like. `call`: mount, umount2, move_mount, open_tree, fsopen, fsmount, mount_setattr,
// pivot_root. The others are the call's own words, empty where it has none.
struct MountUse {
  std::string call, type, source, target;
  std::uint64_t flags = 0;  // MS_*, of mount and umount2
  friend auto operator<=>(const MountUse&, const MountUse&) = default;
};

enum class Gain : std::uint8_t { user, group, capabilities };

// An exec that changed identity: a set-user-id or set-group-id program of another user or group, or file
// capabilities. What NoNewPrivileges= stops.
struct SetIdExec {
  std::string path;
  Gain gain = Gain::user;
  friend auto operator<=>(const SetIdExec&, const SetIdExec&) = default;
};

enum class IdKind : std::uint8_t { user, group, groups };

// Taking on a user or group that it did not have (also as effective, saved or file system one); groups: a
// list of supplementary groups was set, `id` is 0.
struct IdentityUse {
  IdKind what = IdKind::user;
  std::uint32_t id = 0;
  friend auto operator<=>(const IdentityUse&, const IdentityUse&) = default;
};

// Set-id bits or write permission for all, given to a file. `mode`: the low 12 bits asked for; `call`:
// chmod, open, mkdir, mknod, by whichever name of the family. The umask is not taken off.
struct ModeBits {
  std::string call, path;
  std::uint32_t mode = 0;
  friend auto operator<=>(const ModeBits&, const ModeBits&) = default;
};

// sysctl by its name ("net/core/somaxconn": what stands below /proc/sys).
struct SysctlUse {
  std::string name;
  bool write = false;
  friend auto operator<=>(const SysctlUse&, const SysctlUse&) = default;
};

enum class IpcMechanism : std::uint8_t { sysv_shm, sysv_sem, sysv_msg, posix_mq, posix_shm };

// `name`: posix: the name; SysV: the key in hexadecimal, "private" for IPC_PRIVATE. `create`: made it; else
// opened an existing one. `outlives`: nothing removed it before the recording ended.
struct IpcUse {
  IpcMechanism mechanism = IpcMechanism::sysv_shm;
  std::string name;
  bool create = false, outlives = false;
  friend auto operator<=>(const IpcUse&, const IpcUse&) = default;
};

// Something below /proc/PID of a process outside of the service. `file`: below /proc/PID ("status",
// "fd/3"; empty: the directory); `target`: the process's name, empty if it was gone.
struct ProcessUse {
  std::string file, target;
  friend auto operator<=>(const ProcessUse&, const ProcessUse&) = default;
};

// A signal sent to a process outside of the service. `unit`: the target's unit or, without one, control
// group; empty if not known. signal 0 asks whether it is there.
struct SignalUse {
  std::int32_t signal = 0;
  std::string target, unit;
  friend auto operator<=>(const SignalUse&, const SignalUse&) = default;
};

// The kinds whose evidence is a system call and one word. `call` is its name, `what`:
//   wx_memory      mmap, mprotect, pkey_mprotect, shmat: "anonymous", or the file mapped
//   name_space     unshare, clone, clone3, setns: one of cgroup ipc mnt net pid time user uts
//   scheduling     sched_setscheduler, sched_setparam, sched_setattr: "SCHED_FIFO" …; setpriority: "nice
//   -5";
//                  sched_setaffinity: ""; ioprio_set: "realtime", "best-effort", "idle"
//   locked_memory  mlock, mlock2, mlockall, mmap (MAP_LOCKED), shmctl (SHM_LOCK): ""
//   limit          setrlimit, prlimit64: "RLIMIT_NOFILE" …
//   personality    "0x40000", never 0 or a question
//   kernel_log     syslog: the action's number
//   clock          settimeofday, clock_settime, adjtimex, clock_adjtime: "set"; or "read" for adjtimex
//   without
//                  modes, which seccomp cannot tell apart
//   host_name      sethostname, setdomainname: ""
//   keyring        add_key, request_key, keyctl: the operation's number for keyctl
//   trace          ptrace: the request's name or number; process_vm_readv, process_vm_writev, pidfd_getfd,
//   kcmp: "" bpf            the command's number;  perf  perf_event_open: "" io_uring       io_uring: the
//   operation's name ("IORING_OP_OPENAT", "#99" without one) module         init_module, finit_module,
//   delete_module: the name or path where seen
template <NeedKind kKind>
struct CallUse {
  std::string call, what;
  friend auto operator<=>(const CallUse&, const CallUse&) = default;
};

// In the order of NeedKind.
using NeedDetail =
    std::variant<SyscallUse, FileUse, DeviceUse, CapabilityUse, SocketUse, BindUse, PeerUse, UnixUse,
                 DbusUse, CallUse<NeedKind::wx_memory>, CallUse<NeedKind::name_space>, MountUse, SetIdExec,
                 IdentityUse, CallUse<NeedKind::scheduling>, CallUse<NeedKind::locked_memory>,
                 CallUse<NeedKind::limit>, CallUse<NeedKind::personality>, ModeBits, SysctlUse,
                 CallUse<NeedKind::kernel_log>, CallUse<NeedKind::clock>, CallUse<NeedKind::host_name>,
                 CallUse<NeedKind::keyring>, IpcUse, ProcessUse, SignalUse, CallUse<NeedKind::trace>,
                 CallUse<NeedKind::bpf>, CallUse<NeedKind::perf>, CallUse<NeedKind::io_uring>,
                 CallUse<NeedKind::module>>;
static_assert(std::variant_size_v<NeedDetail> == static_cast<std::size_t>(NeedKind::module) + 1);

// Bits: in which of the service's phases it was seen. None: not known.
enum class Phase : std::uint8_t { start = 1, steady = 2, reload = 4, stop = 8 };
using Phases = std::uint8_t;

// The process that had the need first.
struct FirstUse {
  std::int64_t at_ms = 0;  // Unix time
  std::string comm;  // its name, up to 15 bytes
  std::string exe;  // its executable, as the service sees it; empty if not known
  std::string
      exec_line;  // the directive that started it: "ExecStart", "ExecStartPre" …; empty if not known
  std::string host_path;  // file, device, unix_socket: the path on the host, if that is another one
  friend auto operator<=>(const FirstUse&, const FirstUse&) = default;
};

// What one recording saw of a need.
struct Occurrence {
  std::uint32_t source = 0;  // index into Recording::sources
  std::uint64_t count = 1;  // at least; hooks on hot paths stop counting early, the source's `hooks` say so
  Phases phases = 0;
  FirstUse first;
  friend auto operator<=>(const Occurrence&, const Occurrence&) = default;
};

struct Need {
  NeedDetail detail;
  std::optional<int> error;  // 0: it succeeded; an errno: it failed with that; nothing: not seen
  std::vector<Occurrence> seen;  // one for each source that has it, by source; never empty

  [[nodiscard]] NeedKind kind() const { return static_cast<NeedKind>(detail.index()); }
  // Over all sources; stays at its greatest value on overflow.
  [[nodiscard]] std::uint64_t count() const;
  // Of all sources, the earliest.
  [[nodiscard]] const Occurrence& first() const;
  [[nodiscard]] bool succeeded() const { return error == 0; }
  [[nodiscard]] bool failed() const { return error.has_value() && *error != 0; }
  friend auto operator<=>(const Need&, const Need&) = default;
};

// As the file has it: "wx-memory".
[[nodiscard]] std::string_view kind_name(NeedKind kind);

}  // namespace harden
