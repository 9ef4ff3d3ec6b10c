// SPDX-License-Identifier: LGPL-2.1-or-later
#include "advise/judge.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "advise/places.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::DirectiveId;

constexpr std::string_view kFailed = "it failed, and the service went on";
constexpr unsigned kSetIdBits = 06000;

// A capability that the kernel asks for where a call does well without.
struct IdleQuestion {
  std::string_view capability;
  std::string_view during;  // the call; empty: any but those of `but`
  std::string_view but;     // with blanks around each
  std::string_view why;
};
// Source: the callers of capable() in the kernel; recordings of servers that run without.
constexpr std::array kIdleQuestions = {
    IdleQuestion{
        "CAP_FSETID", "", "",
        "it is asked whenever a file of somebody else changes, and without it only set-id bits go"},
    IdleQuestion{"CAP_NET_ADMIN", "setsockopt", "",
                 "buffers and marks of a socket beyond the limits, which most programs do without"},
    IdleQuestion{"CAP_SYS_RESOURCE", "", " setrlimit prlimit64 prctl ",
                 "it is asked for the last blocks of a disk and the last processes of a limit"},
    IdleQuestion{"CAP_SYS_ADMIN", "clone", "", "it is asked near the limit of processes"},
    IdleQuestion{"CAP_SYS_ADMIN", "clone3", "", "it is asked near the limit of processes"},
    IdleQuestion{"CAP_SYS_ADMIN", "fork", "", "it is asked near the limit of processes"},
    IdleQuestion{"CAP_SYS_ADMIN", "vfork", "", "it is asked near the limit of processes"},
};

// Files that libraries look into, and do well without.
struct IdleFile {
  std::string_view path, why;
};
// Source: glibc's sysconf() and malloc(), libselinux, libcap; recordings of servers that run without.
constexpr std::array kIdleFiles = {
    IdleFile{"/proc/sys/kernel/ngroups_max", "the C library asks, and has a limit of its own without"},
    IdleFile{"/proc/sys/vm/overcommit_memory",
             "the C library asks, and keeps its heaps as large as they were without"},
    IdleFile{"/proc/sys/kernel/cap_last_cap", "libcap asks, and tries the capabilities one by one without"},
    IdleFile{"/proc/filesystems", "libselinux asks whether there is SELinux, and takes no answer for a no"},
};

bool is_in_tmp(std::string_view path) {
  return is_at_or_below(path, "/tmp") || is_at_or_below(path, "/var/tmp");
}

// An IPv4 peer of an IPv6 socket is one of IPv4 for every filter; a connection to no address is one to this
// machine.
std::string plain_address(const std::string& address) {
  constexpr std::string_view kMapped = "::ffff:";
  if (address.starts_with(kMapped) && address.find('.') != std::string::npos)
    return address.substr(kMapped.size());
  return address == "0.0.0.0" ? "127.0.0.1" : address == "::" ? "::1" : address;
}

// Old names of /run are symlinks on every system, and what a program gives as a name is not always
// followed.
std::string plain_path(std::string path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kLinks = {
      {{"/var/run", "/run"}, {"/var/lock", "/run/lock"}}};
  for (const auto& [link, target] : kLinks)
    if (is_at_or_below(path, link)) return path.replace(0, link.size(), target);
  return path;
}

// "/proc/PID/…", as opposed to what tells of the whole system.
bool is_process_path(std::string_view path) {
  const std::string_view rest = path.substr(std::min(path.size(), std::string_view("/proc/").size()));
  return rest.empty() || rest.starts_with("self") || rest.starts_with("thread-self") ||
         CharSet("0123456789").contains(rest[0]);
}

