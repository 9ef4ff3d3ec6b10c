// SPDX-License-Identifier: LGPL-2.1-or-later
// One function for each group of calls that mean alike. What a call's arguments mean is in its manual page;
// the recipes (recipes.cc) say which of them are there.
#include "record/interpret.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>

#include "catalogue/catalogue.h"
#include "util/text.h"

namespace harden::record {
namespace {

using Findings = std::vector<Finding>;

std::optional<int> error_of(const Seen& seen) { return seen.ret >= 0 ? 0 : static_cast<int>(-seen.ret); }

template <typename Number>
Number number_at(const std::string& bytes, std::size_t offset) {
  Number number = 0;
  if (bytes.size() >= offset + sizeof(number)) std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

std::string hex(std::uint64_t number) {
  std::array<char, 20> text{'0', 'x'};
  return {text.data(), std::to_chars(text.data() + 2, text.data() + text.size(), number, 16).ptr};
}

// --- Files ---------------------------------------------------------------------------------------------

// A name as a path: joined to where it starts, its folder resolved if the process can still be asked. The
// last part stays as it is where the call does not follow it.
struct Named {
  std::string path;
  bool as_given = false;
};

Named name_of(const std::string& name, const std::string& from, const Seen& seen, const Lookup& lookup,
              bool follows_last) {
  if (name.empty()) return {from, false};  // the descriptor itself
  const std::string joined = from.empty() ? name : from + "/" + name;
  if (!joined.starts_with('/')) return {joined, true};
  const std::string path = normalize_path(joined);
  // An absolute name that starts somewhere is one of a process in another root, who would look for it
  // there.
  if (name.starts_with('/') && !from.empty()) return {path, true};
  if (!lookup.resolve) return {path, true};
  if (follows_last)
    if (const auto whole = lookup.resolve(seen.pid, joined)) return {*whole, false};
  const std::size_t slash = joined.find_last_not_of('/') == std::string::npos
                                ? 0
                                : joined.rfind('/', joined.find_last_not_of('/'));
  const auto folder = lookup.resolve(seen.pid, joined.substr(0, slash + 1));
  if (!folder) return {path, true};
  return {normalize_path(*folder + "/" + std::string(base_name(path))), false};
}

void add_file(const Seen& seen, const Lookup& lookup, FileAccess access, NodeType type, Named named,
              Findings& out, std::string other = {}) {
  const FileUse use{access, type, std::move(named.path), std::move(other), named.as_given};
  if (use.path.empty()) return;
  out.push_back({use, error_of(seen)});
  add_derived(use, seen.rdev, error_of(seen), lookup, out);
}

constexpr std::uint32_t kTellingModes = S_ISUID | S_ISGID | S_IWOTH;

void add_mode_bits(const Seen& seen, std::uint64_t mode, const std::string& path, bool is_device,
                   Findings& out) {
  const auto bits = static_cast<std::uint32_t>(mode) & 07777U;
  // A device's or sticky folder's being open to all is usual, and no directive refuses it.
  if ((bits & (S_ISUID | S_ISGID)) == 0 && ((bits & S_IWOTH) == 0 || is_device)) return;
  out.push_back({ModeBits{seen.call, path, bits}, error_of(seen)});
}

void open_call(const Seen& seen, const Lookup& lookup, Findings& out) {
  const bool is_at = seen.call == "openat";
  std::uint64_t asked = is_at ? seen.arg[2] : seen.call == "open" ? seen.arg[1] : 0;
  const std::uint64_t mode = is_at ? seen.arg[3] : seen.call == "creat" ? seen.arg[1] : seen.arg[2];
  if (seen.call == "creat") asked = O_WRONLY | O_CREAT | O_TRUNC;
  const bool failed = seen.ret < 0;
  const Named named = failed ? name_of(seen.name1, seen.from1, seen, lookup, (asked & O_NOFOLLOW) == 0)
                             : Named{seen.from1, false};
  const NodeType type = failed ? NodeType::unknown : node_type_of_mode(seen.mode);
  const std::uint64_t flags = failed ? asked : seen.flags;
  if ((flags & O_PATH) != 0) {
    if (failed) add_file(seen, lookup, FileAccess::look, type, named, out);
    return;
  }
  if (seen.created || (failed && (asked & O_CREAT) != 0)) {
    add_file(seen, lookup, FileAccess::create, type, named, out);
    add_mode_bits(seen, mode, named.path, false, out);
  }
  const std::uint64_t access = flags & O_ACCMODE;
  if (access != O_WRONLY) add_file(seen, lookup, FileAccess::read, type, named, out);
  if (access != O_RDONLY || (asked & O_TRUNC) != 0)
    add_file(seen, lookup, FileAccess::write, type, named, out);
}

void change_of_name(const Seen& seen, const Lookup& lookup, Findings& out) {
  const std::string& call = seen.call;
  const auto first = [&](bool follows) { return name_of(seen.name1, seen.from1, seen, lookup, follows); };
  const auto second = [&] { return name_of(seen.name2, seen.from2, seen, lookup, false); };
  if (call == "mkdir" || call == "mkdirat") {
    const Named named = first(false);
    add_file(seen, lookup, FileAccess::create, NodeType::directory, named, out);
    const std::uint64_t mode = seen.arg[call == "mkdir" ? 1 : 2];
    add_mode_bits(seen, mode, named.path, (mode & S_ISVTX) != 0, out);
  } else if (call == "mknod" || call == "mknodat") {
    const std::size_t at = call == "mknod" ? 1 : 2;
    const NodeType type = node_type_of_mode(static_cast<std::uint32_t>(seen.arg[at]));
    const Named named = first(false);
    const bool is_device = type == NodeType::character || type == NodeType::block;
    add_file(seen, lookup, FileAccess::create, type == NodeType::unknown ? NodeType::regular : type, named,
             out);
    add_mode_bits(seen, seen.arg[at], named.path, is_device, out);
    if (is_device) {  // user space's dev_t: 8 bits of minor, 12 of major, 12 of minor
      const auto dev = static_cast<std::uint32_t>(seen.arg[at + 1]);
      out.push_back({DeviceUse{type == NodeType::block, dev >> 8U & 0xfffU,
                               (dev & 0xffU) | (dev >> 12U & 0xfff00U), DeviceAccess::mknod, named.path},
                     error_of(seen)});
    }
  } else if (call == "rmdir" || (call == "unlinkat" && (seen.arg[2] & AT_REMOVEDIR) != 0)) {
    add_file(seen, lookup, FileAccess::remove, NodeType::directory, first(false), out);
  } else if (call == "unlink" || call == "unlinkat") {
    add_file(seen, lookup, FileAccess::remove, NodeType::unknown, first(false), out);
  } else if (call == "symlink" || call == "symlinkat") {
    add_file(seen, lookup, FileAccess::create, NodeType::symlink, second(), out, seen.name1);
  } else {
    Named from = first(false);
    Named to = second();
    from.as_given = from.as_given || to.as_given;
    add_file(seen, lookup, call.starts_with("rename") ? FileAccess::rename : FileAccess::link,
             NodeType::unknown, std::move(from), out, std::move(to.path));
  }
}

void change_of_inode(const Seen& seen, const Lookup& lookup, Findings& out) {
  const std::string& call = seen.call;
  const bool follows = !call.starts_with('l') && !call.starts_with("fchownat");
  const Named named =
      seen.has_file ? Named{seen.from1, false} : name_of(seen.name1, seen.from1, seen, lookup, follows);
  const NodeType type = seen.has_file ? node_type_of_mode(seen.mode) : NodeType::unknown;
  const auto has = [&](std::string_view part) { return call.find(part) != std::string::npos; };
  const FileAccess access = has("chmod")   ? FileAccess::change_mode
                            : has("chown") ? FileAccess::change_owner
                            : has("xattr") ? FileAccess::change_xattr
                            : has("trunc") ? FileAccess::write
                                           : FileAccess::change_times;
  add_file(seen, lookup, access, type, named, out);
  if (access == FileAccess::change_mode)
    add_mode_bits(seen, seen.arg[call.starts_with("fchmodat") ? 2 : 1], named.path,
                  type == NodeType::character, out);
}

void look_call(const Seen& seen, const Lookup& lookup, Findings& out) {
  const bool is_watch = seen.call == "inotify_add_watch";
  add_file(
      seen, lookup, FileAccess::look, NodeType::unknown,
      name_of(is_watch ? seen.name2 : seen.name1, is_watch ? seen.from2 : seen.from1, seen, lookup, true),
      out);
}

void root_call(const Seen& seen, const Lookup& lookup, Findings& out) {
  if (seen.call == "pivot_root")
    out.push_back({MountUse{seen.call, {}, {}, name_of(seen.name1, seen.from1, seen, lookup, true).path, 0},
                   error_of(seen)});
  // After a chroot the process sees another tree, so that its own words are all there is.
  const std::string path =
      normalize_path(seen.name1.starts_with('/') ? seen.name1 : seen.from1 + "/" + seen.name1);
  add_file(seen, lookup, FileAccess::change_root, NodeType::directory, {path, true}, out);
}

void exec_call(const Seen& seen, const Lookup& lookup, Findings& out) {
  add_file(seen, lookup, FileAccess::execute, NodeType::unknown,
           name_of(seen.name1, seen.from1, seen, lookup, true), out);
}

void list_call(const Seen& seen, const Lookup& lookup, Findings& out) {
  add_file(seen, lookup, FileAccess::list, NodeType::directory, {seen.from1, false}, out);
}

// --- Memory ----------------------------------------------------------------------------------------------

void mmap_call(const Seen& seen, const Lookup& lookup, Findings& out) {
  const bool is_anonymous = (seen.arg[3] & MAP_ANONYMOUS) != 0 || !seen.has_file;
  if (!is_anonymous)
    add_file(seen, lookup, FileAccess::map_execute, node_type_of_mode(seen.mode), {seen.from1, false}, out);
  if ((seen.arg[2] & PROT_WRITE) != 0)
    out.push_back(
        {CallUse<NeedKind::wx_memory>{"mmap", is_anonymous ? "anonymous" : seen.from1}, error_of(seen)});
}

// systemd refuses these with PROT_EXEC whether or not the memory could be written.
void protect_call(const Seen& seen, const Lookup&, Findings& out) {
  out.push_back({CallUse<NeedKind::wx_memory>{seen.call, {}}, error_of(seen)});
}

// --- Calls whose evidence is a word
// ------------------------------------------------------------------------

template <NeedKind kKind>
void say(const Seen& seen, Findings& out, std::string what = {}) {
  out.push_back({CallUse<kKind>{seen.call, std::move(what)}, error_of(seen)});
}

template <NeedKind kKind>
void plain_call(const Seen& seen, const Lookup&, Findings& out) {
  say<kKind>(seen, out);
}

// The first argument says what is done.
template <NeedKind kKind>
void numbered_call(const Seen& seen, const Lookup&, Findings& out) {
  say<kKind>(seen, out, std::to_string(static_cast<std::int64_t>(seen.arg[0])));
}

void namespace_call(const Seen& seen, const Lookup&, Findings& out) {
  constexpr std::pair<std::uint64_t, std::string_view> kFlags[] = {
      {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWIPC, "ipc"}, {CLONE_NEWNS, "mnt"},    {CLONE_NEWNET, "net"},
      {CLONE_NEWPID, "pid"},       {0x80, "time"},        {CLONE_NEWUSER, "user"}, {CLONE_NEWUTS, "uts"}};
  // A child comes back from the call as well, and where clone3() had its flags its parent may have written
  // since.
  if (seen.call.starts_with("clone") && seen.ret == 0) return;
  std::uint64_t flags = seen.arg[seen.call == "setns" ? 1 : 0];
  if (seen.call == "clone") flags &= ~std::uint64_t{0xff};  // its exit signal
  if (seen.call == "clone3") flags = number_at<std::uint64_t>(seen.name1, 0);
  for (const auto& [flag, name] : kFlags)
    if ((flags & flag) != 0) say<NeedKind::name_space>(seen, out, std::string(name));
  if (seen.call == "setns" && flags == 0) say<NeedKind::name_space>(seen, out);
}

void mount_call(const Seen& seen, const Lookup& lookup, Findings& out) {
  MountUse use{seen.call, {}, {}, {}, 0};
  if (seen.call == "fsopen") {
    use.type = seen.name1;
  } else if (seen.call == "move_mount") {
    use.source = name_of(seen.name1, seen.from1, seen, lookup, true).path;
    use.target = name_of(seen.name2, seen.from2, seen, lookup, true).path;
  } else {
    use.target = name_of(seen.name1, seen.from1, seen, lookup, true).path;
    if (seen.call == "mount") use.type = seen.name2;
    if (seen.call == "mount") use.flags = seen.arg[3];
    if (seen.call == "umount2") use.flags = seen.arg[1];
  }
  out.push_back({use, error_of(seen)});
}

void identity_call(const Seen& seen, const Lookup&, Findings& out) {
  if (seen.call == "setgroups") {
    out.push_back({IdentityUse{IdKind::groups, 0}, error_of(seen)});
    return;
  }
  const bool is_user = seen.call.ends_with("uid");
  const std::size_t count = seen.call.starts_with("setres") ? 3 : seen.call.starts_with("setre") ? 2 : 1;
  const std::uint32_t had = is_user ? seen.uid : seen.gid;
  std::vector<std::uint32_t> taken;
  for (std::size_t i = 0; i < count; ++i) {
    const auto id = static_cast<std::uint32_t>(seen.arg[i]);
    if (id == ~0U || id == had || std::ranges::find(taken, id) != taken.end()) continue;
    taken.push_back(id);
    out.push_back({IdentityUse{is_user ? IdKind::user : IdKind::group, id}, error_of(seen)});
  }
}

std::string policy_name(std::uint64_t policy) {
  constexpr std::string_view kNames[] = {"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR",       "SCHED_BATCH",
                                         "#4",          "SCHED_IDLE", "SCHED_DEADLINE", "SCHED_EXT"};
  policy &= 0xff;  // SCHED_RESET_ON_FORK above
  return policy < std::size(kNames) ? std::string(kNames[policy]) : "#" + std::to_string(policy);
}

void scheduling_call(const Seen& seen, const Lookup&, Findings& out) {
  std::string what;
  if (seen.call == "sched_setscheduler") what = policy_name(seen.arg[1]);
  if (seen.call == "sched_setattr") what = policy_name(number_at<std::uint32_t>(seen.name1, 4));
  if (seen.call == "setpriority") what = "nice " + std::to_string(static_cast<std::int32_t>(seen.arg[2]));
  if (seen.call == "ioprio_set") {
    constexpr std::string_view kClasses[] = {"none", "realtime", "best-effort", "idle"};
    what = kClasses[seen.arg[2] >> 13U & 3U];
  }
  say<NeedKind::scheduling>(seen, out, std::move(what));
}

void limit_call(const Seen& seen, const Lookup&, Findings& out) {
  constexpr std::string_view kNames[] = {
      "RLIMIT_CPU",      "RLIMIT_FSIZE", "RLIMIT_DATA",   "RLIMIT_STACK",
      "RLIMIT_CORE",     "RLIMIT_RSS",   "RLIMIT_NPROC",  "RLIMIT_NOFILE",
      "RLIMIT_MEMLOCK",  "RLIMIT_AS",    "RLIMIT_LOCKS",  "RLIMIT_SIGPENDING",
      "RLIMIT_MSGQUEUE", "RLIMIT_NICE",  "RLIMIT_RTPRIO", "RLIMIT_RTTIME"};
  const std::uint64_t limit = seen.arg[seen.call == "prlimit64" ? 1 : 0];
  say<NeedKind::limit>(
      seen, out, limit < std::size(kNames) ? std::string(kNames[limit]) : "#" + std::to_string(limit));
}

void personality_call(const Seen& seen, const Lookup&, Findings& out) {
  const auto persona = static_cast<std::uint32_t>(seen.arg[0]);
  if (persona != 0 && persona != ~0U) say<NeedKind::personality>(seen, out, hex(persona));
}

void clock_call(const Seen& seen, const Lookup&, Findings& out) {
  const bool is_adjustment = seen.call.find("adj") != std::string::npos;
  const bool is_read = is_adjustment && number_at<std::uint32_t>(seen.name1, 0) == 0;
  say<NeedKind::clock>(seen, out, is_read ? "read" : "set");
}

void key_call(const Seen& seen, const Lookup&, Findings& out) {
  say<NeedKind::keyring>(seen, out, seen.call == "keyctl" ? std::to_string(seen.arg[0]) : seen.name1);
}

void module_call(const Seen& seen, const Lookup&, Findings& out) {
  say<NeedKind::module>(seen, out, seen.call == "finit_module" ? seen.from1 : seen.name1);
}

void memory_lock_call(const Seen& seen, const Lookup&, Findings& out) {
  say<NeedKind::locked_memory>(seen, out);
}

void ipc_call(const Seen& seen, const Lookup&, Findings& out) {
  const bool is_posix = seen.call.starts_with("mq_");
  if (is_posix) {
    const bool is_open = seen.call == "mq_open";
    if (!is_open && seen.ret < 0) return;
    out.push_back(
        {IpcUse{IpcMechanism::posix_mq, seen.name1, is_open && (seen.arg[1] & O_CREAT) != 0, false},
         error_of(seen)});
    return;
  }
  if (seen.call == "shmctl" && (seen.arg[1] & 0xff) == 11 /* SHM_LOCK */) {
    memory_lock_call(seen, {}, out);
    return;
  }
  if (!seen.call.ends_with("get")) return;
  const IpcMechanism mechanism = seen.call.starts_with("shm")   ? IpcMechanism::sysv_shm
                                 : seen.call.starts_with("sem") ? IpcMechanism::sysv_sem
                                                                : IpcMechanism::sysv_msg;
  const std::uint64_t flags = seen.arg[mechanism == IpcMechanism::sysv_msg ? 1 : 2];
  const auto key = static_cast<std::uint32_t>(seen.arg[0]);
  out.push_back({IpcUse{mechanism, key == IPC_PRIVATE ? "private" : hex(key),
                        key == IPC_PRIVATE || (flags & IPC_CREAT) != 0, false},
                 error_of(seen)});
}

void signal_call(const Seen& seen, const Lookup& lookup, Findings& out) {
  const std::size_t at = seen.call == "tgkill" ? 2 : 1;
  const auto pid = static_cast<std::int32_t>(seen.arg[0]);
  const auto signal = static_cast<std::int32_t>(seen.arg[at]);
  // What was delivered, the backend sees where it is; here are the question (0) and the refusals.
  if (seen.ret >= 0 && signal != 0) return;
  if (pid > 0 && lookup.is_own && lookup.is_own(pid)) return;
  if (seen.ret < 0 && seen.ret != -EPERM && seen.ret != -EACCES) return;
  SignalUse use{signal, {}, {}};
  if (pid > 0 && lookup.name_of) use.target = lookup.name_of(pid);
  if (pid > 0 && lookup.unit_of) use.unit = lookup.unit_of(pid);
  out.push_back({use, error_of(seen)});
}

using Handler = void (*)(const Seen&, const Lookup&, Findings&);

const std::map<std::string_view, Handler>& handlers() {
  static const std::map<std::string_view, Handler> kAll = [] {
    std::map<std::string_view, Handler> all;
    const auto add = [&](Handler handler, std::initializer_list<std::string_view> calls) {
      for (const std::string_view call : calls) all[call] = handler;
    };
    add(open_call, {"open", "openat", "openat2", "creat"});
    add(change_of_name, {"mkdir", "mkdirat", "mknod", "mknodat", "rmdir", "unlink", "unlinkat", "symlink",
                         "symlinkat", "rename", "renameat", "renameat2", "link", "linkat"});
    add(change_of_inode,
        {"chmod",    "fchmod",   "fchmodat",  "fchmodat2", "chown",       "lchown",       "fchown",
         "fchownat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
         "utime",    "utimes",   "futimesat", "utimensat", "truncate",    "ftruncate"});
    add(look_call, {"stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink",
                    "readlinkat", "getxattr", "lgetxattr", "statfs", "inotify_add_watch", "chdir"});
    add(root_call, {"chroot", "pivot_root"});
    add(exec_call, {"execve", "execveat"});
    add(list_call, {"getdents", "getdents64"});
    add(mmap_call, {"mmap", "mmap2"});
    add(protect_call, {"mprotect", "pkey_mprotect", "shmat"});
    add(namespace_call, {"unshare", "clone", "clone3", "setns"});
    add(mount_call, {"mount", "umount", "umount2", "move_mount", "open_tree", "fsopen", "fsmount", "fspick",
                     "mount_setattr"});
    add(identity_call, {"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid",
                        "setfsgid", "setgroups"});
    add(scheduling_call, {"sched_setscheduler", "sched_setparam", "sched_setattr", "sched_setaffinity",
                          "setpriority", "ioprio_set"});
    add(memory_lock_call, {"mlock", "mlock2", "mlockall"});
    add(limit_call, {"setrlimit", "prlimit64"});
    add(personality_call, {"personality"});
    add(numbered_call<NeedKind::kernel_log>, {"syslog"});
    add(clock_call, {"settimeofday", "clock_settime", "adjtimex", "clock_adjtime"});
    add(plain_call<NeedKind::host_name>, {"sethostname", "setdomainname"});
    add(key_call, {"add_key", "request_key", "keyctl"});
    add(ipc_call, {"shmget", "semget", "msgget", "shmctl", "mq_open", "mq_unlink"});
    add(numbered_call<NeedKind::trace>, {"ptrace"});
    add(plain_call<NeedKind::trace>, {"process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"});
    add(numbered_call<NeedKind::bpf>, {"bpf"});
    add(plain_call<NeedKind::perf>, {"perf_event_open"});
    add(plain_call<NeedKind::io_uring>, {"io_uring_setup"});
    add(module_call, {"init_module", "finit_module", "delete_module"});
    add(signal_call, {"kill", "tkill", "tgkill", "pidfd_send_signal"});
    return all;
  }();
  return kAll;
}

}  // namespace

std::string normalize_path(std::string_view path) {
  std::vector<std::string_view> parts;
  const bool is_absolute = path.starts_with('/');
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == ".." && (is_absolute || (!parts.empty() && parts.back() != ".."))) {
      if (!parts.empty()) parts.pop_back();
      continue;
    }
    parts.push_back(part);
  }
  std::string out(is_absolute ? "/" : "");
  for (const std::string_view part : parts) {
    if (!out.empty() && !out.ends_with('/')) out += '/';
    out += part;
  }
  return out;
}

