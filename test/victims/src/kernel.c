/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel, which is the host's: nothing here changes it. Where a call would, its arguments are such that
   the kernel refuses them after it has looked at who asks. */
#include "victim.h"

#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/utsname.h>

/* Also by a kernel that was built without it: then the filter is all that is seen. */
static int let_through(long result, int refused_late) {
  int error = errno_of(result);
  return error == refused_late || error == ENOSYS ? 0 : error;
}

/* clock_set: a tick of no length */
VICTIM(clock_set) {
  struct timex change = {.modes = ADJ_TICK, .tick = 0};
  return let_through(adjtimex(&change), EINVAL);
}

/* clock_set_time: to no time at all. The kernel looks at the time before it looks at the capability. */
VICTIM(clock_set_time) {
  struct timespec never = {0, -1};
  return let_through(syscall(SYS_clock_settime, CLOCK_REALTIME, &never), EINVAL); /* libc looks first */
}

/* clock_read: as ntp_gettime(3) */
VICTIM(clock_read) {
  struct ntptimeval now;
  return errno_of(ntp_gettime(&now));
}

/* clock_read_raw: by adjtimex(2), as libc did before */
VICTIM(clock_read_raw) {
  struct timex now = {.modes = 0};
  return errno_of(syscall(SYS_adjtimex, &now));
}

/* alarm: a timer that would wake the machine */
VICTIM(alarm) { return errno_of(timerfd_create(CLOCK_REALTIME_ALARM, 0)); }

/* host_name: to what it is */
VICTIM(host_name) {
  struct utsname names;
  uname(&names);
  return errno_of(sethostname(names.nodename, strlen(names.nodename)));
}

/* domain_name: by setdomainname(2) */
VICTIM(domain_name) {
  struct utsname names;
  uname(&names);
  return errno_of(setdomainname(names.domainname, strlen(names.domainname)));
}

/* load_module: of some bytes that are none */
VICTIM(load_module) { return let_through(syscall(SYS_init_module, "no module", 9, ""), ENOEXEC); }

/* unload_module: one that there is not */
VICTIM(unload_module) {
  return let_through(syscall(SYS_delete_module, "harden_no_such_module", O_NONBLOCK), ENOENT);
}

/* kernel_log: the last lines, as dmesg -S */
VICTIM(kernel_log) {
  char buffer[4096];
  return errno_of(klogctl(3, buffer, sizeof buffer));
}

/* kernel_log_file */
VICTIM(kernel_log_file) {
  struct stat status;
  int fd = open("/proc/kmsg", O_RDONLY | O_NONBLOCK);
  if (fd < 0) return errno;
  /* A file in its place that nobody may read, root opens all the same. */
  return fstat(fd, &status) == 0 && status.st_mode & 0400 ? 0 : kEmpty;
}

/* reboot: with magic numbers that are wrong, which the kernel sees after the capability */
VICTIM(reboot) { return let_through(syscall(SYS_reboot, 0, 0, 0, NULL), EINVAL); }

/* ports: of input and output, given to nobody else; taken back as the process ends */
VICTIM(ports) { return let_through(ioperm(0x80, 1, 1), 0); }

/* bpf_map */
VICTIM(bpf_map) {
  union bpf_attr one = {.map_type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 4, .max_entries = 1};
  return errno_of(syscall(SYS_bpf, BPF_MAP_CREATE, &one, sizeof one));
}

/* bpf_program: that could trace the kernel, but is attached to nothing */
VICTIM(bpf_program) {
  struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
  union bpf_attr one = {.prog_type = BPF_PROG_TYPE_TRACEPOINT,
                        .insns = (uintptr_t)code,
                        .insn_cnt = 2,
                        .license = (uintptr_t)"GPL"};
  return errno_of(syscall(SYS_bpf, BPF_PROG_LOAD, &one, sizeof one));
}

/* bpf_filter: of network packets of the system */
VICTIM(bpf_filter) {
  struct bpf_insn code[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K}, {.code = BPF_JMP | BPF_EXIT}};
  union bpf_attr one = {.prog_type = BPF_PROG_TYPE_SCHED_CLS,
                        .insns = (uintptr_t)code,
                        .insn_cnt = 2,
                        .license = (uintptr_t)"GPL"};
  return errno_of(syscall(SYS_bpf, BPF_PROG_LOAD, &one, sizeof one));
}

/* measure: a software counter of one processor, whoever runs there */
VICTIM(measure) {
  struct perf_event_attr one = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof one, .config = PERF_COUNT_SW_CPU_CLOCK};
  return errno_of(syscall(SYS_perf_event_open, &one, -1, 0, -1, 0));
}

/* own_cgroup: a group below one's own */
VICTIM(own_cgroup) {
  char line[512], path[1024];
  FILE* file = fopen("/proc/self/cgroup", "re");
  if (!file) return errno;
  char* place = NULL;
  while (fgets(line, sizeof line, file))
    if (strncmp(line, "0::", 3) == 0) place = line + 3;
  if (!place) return kEmpty;
  place[strcspn(place, "\n")] = 0;
  snprintf(path, sizeof path, "/sys/fs/cgroup%s/victim-%d", place, getpid());
  int error = errno_of(mkdir(path, 0700));
  rmdir(path);
  return error;
}

/* user_key NAME: a key of the user's own keyring, found from the session's */
VICTIM(user_key) {
  return errno_of(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", words[0], 0));
}

/* add_key NAME SECONDS: to the user's own keyring; for the test itself */
VICTIM(add_key) {
  long key = syscall(SYS_add_key, "user", words[0], "x", 1, KEY_SPEC_USER_KEYRING);
  if (key < 0) return errno;
  return errno_of(syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, atoi(words[1])));
}

/* userfault: page faults served by a program */
VICTIM(userfault) { return errno_of(syscall(SYS_userfaultfd, O_CLOEXEC)); }

/* login_uid UID: who logged in, said of the process itself; once it is said, another takes
   CAP_AUDIT_CONTROL, as where sshd was started from a session. */
VICTIM(login_uid) {
  for (int at = 0; at < 2; at++) {
    char text[16];
    int fd = open("/proc/self/loginuid", O_WRONLY),
        size = snprintf(text, sizeof text, "%d", atoi(words[0]) + at);
    if (fd < 0) return errno;
    int error = errno_of(write(fd, text, (size_t)size));
    if (error) return error;
    close(fd);
  }
  return 0;
}

/* go_on: ask for what a filter denies, and live with the answer, as programs with a way around do */
VICTIM(go_on) {
  (void)syscall(SYS_acct, "/dev/null");
  return 0;
}

/* vhangup, kexec and other calls of administrators, by number: let through is any errno that is not the
   filter's. system_call NUMBER */
VICTIM(system_call) {
  long result = syscall(atol(words[0]), -1L, -1L, -1L, -1L, -1L, -1L);
  return result == -1 && errno == EPERM ? EPERM : 0;
}