class Judge {
 public:
  Judge(const Recording& recording, const LoadedUnit& unit) : recording_(recording) {
    for (const Need& need : recording.needs) {
      if (need.failed()) continue;
      if (const auto* file = std::get_if<FileUse>(&need.detail)) note_file(*file);
      if (const auto* socket = std::get_if<UnixUse>(&need.detail);
          socket && socket->action == UnixAction::bind)
        own_sockets_.insert(socket->address);
    }
    // Directives all of whose lines run outside the sandbox.
    std::set<std::string, std::less<>> inside;
    for (const Contribution& line : unit.contributions) {
      const std::string_view name = catalogue::directive(line.directive).name;
      if (!name.starts_with("Exec") || line.fate != Fate::counts) continue;
      const std::string_view prefix = line.text.substr(0, line.text.find_first_not_of("@-:+!|"));
      (prefix.find('+') == std::string_view::npos ? inside : outside_).emplace(name);
    }
    for (const std::string& name : inside) outside_.erase(name);
  }

  std::vector<Judged> run() {
    std::vector<Judged> all;
    all.reserve(recording_.needs.size());
    for (const Need& need : recording_.needs) all.push_back(judge_one(need));
    return all;
  }

 private:
  void note_file(const FileUse& file) {
    if (file.as_given) return;
    if (file.access == FileAccess::create) {
      made_.insert(file.path);
      if (file.type == NodeType::directory) made_folders_.insert(file.path);
    }
    if (file.access == FileAccess::remove) removed_.insert(file.path);
    if (file.access == FileAccess::rename || file.access == FileAccess::link) made_.insert(file.other);
  }

  Judged judge_one(const Need& need) {
    now_ = {&need, Standing::needed, {}, {}};
    if (need.failed()) {
      set(Standing::idle, kFailed);
      const auto* capability = std::get_if<CapabilityUse>(&need.detail);
      const bool is_question = capability != nullptr && capability->call != CallOutcome::failed;
      if (was_refused_by_sandbox(need) && !is_question) {
        std::visit([this](const auto& use) { ask(use); }, need.detail);
        set(Standing::doubtful, "a sandbox refused it during the recording, and the service went on");
      }
      return std::move(now_);
    }
    std::visit([this](const auto& use) { ask(use); }, need.detail);
    if (is_predicted(need, recording_))
      set(Standing::doubtful, "the code can do it, and no recording shows it");
    if (now_.standing == Standing::needed && runs_outside(need))
      std::erase_if(now_.demands, [](const Demand& demand) {
        return !std::holds_alternative<DeviceDemand>(demand) &&
               !std::holds_alternative<PeerDemand>(demand) && !std::holds_alternative<PortDemand>(demand);
      });
    return std::move(now_);
  }

  [[nodiscard]] bool was_refused_by_sandbox(const Need& need) const {
    constexpr std::array kRefusals = {EPERM, EACCES, EROFS, EAFNOSUPPORT, ENOSYS};
    return std::ranges::find(kRefusals, *need.error) != kRefusals.end() &&
           std::ranges::any_of(need.seen, [&](const Occurrence& one) {
             return one.source < recording_.sources.size() &&
                    !recording_.sources[one.source].sandbox.empty();
           });
  }
  [[nodiscard]] bool runs_outside(const Need& need) const {
    return std::ranges::all_of(
        need.seen, [&](const Occurrence& one) { return outside_.contains(one.first.exec_line); });
  }

  void set(Standing standing, std::string_view why) {
    now_.standing = standing;
    now_.why = why;
  }
  void doubt(std::string_view why) { now_.why = why; }
  template <typename T>
  void add(T demand) {
    now_.demands.emplace_back(std::move(demand));
  }
  void add(PathDemand demand) {
    demand.path = plain_path(std::move(demand.path));
    now_.demands.emplace_back(std::move(demand));
  }
  // That it is as loose as with the value at `loosest_enough`, the loosest by default.
  void open(DirectiveId id, std::string_view result, std::uint8_t loosest_enough = 0) {
    add(ChoiceDemand{id, loosest_enough, result});
  }

  // --- One kind each -----------------------------------------------------------------------------------