NodeType node_type_of_mode(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return NodeType::regular;
    case S_IFDIR:
      return NodeType::directory;
    case S_IFLNK:
      return NodeType::symlink;
    case S_IFCHR:
      return NodeType::character;
    case S_IFBLK:
      return NodeType::block;
    case S_IFIFO:
      return NodeType::fifo;
    case S_IFSOCK:
      return NodeType::socket;
    default:
      return NodeType::unknown;
  }
}

std::string uring_operation_name(unsigned opcode) {
  constexpr std::string_view kNames[] = {"NOP",
                                         "READV",
                                         "WRITEV",
                                         "FSYNC",
                                         "READ_FIXED",
                                         "WRITE_FIXED",
                                         "POLL_ADD",
                                         "POLL_REMOVE",
                                         "SYNC_FILE_RANGE",
                                         "SENDMSG",
                                         "RECVMSG",
                                         "TIMEOUT",
                                         "TIMEOUT_REMOVE",
                                         "ACCEPT",
                                         "ASYNC_CANCEL",
                                         "LINK_TIMEOUT",
                                         "CONNECT",
                                         "FALLOCATE",
                                         "OPENAT",
                                         "CLOSE",
                                         "FILES_UPDATE",
                                         "STATX",
                                         "READ",
                                         "WRITE",
                                         "FADVISE",
                                         "MADVISE",
                                         "SEND",
                                         "RECV",
                                         "OPENAT2",
                                         "EPOLL_CTL",
                                         "SPLICE",
                                         "PROVIDE_BUFFERS",
                                         "REMOVE_BUFFERS",
                                         "TEE",
                                         "SHUTDOWN",
                                         "RENAMEAT",
                                         "UNLINKAT",
                                         "MKDIRAT",
                                         "SYMLINKAT",
                                         "LINKAT",
                                         "MSG_RING",
                                         "FSETXATTR",
                                         "SETXATTR",
                                         "FGETXATTR",
                                         "GETXATTR",
                                         "SOCKET",
                                         "URING_CMD",
                                         "SEND_ZC",
                                         "SENDMSG_ZC",
                                         "READ_MULTISHOT",
                                         "WAITID",
                                         "FUTEX_WAIT",
                                         "FUTEX_WAKE",
                                         "FUTEX_WAITV",
                                         "FIXED_FD_INSTALL",
                                         "FTRUNCATE",
                                         "BIND",
                                         "LISTEN",
                                         "RECV_ZC"};
  return opcode < std::size(kNames) ? "IORING_OP_" + std::string(kNames[opcode])
                                    : "#" + std::to_string(opcode);
}

