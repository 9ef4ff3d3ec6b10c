// SPDX-License-Identifier: LGPL-2.1-or-later
// One kind of need a word: `needs WORD DIR` does it once, in DIR where it takes files, and says on stderr
// what did not work. What the recorder must have seen of it is in record_test.py.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static void check(long result, const char* what) {
  if (result < 0) fprintf(stderr, "needs: %s: %s\n", what, strerror(errno));
}

static void read_file(void) { check(open("/etc/hostname", O_RDONLY), "open"); }
static void write_file(void) { check(open("a", O_WRONLY | O_CREAT, 0644), "open"); }
static void refused_file(void) {
  (void)!open("/proc/sysrq-trigger/x", O_RDONLY);
  (void)!open("/sys/kernel/notes", O_WRONLY | O_TRUNC), (void)!open("/proc/version", O_WRONLY);
  setuid(65534), (void)!open("/etc/shadow", O_RDONLY);
}
static void names(void) {
  check(mkdir("d", 0755), "mkdir");
  close(open("d/f", O_WRONLY | O_CREAT, 0644));
  check(rename("d/f", "d/g"), "rename");
  check(link("d/g", "d/h"), "link");
  check(symlink("g", "d/s"), "symlink");
  check(unlink("d/h"), "unlink");
  check(unlink("d/s"), "unlink");
  check(chmod("d/g", 0600), "chmod");
  check(chown("d/g", 1, 1), "chown");
  check(setxattr("d/g", "user.x", "1", 1, 0), "setxattr");
  check(unlink("d/g"), "unlink");
  check(rmdir("d"), "rmdir");
}
static void other_root(void) {
  check(mkdir("root", 0755), "mkdir");
  check(chroot("root"), "chroot");
  check(chdir("/"), "chdir");
  check(mkdir("/absolute", 0755), "mkdir");
  check(mkdir("relative", 0755), "mkdir");
  check(open("/file", O_WRONLY | O_CREAT, 0644), "open");
}
static void list(void) {
  DIR* dir = opendir("/etc");
  while (dir && readdir(dir)) continue;
}
static void exec(void) { execl("/bin/true", "true", (char*)0); }
static void device(void) {
  check(open("/dev/zero", O_RDONLY), "open");
  check(mknod("n", S_IFCHR | 0600, 0x105), "mknod");
}
static void capability(void) { check(chroot("/"), "chroot"); }
static void family(void) { check(socket(AF_NETLINK, SOCK_RAW, 0), "socket"); }
static void port(void) {
  struct sockaddr_in a = {
      .sin_family = AF_INET, .sin_port = htons(8099), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int s = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  check(bind(s, (void*)&a, sizeof a), "bind");
  check(listen(s, 1), "listen");
  check(connect(c, (void*)&a, sizeof a), "connect");
  check(accept(s, 0, 0), "accept");
  int u = socket(AF_INET, SOCK_DGRAM, 0);
  check(sendto(u, "x", 1, 0, (void*)&a, sizeof a), "sendto");
}
static void unix_socket(void) {
  struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "u"},
                     b = {.sun_family = AF_UNIX, .sun_path = "\0needs"};
  int s = socket(AF_UNIX, SOCK_STREAM, 0), t = socket(AF_UNIX, SOCK_STREAM, 0);
  check(bind(s, (void*)&a, sizeof a), "bind");
  check(listen(s, 1), "listen");
  check(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void*)&a, sizeof a), "connect");
  check(bind(t, (void*)&b, sizeof(sa_family_t) + 6), "bind");
  struct msghdr m = {.msg_name = &b, .msg_namelen = sizeof(sa_family_t) + 6};
  sendmsg(socket(AF_UNIX, SOCK_DGRAM, 0), &m, 0);
}
static void wx(void) {
  check((long)mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        "mmap");
  void* p = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  check(mprotect(p, 4096, PROT_READ | PROT_EXEC), "mprotect");
}
static void namespace(void) { check(unshare(CLONE_NEWUTS), "unshare"); }
static void mounts(void) {
  check(unshare(CLONE_NEWNS), "unshare");
  check(mount("none", "/", 0, MS_REC | MS_PRIVATE, 0), "mount");
  mkdir("m", 0755);
  check(mount("tmpfs", "m", "tmpfs", 0, 0), "mount");
  check(umount2("m", 0), "umount");
}
static void identity(void) {
  check(setgid(33), "setgid");
  check(setuid(33), "setuid");
}
static void set_id(void) {
  setuid(33);
  execl("./suid", "suid", (char*)0);
  check(-1, "execl");
}
static void scheduling(void) {
  struct sched_param p = {.sched_priority = 1};
  check(sched_setscheduler(0, SCHED_RR, &p), "sched_setscheduler");
  check(setpriority(PRIO_PROCESS, 0, 5), "setpriority");
  cpu_set_t set;
  sched_getaffinity(0, sizeof set, &set);
  check(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}
static void locked(void) {
  static char page[8192];
  check(mlock(page, sizeof page), "mlock");
}
static void limit(void) {
  struct rlimit l;
  getrlimit(RLIMIT_CORE, &l);
  check(setrlimit(RLIMIT_CORE, &l), "setrlimit");
}
static void persona(void) { check(personality(ADDR_NO_RANDOMIZE), "personality"); }
static void mode_bits(void) {
  close(open("b", O_WRONLY | O_CREAT, 0644));
  check(chmod("b", 04755), "chmod");
}
static void sysctl(void) { check(open("/proc/sys/kernel/ostype", O_RDONLY), "open"); }
static void kernel_log(void) { check(syscall(SYS_syslog, 10, 0, 0), "syslog"); }
static void clock_read(void) {
  struct timex t = {0};
  check(adjtimex(&t), "adjtimex");
}
static void host_name(void) {
  check(unshare(CLONE_NEWUTS), "unshare");
  check(sethostname("needs", 5), "sethostname");
}
static void keyring(void) { check(syscall(SYS_keyctl, 0, -3, 1), "keyctl"); }
static void ipc(void) {
  int id = shmget(0x1234, 4096, IPC_CREAT | 0600);
  check(id, "shmget");
  shmctl(id, IPC_RMID, 0);
  check(shm_open("/needs", O_RDWR | O_CREAT, 0600), "shm_open");
  shm_unlink("/needs");
  check(mq_open("/needs", O_RDWR | O_CREAT, 0600, 0), "mq_open");
  mq_unlink("/needs");
}
static void process(void) { check(open("/proc/1/status", O_RDONLY), "open"); }
static void signals(void) {
  const char* pid = getenv("NEEDS_TARGET");
  if (pid) check(kill(atoi(pid), SIGUSR1), "kill");
  check(kill(1, 0), "kill");
}
static void trace(void) {
  pid_t pid = fork();
  if (pid == 0) pause(), _exit(0);
  char byte;
  struct {
    void* base;
    unsigned long length;
  } local = {&byte, 1}, remote = {&byte, 1};
  check(syscall(SYS_process_vm_readv, pid, &local, 1, &remote, 1, 0), "process_vm_readv");
  kill(pid, SIGKILL);
  wait(0);
}
/* A map of its own: which programs there are depends on the machine. */
static void bpf_call(void) {
  unsigned attr[16] = {2 /* BPF_MAP_TYPE_ARRAY */, 4, 4, 1};
  syscall(SYS_bpf, 0 /* BPF_MAP_CREATE */, attr, sizeof attr);
}
static void perf(void) {
  struct perf_event_attr attr = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof attr, .config = PERF_COUNT_SW_DUMMY};
  check(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0), "perf_event_open");
}
static void uring(void) {
  char params[256] = {0};
  check(syscall(SYS_io_uring_setup, 4, params), "io_uring_setup");
}
static void module(void) { syscall(SYS_delete_module, "needs_no_such_module", 0); }
static void compat(void) {
  long result;   // where the kernel has none for 32-bit programs, this ends by SIGSEGV
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");   // getpid of 32-bit programs
}
static void waits(void) {
  if (fork() == 0) pause();
  usleep(100000);
}