  void ask(const SyscallUse& use) {
    if (use.name.starts_with('#'))
      return set(Standing::doubtful, "a number without a name cannot be granted by one");
    add(CallDemand{use.name, use.abi == "x86-64" || use.abi.empty() ? "native" : use.abi});
  }

  void ask(const FileUse& use) {
    if (!use.path.starts_with('/'))
      return set(Standing::doubtful, "the folder that its path starts from was not seen");
    switch (use.access) {
      case FileAccess::read:
      case FileAccess::list:
      case FileAccess::look:
      case FileAccess::change_root:
        return ask_read(use);
      case FileAccess::execute:
        return add(PathDemand{use.path, PathUse::execute});
      case FileAccess::map_execute:
        return add(PathDemand{use.path, PathUse::map_execute});
      case FileAccess::write:
      case FileAccess::change_mode:
      case FileAccess::change_owner:
      case FileAccess::change_xattr:
      case FileAccess::change_times:
        return ask_write(use);
      case FileAccess::create:
        if (use.type == NodeType::directory && lasts(use.path)) {
          add(PathDemand{use.path, PathUse::write});
          return doubt("it is made once, and has to be there before the service starts");
        }
        return ask_entry(use.path);
      case FileAccess::remove:
        return ask_entry(use.path);
      case FileAccess::rename:
      case FileAccess::link:
        ask_entry(use.path);
        if (!use.other.starts_with('/')) return;
        ask_entry(use.other);
        return ask_move(folder_of(use.path), folder_of(use.other));
    }
  }

  void ask_move(const std::string& from, const std::string& to) {
    if (from == to) return;
    if (is_system_folder(common_folder(from, to)))
      return doubt("between two mounts it fails with EXDEV, for which most programs copy");
    add(MoveDemand{from, to});
  }

  // A folder that nobody removes and no reboot does: making it again only finds it there.
  [[nodiscard]] bool lasts(std::string_view path) const {
    return !removed_.contains(path) && !is_in_tmp(path) && !is_at_or_below(path, "/run") &&
           !is_at_or_below(path, "/dev");
  }
  [[nodiscard]] bool is_own(std::string_view path) const {
    return made_.contains(path) || std::ranges::any_of(made_folders_, [&](const std::string& folder) {
             return is_at_or_below(path, folder);
           });
  }
  static bool is_node(const FileUse& use) {
    return is_at_or_below(use.path, "/dev") &&
           (use.type == NodeType::character || use.type == NodeType::block);
  }

  void ask_read(const FileUse& use) {
    if (is_node(use)) return;  // the DeviceUse beside it decides
    if (is_at_or_below(use.path, "/proc")) {
      if (!is_process_path(use.path)) open(DirectiveId::ProcSubset, "ENOENT");
      if (is_process_path(use.path)) return;
    }
    ask_idly(use.path);
    const bool is_folder = use.type == NodeType::directory;
    if (is_folder &&
        (use.path == "/dev" || use.path == "/dev/pts" || use.path == "/tmp" || use.path == "/var/tmp"))
      return;  // a private one is there to be listed
    if (is_in_tmp(use.path) && is_own(use.path)) return add(PathDemand{use.path, PathUse::scratch});
    add(PathDemand{use.path, PathUse::read});
  }

  void ask_idly(std::string_view path) {
    const auto file = std::ranges::find(kIdleFiles, path, &IdleFile::path);
    if (file != kIdleFiles.end()) set(Standing::doubtful, file->why);
  }

  void ask_write(const FileUse& use) {
    if (is_node(use)) return;
    if (is_at_or_below(use.path, "/proc") && is_process_path(use.path)) return;
    if (is_in_tmp(use.path)) {
      const bool is_scratch = is_own(use.path) || use.path == "/tmp" || use.path == "/var/tmp";
      return add(PathDemand{use.path, is_scratch ? PathUse::scratch : PathUse::write});
    }
    add(PathDemand{use.path, PathUse::write});
    if (is_at_or_below(use.path, "/proc")) open(DirectiveId::ProcSubset, "ENOENT");
  }

