// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/tracee.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include "catalogue/syscall_names.h"
#include "record/recipes.h"
#include "util/unique_fd.h"

namespace harden::record {
namespace {

std::string proc_path(pid_t thread, const std::string& file) {
  return "/proc/" + std::to_string(thread) + "/" + file;
}

std::string read_link(const std::string& path) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

// Up to `size` bytes; fewer where the memory ends. A page at a time, since what lies behind may not be
// there.
std::string read_memory(pid_t thread, std::uint64_t address, std::size_t size, bool is_text) {
  constexpr std::size_t kPage = 4096;
  std::string out;
  while (out.size() < size) {
    const std::uint64_t at = address + out.size();
    std::array<char, kPage> page;
    const std::size_t want = std::min(size - out.size(), kPage - at % kPage);
    const iovec local{page.data(), want};
    const iovec remote{reinterpret_cast<void*>(at),
                       want};   // NOLINT(performance-no-int-to-ptr): of another process
    const ssize_t got = ::process_vm_readv(thread, &local, 1, &remote, 1, 0);
    if (got <= 0) break;
    const std::string_view bytes(page.data(), static_cast<std::size_t>(got));
    const std::size_t end = is_text ? bytes.find('\0') : std::string_view::npos;
    out.append(bytes.substr(0, end));
    if (end != std::string_view::npos) break;
  }
  return out;
}

// Of an absolute name: the root of the process, if it has changed it.
std::string start_of(pid_t thread, const std::string& name, std::uint8_t dir_argument, const Seen& seen) {
  if (name.starts_with('/')) {
    const std::string root = read_link(proc_path(thread, "root"));
    return root == "/" ? "" : root;
  }
  const int fd = dir_argument == 0 ? AT_FDCWD : static_cast<int>(seen.arg[dir_argument - 1U]);
  return read_link(proc_path(thread, fd == AT_FDCWD ? "cwd" : "fd/" + std::to_string(fd)));
}

void read_real_ids(pid_t thread, Seen& seen) {
  std::ifstream status(proc_path(thread, "status"));
  for (std::string word; status >> word;) {
    if (word == "Uid:") status >> seen.uid;
    if (word == "Gid:") status >> seen.gid;
  }
}

bool will_create(pid_t thread, const Seen& seen) {
  const std::uint64_t flags = seen.call == "openat"  ? seen.arg[2]
                              : seen.call == "open"  ? seen.arg[1]
                              : seen.call == "creat" ? std::uint64_t{O_CREAT}
                                                     : 0;
  if ((flags & O_CREAT) == 0) return false;
  const std::string path = seen.name1.starts_with('/') ? seen.name1 : seen.from1 + "/" + seen.name1;
  struct stat about{};
  return ::lstat((proc_path(thread, "root") + path).c_str(), &about) < 0 && errno == ENOENT;
}

void read_file(pid_t thread, int fd, Seen& seen) {
  const std::string link = proc_path(thread, "fd/" + std::to_string(fd));
  struct stat about{};
  if (::stat(link.c_str(), &about) < 0) return;
  seen.from1 = read_link(link);
  seen.has_file = seen.from1.starts_with('/');
  seen.mode = about.st_mode;
  seen.rdev = static_cast<std::uint32_t>(major(about.st_rdev) << 20U | minor(about.st_rdev));
  std::ifstream info(proc_path(thread, "fdinfo/" + std::to_string(fd)));
  for (std::string word; info >> word;)
    if (word == "flags:" && info >> word)
      seen.flags = static_cast<std::uint32_t>(std::strtoul(word.c_str(), nullptr, 8));
}

void read_socket(pid_t thread, int fd, bool peer, Seen& seen) {
  const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, thread, 0)));
  const UniqueFd socket(process ? static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), fd, 0)) : -1);
  if (!socket) return;   // of a thread that is not its process's first
  int type = 0;
  socklen_t size = sizeof(type);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) == 0)
    seen.type = static_cast<std::uint16_t>(type);
  sockaddr_storage own{};
  sockaddr_storage other{};
  size = sizeof(own);
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&own), &size) < 0) return;
  seen.family = own.ss_family;
  size = sizeof(other);
  if (peer && ::getpeername(socket.get(), reinterpret_cast<sockaddr*>(&other), &size) < 0) return;
  const sockaddr_storage& address = peer ? other : own;
  if (own.ss_family == AF_INET) {
    seen.port = ntohs(reinterpret_cast<const sockaddr_in&>(own).sin_port);
    std::memcpy(seen.address.data(), &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
  } else if (own.ss_family == AF_INET6) {
    seen.port = ntohs(reinterpret_cast<const sockaddr_in6&>(own).sin6_port);
    std::memcpy(seen.address.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
  }
}

}  // namespace

