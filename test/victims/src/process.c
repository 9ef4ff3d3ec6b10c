/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "victim.h"

#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* become UID: that user and group, for good; the files of that user say whether it is true */
VICTIM(become) {
  uid_t uid = (uid_t)atoi(words[0]);
  if (setgroups(0, NULL) < 0) return errno;
  if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0) return errno;
  return geteuid() == uid ? 0 : kNoEffect;
}

/* become_int80 UID: by the 32-bit setresuid */
VICTIM(become_int80) {
  long uid = atoi(words[0]);
  return errno_of(int80(208, uid, uid, uid, 0, 0));
}

/* new_privileges: may programs bring any? */
VICTIM(new_privileges) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : EPERM; }

/* bounded NUMBER: is the capability in the bounding set? */
VICTIM(bounded) { return prctl(PR_CAPBSET_READ, atoi(words[0]), 0, 0, 0) == 1 ? 0 : EPERM; }

/* capability NUMBER: is it effective, in the user namespace where processes of the host are? */
VICTIM(capability) {
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  if (syscall(SYS_capget, &head, sets) < 0) return errno;
  int number = atoi(words[0]);
  if (!(sets[number / 32].effective >> (number % 32) & 1)) return EPERM;
  unsigned from = 1, to = 1, count = 0;
  FILE* map = fopen("/proc/self/uid_map", "re");
  if (!map) return errno;
  return fscanf(map, "%u %u %u", &from, &to, &count) == 3 && count == 4294967295U ? 0 : kNoEffect;
}

/* signal PID: the null signal */
VICTIM(signal) { return errno_of(kill(atoi(words[0]), 0)); }

/* A child that has stopped, in whose memory *secret is 1234. */
static pid_t stopped_child(volatile int* secret) {
  pid_t child = fork();
  if (child == 0) {
    *secret = 1234;
    raise(SIGSTOP);
    _exit(0);
  }
  waitpid(child, NULL, WUNTRACED);
  return child;
}

/* trace_own: stop a child and read its memory by both ways */
VICTIM(trace_own) {
  volatile int secret = 4321;
  pid_t child = stopped_child(&secret);
  int copy = 0, error = 0;
  struct iovec here = {&copy, sizeof copy}, there = {(void*)&secret, sizeof secret};
  if (process_vm_readv(child, &here, 1, &there, 1, 0) < 0) error = errno;
  if (!error && copy != 1234) error = kNoEffect;
  if (!error) error = errno_of(ptrace(PTRACE_ATTACH, child, 0, 0));
  kill(child, SIGKILL);
  return error;
}

/* take_descriptor: a file that a child has open */
VICTIM(take_descriptor) {
  volatile int secret = 0;
  int pipes[2];
  if (pipe(pipes) < 0) return errno;
  pid_t child = stopped_child(&secret);
  int process = (int)syscall(SYS_pidfd_open, child, 0);
  int error = errno_of(process);
  if (!error) error = errno_of(syscall(SYS_pidfd_getfd, process, pipes[0], 0));
  kill(child, SIGKILL);
  return error;
}

/* trace_other PID */
VICTIM(trace_other) { return errno_of(ptrace(PTRACE_SEIZE, atoi(words[0]), 0, 0)); }

/* personality: without randomised addresses, as setarch -R */
VICTIM(personality) { return errno_of(personality(ADDR_NO_RANDOMIZE)); }

/* abi32: any system call by the 32-bit gate */
VICTIM(abi32) { return int80(20, 0, 0, 0, 0, 0) == getpid() ? 0 : errno; }

/* same_namespace KIND INODE: is it the one of the host? */
VICTIM(same_namespace) {
  char path[64];
  struct stat status;
  snprintf(path, sizeof path, "/proc/self/ns/%s", words[0]);
  if (stat(path, &status) < 0) return errno;
  return status.st_ino == strtoull(words[1], NULL, 10) ? 0 : kNoEffect;
}

static int flag_of(const char* kind) {
  static const struct {
    const char* name;
    int flag;
  } kKinds[] = {{"user", CLONE_NEWUSER},    {"mnt", CLONE_NEWNS},  {"net", CLONE_NEWNET},
                {"ipc", CLONE_NEWIPC},      {"pid", CLONE_NEWPID}, {"uts", CLONE_NEWUTS},
                {"cgroup", CLONE_NEWCGROUP}};
  for (size_t at = 0; at < sizeof kKinds / sizeof *kKinds; at++)
    if (strcmp(kKinds[at].name, kind) == 0) return kKinds[at].flag;
  return 0;
}

/* unshare KIND */
VICTIM(unshare) { return errno_of(unshare(flag_of(words[0]))); }

/* clone KIND: by clone3(2), as new libraries try first, then by the older call */
VICTIM(clone) {
  uint64_t arguments[11] = {(uint64_t)flag_of(words[0]), 0, 0, 0, SIGCHLD};
  long child = syscall(SYS_clone3, arguments, sizeof arguments);
  if (child < 0 && errno == ENOSYS) child = syscall(SYS_clone, flag_of(words[0]) | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  return errno_of(child);
}

/* unshare_int80 KIND */
VICTIM(unshare_int80) { return errno_of(int80(310, flag_of(words[0]), 0, 0, 0, 0)); }

/* setns KIND: into the one of the first process */
VICTIM(setns) {
  char path[64];
  snprintf(path, sizeof path, "/proc/1/ns/%s", words[0]);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return errno;
  return errno_of(setns(fd, flag_of(words[0])));
}

/* ambient: pass capabilities on to programs, where there are any to pass */
VICTIM(securebits) { return errno_of(prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS, 0, 0, 0)); }
