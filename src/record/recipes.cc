// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/recipes.h"

#include <algorithm>

namespace harden::record {
namespace {

struct Row {
  std::string_view call;
  recipe what;
};

constexpr std::uint8_t kRefused = RECIPE_ONLY_REFUSED;
constexpr std::uint8_t kOk = RECIPE_ONLY_OK;
constexpr std::uint8_t kFile = RECIPE_FILE_KEY;
constexpr std::uint32_t kAnyBit = ~0U;
constexpr std::uint32_t kNamespaces = 0x7e020000;   // CLONE_NEW*, without what clone has as exit signal

// Bits of arguments, counted from 1.
constexpr std::uint8_t key(auto... arguments) {
  return static_cast<std::uint8_t>((0U | ... | (1U << (arguments - 1))));
}

// Sorted by name. Columns as in struct recipe; those that a row leaves out are 0.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
constexpr Row kRows[] = {
    {"accept", {.flags = kOk | RECIPE_PEER, .socket = RETURNED}},
    {"accept4", {.flags = kOk | RECIPE_PEER, .socket = RETURNED}},
    {"access", {.flags = kRefused, .name1 = 1}},
    {"add_key", {.name1 = 1}},
    {"adjtimex", {.data = 1, .data_length = 4}},
    {"bind", {.socket = 1, .data = 2, .data_length_arg = 3}},
    {"bpf", {.key_args = key(1)}},
    {"chdir", {.flags = kRefused, .name1 = 1}},
    {"chmod", {.key_args = key(2), .name1 = 1}},
    {"chown", {.key_args = key(2, 3), .name1 = 1}},
    {"chroot", {.name1 = 1}},
    {"clock_adjtime", {.data = 2, .data_length = 4}},
    {"clock_settime", {.key_args = key(1)}},
    {"clone", {.key_args = key(1), .filter_arg = 1, .filter_mask = kNamespaces}},
    {"clone3", {.data = 1, .data_length = 8}},
    {"connect", {.socket = 1, .data = 2, .data_length_arg = 3}},
    {"creat", {.flags = kFile, .name1 = 1, .fd = RETURNED}},
    {"delete_module", {.name1 = 1}},
    {"execve", {.flags = RECIPE_ONLY_FAILED, .name1 = 1}},
    {"execveat", {.flags = RECIPE_ONLY_FAILED, .name1 = 2, .dir1 = 1}},
    {"faccessat", {.flags = kRefused, .name1 = 2, .dir1 = 1}},
    {"faccessat2", {.flags = kRefused, .name1 = 2, .dir1 = 1}},
    {"fchmod", {.key_args = key(2), .fd = 1}},
    {"fchmodat", {.key_args = key(3), .name1 = 2, .dir1 = 1}},
    {"fchmodat2", {.key_args = key(3), .name1 = 2, .dir1 = 1}},
    {"fchown", {.key_args = key(2, 3), .fd = 1}},
    {"fchownat", {.key_args = key(3, 4), .name1 = 2, .dir1 = 1}},
    {"finit_module", {.fd = 1}},
    {"fremovexattr", {.fd = 1}},
    {"fsetxattr", {.fd = 1}},
    {"fsmount", {}},
    {"fsopen", {.name1 = 1}},
    {"fspick", {.name1 = 2, .dir1 = 1}},
    {"ftruncate", {.fd = 1}},
    {"futimesat", {.name1 = 2, .dir1 = 1}},
    {"getdents", {.flags = kOk | kFile, .fd = 1}},
    {"getdents64", {.flags = kOk | kFile, .fd = 1}},
    {"getxattr", {.flags = kRefused, .name1 = 1}},
    {"init_module", {}},
    {"inotify_add_watch", {.flags = kRefused, .name1 = 2}},
    {"io_uring_setup", {}},
    {"ioprio_set", {.key_args = key(1, 3)}},
    {"kcmp", {}},
    {"keyctl", {.key_args = key(1)}},
    {"kill", {.key_args = key(1, 2)}},
    {"lchown", {.key_args = key(2, 3), .name1 = 1}},
    {"lgetxattr", {.flags = kRefused, .name1 = 1}},
    {"link", {.name1 = 1, .name2 = 2}},
    {"linkat", {.name1 = 2, .dir1 = 1, .name2 = 4, .dir2 = 3}},
    {"listen", {.flags = kOk, .socket = 1}},
    {"lremovexattr", {.name1 = 1}},
    {"lsetxattr", {.name1 = 1}},
    {"lstat", {.flags = kRefused, .name1 = 1}},
    {"mkdir", {.key_args = key(2), .name1 = 1}},
    {"mkdirat", {.key_args = key(3), .name1 = 2, .dir1 = 1}},
    {"mknod", {.key_args = key(2, 3), .name1 = 1}},
    {"mknodat", {.key_args = key(3, 4), .name1 = 2, .dir1 = 1}},
    {"mlock", {}},
    {"mlock2", {}},
    {"mlockall", {}},
    {"mmap", {.key_args = key(3, 4), .fd = 5, .filter_arg = 3, .filter_mask = 4}},
    {"mmap2", {.key_args = key(3, 4), .fd = 5, .filter_arg = 3, .filter_mask = 4}},
    {"mount", {.key_args = key(4), .name1 = 2, .name2 = 3}},
    {"mount_setattr", {.name1 = 2, .dir1 = 1}},
    {"move_mount", {.name1 = 2, .dir1 = 1, .name2 = 4, .dir2 = 3}},
    {"mprotect", {.key_args = key(3), .filter_arg = 3, .filter_mask = 4}},
    {"mq_open", {.key_args = key(2), .name1 = 1}},
    {"mq_unlink", {.name1 = 1}},
    {"msgctl", {.key_args = key(1, 2)}},
    {"msgget", {.key_args = key(1, 2)}},
    {"newfstatat", {.flags = kRefused, .name1 = 2, .dir1 = 1}},
    {"open", {.flags = kFile, .key_args = key(2), .name1 = 1, .fd = RETURNED}},
    {"open_tree", {.name1 = 2, .dir1 = 1}},
    {"openat", {.flags = kFile, .key_args = key(3), .name1 = 2, .dir1 = 1, .fd = RETURNED}},
    {"openat2", {.flags = kFile, .name1 = 2, .dir1 = 1, .fd = RETURNED}},
    {"perf_event_open", {}},
    {"personality", {.key_args = key(1)}},
    {"pidfd_getfd", {}},
    {"pidfd_send_signal", {.flags = kRefused, .key_args = key(2)}},
    {"pivot_root", {.name1 = 1, .name2 = 2}},
    {"pkey_mprotect", {.key_args = key(3), .filter_arg = 3, .filter_mask = 4}},
    {"prlimit64", {.key_args = key(2), .filter_arg = 3, .filter_mask = kAnyBit}},
    {"process_vm_readv", {}},
    {"process_vm_writev", {}},
    {"ptrace", {.key_args = key(1)}},
    {"readlink", {.flags = kRefused, .name1 = 1}},
    {"readlinkat", {.flags = kRefused, .name1 = 2, .dir1 = 1}},
    {"removexattr", {.name1 = 1}},
    {"rename", {.name1 = 1, .name2 = 2}},
    {"renameat", {.name1 = 2, .dir1 = 1, .name2 = 4, .dir2 = 3}},
    {"renameat2", {.name1 = 2, .dir1 = 1, .name2 = 4, .dir2 = 3}},
    {"request_key", {.name1 = 1}},
    {"rmdir", {.name1 = 1}},
    {"sched_setaffinity", {}},
    {"sched_setattr", {.data = 2, .data_length = 24}},
    {"sched_setparam", {.data = 2, .data_length = 4}},
    {"sched_setscheduler", {.key_args = key(2)}},
    {"semctl", {.key_args = key(1, 3)}},
    {"semget", {.key_args = key(1, 3)}},
    {"sendmsg", {.flags = RECIPE_MSGHDR, .socket = 1, .data = 2}},
    {"sendto", {.socket = 1, .data = 5, .data_length_arg = 6, .filter_arg = 5, .filter_mask = kAnyBit}},
    {"setdomainname", {}},
    {"setfsgid", {.key_args = key(1)}},
    {"setfsuid", {.key_args = key(1)}},
    {"setgid", {.key_args = key(1)}},
    {"setgroups", {.key_args = key(1)}},
    {"sethostname", {}},
    {"setns", {.key_args = key(2)}},
    {"setpriority", {.key_args = key(1, 3)}},
    {"setregid", {.key_args = key(1, 2)}},
    {"setresgid", {.key_args = key(1, 2, 3)}},
    {"setresuid", {.key_args = key(1, 2, 3)}},
    {"setreuid", {.key_args = key(1, 2)}},
    {"setrlimit", {.key_args = key(1)}},
    {"settimeofday", {}},
    {"setuid", {.key_args = key(1)}},
    {"setxattr", {.name1 = 1}},
    {"shmat", {.filter_arg = 3, .filter_mask = 0100000}},
    {"shmctl", {.key_args = key(1, 2)}},
    {"shmget", {.key_args = key(1, 3)}},
    {"socket", {.key_args = key(1, 2, 3)}},
    {"socketpair", {.key_args = key(1, 2, 3)}},
    {"stat", {.flags = kRefused, .name1 = 1}},
    {"statfs", {.flags = kRefused, .name1 = 1}},
    {"statx", {.flags = kRefused, .name1 = 2, .dir1 = 1}},
    {"symlink", {.name1 = 1, .name2 = 2}},
    {"symlinkat", {.name1 = 1, .name2 = 3, .dir2 = 2}},
    {"syslog", {.key_args = key(1)}},
    {"tgkill", {.flags = kRefused, .key_args = key(1, 3)}},
    {"tkill", {.flags = kRefused, .key_args = key(1, 2)}},
    {"truncate", {.name1 = 1}},
    {"umount", {.name1 = 1}},
    {"umount2", {.key_args = key(2), .name1 = 1}},
    {"unlink", {.name1 = 1}},
    {"unlinkat", {.key_args = key(3), .name1 = 2, .dir1 = 1}},
    {"unshare", {.key_args = key(1), .filter_arg = 1, .filter_mask = kNamespaces | 0x80}},
    {"utime", {.name1 = 1}},
    {"utimensat", {.name1 = 2, .dir1 = 1}},
    {"utimes", {.name1 = 1}},
};
#pragma GCC diagnostic pop
static_assert(std::ranges::is_sorted(kRows, {}, &Row::call));

}  // namespace

std::string_view plain_name(std::string_view call) {
  // Of 32-bit ABIs: chown32, fstatat64, clock_settime64, utimensat_time64.
  for (const std::string_view suffix : {"_time64", "32", "64"}) {
    if (!call.ends_with(suffix)) continue;
    const std::string_view plain = call.substr(0, call.size() - suffix.size());
    if (std::ranges::binary_search(kRows, plain, {}, &Row::call) &&
        !std::ranges::binary_search(kRows, call, {}, &Row::call))
      return plain;
  }
  return call;
}

const recipe* find_recipe(std::string_view call) {
  const auto at = std::ranges::lower_bound(kRows, plain_name(call), {}, &Row::call);
  return at != std::end(kRows) && at->call == plain_name(call) ? &at->what : nullptr;
}

std::array<recipe, 2 * std::size_t{kCallsOfAbi}> recipes_by_number() {
  std::array<recipe, 2 * std::size_t{kCallsOfAbi}> all{};
  for (unsigned number = 0; number < 2 * kCallsOfAbi; ++number) {
    const auto abi = number < kCallsOfAbi ? SyscallAbi::x86_64 : SyscallAbi::x86;
    const recipe* found = find_recipe(syscall_name(number % kCallsOfAbi, abi));
    if (found == nullptr) continue;
    all[number] = *found;
    all[number].flags |= RECIPE_USED;
  }
  return all;
}

}  // namespace harden::record