EnteredCall read_entry(pid_t thread, unsigned number, bool is_32_bit, const std::uint64_t* arguments) {
  EnteredCall call{true, number, is_32_bit, {}};
  Seen& seen = call.seen;
  seen.call = plain_name(syscall_name(number, is_32_bit ? SyscallAbi::x86 : SyscallAbi::x86_64));
  std::copy_n(arguments, seen.arg.size(), seen.arg.begin());
  seen.pid = thread;
  const recipe* what = find_recipe(seen.call);
  if (what == nullptr) return call;
  const auto argument = [&](std::uint8_t at) { return seen.arg[at - 1U]; };
  if (what->name1 != 0) {
    seen.name1 = read_memory(thread, argument(what->name1), PATH_MAX, true);
    seen.from1 = start_of(thread, seen.name1, what->dir1, seen);
  } else if ((what->flags & RECIPE_MSGHDR) != 0) {
    const std::string header = read_memory(thread, argument(what->data), 12, false);
    std::uint64_t name = 0;
    std::uint32_t length = 0;
    if (header.size() == 12)
      std::memcpy(&name, header.data(), 8), std::memcpy(&length, header.data() + 8, 4);
    if (name != 0) seen.name1 = read_memory(thread, name, std::min(length, 128U), false);
  } else if (what->data != 0 && argument(what->data) != 0) {
    const std::uint64_t length =
        what->data_length_arg != 0 ? argument(what->data_length_arg) : what->data_length;
    seen.name1 = read_memory(thread, argument(what->data), std::min<std::uint64_t>(length, 128), false);
  }
  if (what->name2 != 0) {
    seen.name2 = read_memory(thread, argument(what->name2), PATH_MAX, true);
    seen.from2 = start_of(thread, seen.name2, what->dir2, seen);
  }
  if (seen.call.starts_with("set") && (seen.call.ends_with("uid") || seen.call.ends_with("gid")))
    read_real_ids(thread, seen);
  seen.created = will_create(thread, seen);
  return call;
}

void read_result(pid_t thread, std::int64_t ret, EnteredCall& call) {
  Seen& seen = call.seen;
  seen.ret = ret;
  seen.created = seen.created && ret >= 0;
  const recipe* what = find_recipe(seen.call);
  if (what == nullptr) return;
  const auto fd_of = [&](std::uint8_t at) {
    return at == RETURNED ? static_cast<int>(ret) : static_cast<int>(seen.arg[at - 1U]);
  };
  if (what->fd != 0 && fd_of(what->fd) >= 0) read_file(thread, fd_of(what->fd), seen);
  if (what->socket != 0 && fd_of(what->socket) >= 0)
    read_socket(thread, fd_of(what->socket), (what->flags & RECIPE_PEER) != 0, seen);
}

int install_trace_filter() {
  // What a busy server does for each request; these are seen while all calls are.
  constexpr std::string_view kHot[] = {"accept", "accept4", "open",    "openat",     "openat2",
                                       "creat",  "sendto",  "sendmsg", "getdents64", "getdents"};
  std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),   // 32-bit calls are rare, all of them
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  const auto recipes = recipes_by_number();
  for (unsigned number = 0; number < kCallsOfAbi; ++number) {
    const recipe& what = recipes[number];
    if ((what.flags & RECIPE_USED) == 0 || (what.flags & RECIPE_ONLY_REFUSED) != 0) continue;
    if (std::ranges::find(kHot, syscall_name(number)) != std::end(kHot)) continue;
    if (what.filter_arg == 0) {
      filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
      filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
      continue;
    }
    const auto low_half =
        static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8U * (what.filter_arg - 1U));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4));
    filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low_half));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, what.filter_mask, 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return 0;
  if (errno != EACCES) return errno;
  // Without CAP_SYS_ADMIN a filter takes no_new_privs: set-id programs then gain nothing.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return errno;
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : errno;
}

}  // namespace harden::record
