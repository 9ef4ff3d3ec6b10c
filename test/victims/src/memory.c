/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code made at run time, and who gets processor and memory. */
#include "victim.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>

static const unsigned char kCode[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* return 42 */

static int call(void* code) { return ((int (*)(void))code)() == 42 ? 0 : kNoEffect; }

/* code_mprotect: written, then made executable, as V8 and LuaJIT do */
VICTIM(code_mprotect) {
  void* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  memcpy(page, kCode, sizeof kCode);
  if (mprotect(page, 4096, PROT_READ | PROT_EXEC) < 0) return errno;
  return call(page);
}

/* code_mmap: writable and executable from the start */
VICTIM(code_mmap) {
  void* page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return errno;
  memcpy(page, kCode, sizeof kCode);
  return call(page);
}

static int map_twice(int fd) {
  if (ftruncate(fd, 4096) < 0 || write(fd, kCode, sizeof kCode) < 0) return errno;
  void* page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
  return page == MAP_FAILED ? errno : call(page);
}

/* code_memfd: a memory file, written to and mapped, as .NET and newer runtimes do */
VICTIM(code_memfd) {
  int fd = memfd_create("code", MFD_CLOEXEC);
  return fd < 0 ? errno : map_twice(fd);
}

/* code_file DIR: the same with a file */
VICTIM(code_file) {
  char* path = own_path(words[0], "code");
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (fd < 0) return errno;
  unlink(path);
  return map_twice(fd);
}

/* code_shm: System V memory attached to be executed */
VICTIM(code_shm) {
  int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
  if (id < 0) return errno;
  void* page = shmat(id, NULL, SHM_EXEC);
  int error = page == (void*)-1 ? errno : 0;
  if (!error) {
    memcpy(page, kCode, sizeof kCode);
    error = call(page);
  }
  shmctl(id, IPC_RMID, NULL);
  return error;
}

/* code_shm_int80: by the 32-bit ipc(2), whose arguments no filter can look at */
VICTIM(code_shm_int80) {
  int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
  if (id < 0) return errno;
  unsigned* where = low_memory(4096);
  int error = errno_of(int80(117, 21, id, SHM_EXEC, (long)where, 0));
  void* page = (void*)(uintptr_t)*where;
  if (!error) {
    memcpy(page, kCode, sizeof kCode);
    error = call(page);
  }
  shmctl(id, IPC_RMID, NULL);
  return error;
}

__attribute__((noinline, aligned(64))) static int patched(void) {
  __asm__ volatile("nop; nop; nop; nop; nop; nop; nop; nop");
  return 7;
}

/* code_proc_mem: over one's own code by /proc/self/mem, which asks nobody for the page's protection */
VICTIM(code_proc_mem) {
  int fd = open("/proc/self/mem", O_RDWR);
  if (fd < 0) return errno;
  if (pwrite(fd, kCode, sizeof kCode, (off_t)(uintptr_t)patched) < 0) return errno;
  int (*volatile function)(void) = patched;
  return function() == 42 ? 0 : kNoEffect;
}

static void* nothing(void* argument) { return argument; }

/* fifo: a thread at real-time priority, as audio servers start one */
VICTIM(fifo) {
  pthread_attr_t attributes;
  struct sched_param priority = {.sched_priority = 1};
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
  pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
  pthread_attr_setschedparam(&attributes, &priority);
  int error = pthread_create(&thread, &attributes, nothing, NULL);
  if (!error) pthread_join(thread, NULL);
  return error;
}

/* fifo_attr: by sched_setattr(2), whose policy lies in memory, where no filter sees it */
VICTIM(fifo_attr) {
  struct {  /* struct sched_attr, whose header and libc's do not go together */
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } one = {.size = sizeof one, .policy = SCHED_FIFO, .priority = 1};
  return errno_of(syscall(SYS_sched_setattr, 0, &one, 0));
}

/* fifo_raise: a real-time priority that there is, raised by sched_setparam(2) */
VICTIM(fifo_raise) {
  struct sched_param low = {.sched_priority = 1}, high = {.sched_priority = 2};
  if (sched_setscheduler(0, SCHED_FIFO, &low) < 0) return errno;
  return errno_of(sched_setparam(0, &high));
}

/* nice NUMBER */
VICTIM(nice) { return errno_of(setpriority(PRIO_PROCESS, 0, atoi(words[0]))); }

/* io_priority: real-time class */
VICTIM(io_priority) {
  return errno_of(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_RT, 4)));
}

/* limit_files: the limit of open files up to what is allowed, as Go does at start */
VICTIM(limit_files) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return errno;
  limit.rlim_cur = limit.rlim_max;
  return errno_of(setrlimit(RLIMIT_NOFILE, &limit));
}

/* limit_files_raw: by the call that libc no longer makes, and other runtimes do */
VICTIM(limit_files_raw) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return errno;
  limit.rlim_cur = limit.rlim_max;
  return errno_of(syscall(SYS_setrlimit, RLIMIT_NOFILE, &limit));
}

/* limit_raise: past what is allowed */
VICTIM(limit_raise) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_CORE, &limit) < 0) return errno;
  limit.rlim_max = 1 << 20;
  limit.rlim_cur = 1 << 20;
  return errno_of(setrlimit(RLIMIT_CORE, &limit));
}

/* affinity: pinned to the processor that it runs on */
VICTIM(affinity) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  return errno_of(sched_setaffinity(0, sizeof set, &set));
}

/* memory_policy: memory of the local node */
VICTIM(memory_policy) { return errno_of(syscall(SYS_set_mempolicy, MPOL_PREFERRED, NULL, 0)); }

/* lock_memory KIB: more than the limit */
VICTIM(lock_memory) {
  size_t size = (size_t)atoi(words[0]) * 1024;
  void* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return errno;
  return errno_of(mlock(memory, size));
}