  // A name that is made, removed or changed: its folder is what changes.
  void ask_entry(const std::string& path) {
    const std::string folder = folder_of(path);
    if (!is_in_tmp(path)) return add(PathDemand{folder, PathUse::write});
    const bool is_scratch = is_own(path) || is_own(folder) || folder == "/tmp" || folder == "/var/tmp";
    if (is_scratch && !own_sockets_.contains(path)) return add(PathDemand{folder, PathUse::scratch});
    if (own_sockets_.contains(path)) doubt("others may look for the socket in the shared folder");
    add(PathDemand{folder, PathUse::write});
  }

  void ask(const DeviceUse& use) {
    const char access = use.access == DeviceAccess::read    ? 'r'
                        : use.access == DeviceAccess::write ? 'w'
                                                            : 'm';
    add(DeviceDemand{use.is_block, use.major, use.minor, access, use.path});
  }

  void ask(const CapabilityUse& use) {
    const auto number = catalogue::find_capability(catalogue::systemds().back(), use.name);
    if (!number) return set(Standing::doubtful, "a capability without a name cannot be granted by one");
    add(CapabilityDemand{*number});
    if (use.call == CallOutcome::failed) return set(Standing::idle, "the call failed all the same");
    for (const IdleQuestion& question : kIdleQuestions) {
      if (question.capability != use.name) continue;
      const bool here = question.during.empty()
                            ? question.but.find(" " + use.during + " ") == std::string_view::npos
                            : question.during == use.during;
      if (here) return set(Standing::doubtful, question.why);
    }
    if (use.call == CallOutcome::unknown)
      doubt("the kernel asked for it; what became of the call was not seen");
  }

  void ask(const SocketUse& use) {
    if (use.family.starts_with('#'))
      return set(Standing::doubtful, "a family without a name cannot be granted by one");
    add(FamilyDemand{use.family});
    if (use.family == "AF_NETLINK") open(DirectiveId::PrivateNetwork, "the network of the service alone");
  }

  void ask(const BindUse& use) {
    const bool is_udp = use.type == "SOCK_DGRAM";
    if (use.family != "AF_INET" && use.family != "AF_INET6") return;
    if (is_udp || use.type == "SOCK_STREAM") add(PortDemand{use.family == "AF_INET6", is_udp, use.port});
    if (use.port != 0) open(DirectiveId::PrivateNetwork, "nobody reaches it");
  }

  void ask(const PeerUse& use) {
    if (use.address == "*") return;  // of many; those that were seen by address stand for them
    add(PeerDemand{plain_address(use.address), use.type != "SOCK_DGRAM"});
    open(DirectiveId::PrivateNetwork,
         use.action == PeerAction::accept ? "nobody reaches it" : "ENETUNREACH");
  }

  void ask(const UnixUse& use) {
    if (use.address.empty()) return;
    if (use.address.starts_with('@')) {
      // bind without a name lets the kernel choose five hexadecimal digits, for sockets that nobody looks
      // for.
      const std::string_view name = std::string_view(use.address).substr(1);
      const bool is_chosen =
          name.size() == 5 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
      if (own_sockets_.contains(use.address) && use.action != UnixAction::bind) return;
      if (is_chosen && use.action == UnixAction::bind) return;
      if (use.action == UnixAction::bind) doubt("who looks for it was not seen");
      return open(DirectiveId::PrivateNetwork,
                  use.action == UnixAction::bind ? "nobody reaches it" : "ECONNREFUSED");
    }
    if (!use.address.starts_with('/'))
      return set(Standing::doubtful, "the folder that its path starts from was not seen");
    if (use.action == UnixAction::bind) return ask_entry(use.address);
    if (is_in_tmp(use.address) && own_sockets_.contains(use.address))
      return add(PathDemand{use.address, PathUse::scratch});
    if (is_at_or_below(use.address, "/dev")) return;  // /dev/log is there in a private /dev as well
    add(PathDemand{use.address, PathUse::read});
  }