std::string capability_name(unsigned number) {
  const auto names = catalogue::nearest_systemd(catalogue::kVersions.back()).capabilities;
  return number < names.size() ? std::string(names[number]) : "#" + std::to_string(number);
}

void add_derived(const FileUse& use, std::uint32_t rdev, std::optional<int> error, const Lookup& lookup,
                 Findings& out) {
  const bool reads = use.access == FileAccess::read;
  const bool writes = use.access == FileAccess::write;
  const bool creates = use.access == FileAccess::create;
  constexpr std::string_view kSharedMemory = "/dev/shm/";
  if ((reads || writes || creates) && use.path.starts_with(kSharedMemory) &&
      use.type != NodeType::directory)
    out.push_back(
        {IpcUse{IpcMechanism::posix_shm, use.path.substr(kSharedMemory.size() - 1), creates, false},
         error});
  if (!reads && !writes) return;
  if (use.type == NodeType::character || use.type == NodeType::block)
    out.push_back({DeviceUse{use.type == NodeType::block, rdev >> 20U, rdev & 0xfffffU,
                             reads ? DeviceAccess::read : DeviceAccess::write, use.path},
                   error});
  constexpr std::string_view kSysctl = "/proc/sys/";
  if (use.path.starts_with(kSysctl) && use.type != NodeType::directory)
    out.push_back({SysctlUse{use.path.substr(kSysctl.size()), writes}, error});
  constexpr std::string_view kProc = "/proc/";
  if (!use.path.starts_with(kProc)) return;
  const std::string_view rest = std::string_view(use.path).substr(kProc.size());
  std::int32_t owner = 0;
  const auto [end, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), owner);
  if (fault != std::errc() || owner <= 0) return;
  if (lookup.is_own && lookup.is_own(owner)) return;
  std::string_view file = rest.substr(static_cast<std::size_t>(end - rest.data()));
  while (file.starts_with('/')) file.remove_prefix(1);
  out.push_back(
      {ProcessUse{std::string(file), lookup.name_of ? lookup.name_of(owner) : std::string()}, error});
}

std::vector<Finding> interpret(const Seen& seen, const Lookup& lookup) {
  std::vector<Finding> out;
  if (interpret_socket_call(seen, out)) return out;
  const auto at = handlers().find(seen.call);
  if (at != handlers().end()) at->second(seen, lookup, out);
  return out;
}

}  // namespace harden::record