// The same needs among very many calls, and in a child among very many.
static void among_calls(long count) {
  for (long i = 0; i < count; ++i) syscall(SYS_getppid);
  names();
  wx();
  port();
  for (long i = 0; i < count; ++i) syscall(SYS_getppid);
}
static void among_children(long count) {
  for (long i = 0; i < count; ++i) {
    pid_t pid = vfork();
    if (pid == 0) _exit(0);
    while (waitpid(pid, 0, 0) < 0 && errno == EINTR) continue;
    if (i == count / 2 && (pid = fork()) == 0) {
      names();
      _exit(0);
    }
  }
  wait(0);
}
static void burst(long count) {
  char name[96];
  for (long i = 0; i < count; ++i) {
    snprintf(name, sizeof name, "burst-%ld-a-name-that-is-rather-long-so-that-it-fills", i);
    close(open(name, O_WRONLY | O_CREAT, 0600));
    unlink(name);
  }
}

int main(int count, char** words) {
  static const struct {
    const char* word;
    void (*run)(void);
  } kAll[] = {{"read", read_file},
              {"write", write_file},
              {"refused", refused_file},
              {"names", names},
              {"list", list},
              {"exec", exec},
              {"device", device},
              {"capability", capability},
              {"other-root", other_root},
              {"family", family},
              {"port", port},
              {"unix", unix_socket},
              {"wx", wx},
              {"namespace", namespace},
              {"mount", mounts},
              {"identity", identity},
              {"set-id", set_id},
              {"scheduling", scheduling},
              {"locked", locked},
              {"limit", limit},
              {"personality", persona},
              {"mode-bits", mode_bits},
              {"sysctl", sysctl},
              {"kernel-log", kernel_log},
              {"clock", clock_read},
              {"host-name", host_name},
              {"keyring", keyring},
              {"ipc", ipc},
              {"process", process},
              {"signal", signals},
              {"trace", trace},
              {"bpf", bpf_call},
              {"perf", perf},
              {"io-uring", uring},
              {"module", module},
              {"compat", compat},
              {"waits", waits}};
  if (count < 3 || chdir(words[2]) < 0) return 2;
  const long times = count > 3 ? atol(words[3]) : 0;
  if (!strcmp(words[1], "among-calls")) return among_calls(times), 0;
  if (!strcmp(words[1], "among-children")) return among_children(times), 0;
  if (!strcmp(words[1], "burst")) return burst(times), 0;
  for (unsigned i = 0; i < sizeof kAll / sizeof *kAll; ++i)
    if (!strcmp(words[1], kAll[i].word)) return kAll[i].run(), 0;
  return 2;
}