  void ask(const DbusUse& use) {
    if (use.bus == "system") add(PathDemand{"/run/dbus/system_bus_socket", PathUse::read});
  }

  void ask(const MountUse&) { doubt("whether others have to see the mount is not known: host-mounts"); }

  void ask(const SetIdExec& use) {
    open(DirectiveId::NoNewPrivileges, "no new identity");
    if (use.gain != Gain::capabilities) open(DirectiveId::PrivateUsers, "no new identity");
  }

  void ask(const IdentityUse& use) {
    if (use.what != IdKind::groups && use.id == 0) return;  // root is there in every user namespace
    open(DirectiveId::PrivateUsers, use.what == IdKind::groups ? "EPERM" : "EINVAL");
  }

  void ask(const ModeBits& use) {
    if ((use.mode & kSetIdBits) != 0) open(DirectiveId::RestrictSUIDSGID, "EPERM");
  }

  void ask(const SysctlUse& use) {
    open(DirectiveId::ProcSubset, "ENOENT");
    if (!use.write) return ask_idly("/proc/sys/" + use.name);
    add(PathDemand{"/proc/sys/" + use.name, PathUse::write});
  }

  void ask(const IpcUse& use) {
    const bool is_sysv = use.mechanism != IpcMechanism::posix_shm;
    if (is_sysv && !use.create && use.name != "private") open(DirectiveId::PrivateIPC, "ENOENT");
    if (!use.outlives) return;
    open(DirectiveId::RemoveIPC, "removed when the service stops");
    if (std::ranges::none_of(now_.need->seen, [&](const Occurrence& one) {
          return one.source < recording_.sources.size() && recording_.sources[one.source].stop_seen;
        }))
      set(Standing::doubtful, "the service was not seen to stop, which may remove it");
  }

  void ask(const ProcessUse&) {
    open(DirectiveId::ProtectProc, "ENOENT");
    open(DirectiveId::PrivatePIDs, "ENOENT");
  }

  void ask(const SignalUse&) { open(DirectiveId::PrivatePIDs, "ESRCH"); }

  template <NeedKind kKind>
  void ask(const CallUse<kKind>& use) {
    if constexpr (kKind == NeedKind::wx_memory) {
      open(DirectiveId::MemoryDenyWriteExecute, "EPERM");
    } else if constexpr (kKind == NeedKind::name_space) {
      for (const catalogue::NamespaceKind& kind : catalogue::namespaces())
        if (kind.name == use.what) add(NamespaceDemand{kind.bit});
    } else if constexpr (kKind == NeedKind::scheduling) {
      if (use.what == "SCHED_FIFO" || use.what == "SCHED_RR" || use.what == "SCHED_DEADLINE")
        open(DirectiveId::RestrictRealtime, "EPERM");
    } else if constexpr (kKind == NeedKind::personality) {
      open(DirectiveId::LockPersonality, "EPERM");
    } else if constexpr (kKind == NeedKind::host_name) {
      open(DirectiveId::ProtectHostname, "EPERM");
    } else if constexpr (kKind == NeedKind::limit || kKind == NeedKind::locked_memory) {
      return;  // calls and capabilities, which are needs of their own
    }
    // Else the call itself, which is a need of its own, and the capability that it takes.
    if (!use.call.empty() && catalogue::find_syscall(use.call)) add(CallDemand{use.call, "native"});
  }

  const Recording& recording_;
  std::set<std::string, std::less<>> made_, made_folders_, removed_, own_sockets_, outside_;
  Judged now_;
};

}  // namespace

std::vector<Judged> judge(const Recording& recording, const LoadedUnit& unit) {
  return Judge(recording, unit).run();
}

}  // namespace harden
