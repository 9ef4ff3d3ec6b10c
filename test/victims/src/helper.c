/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the victims meet outside of their sandboxes: an echo, sockets, shared memory, and someone who says
   whether a path is there, or mounts something. */
#include "victim.h"

#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static void check(long result, const char* what) {
  if (result >= 0) return;
  perror(what);
  exit(1);
}

static int listen_unix(const char* path, int is_abstract) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path + is_abstract, path, strlen(path));
  if (!is_abstract) unlink(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(bind(fd, (struct sockaddr*)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1)),
        path);
  check(listen(fd, 1024), path);
  if (!is_abstract) chmod(path, 0666);
  return fd;
}

/* Of both families. */
static int open_port(int type) {
  struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(HELPER_PORT)};
  int yes = 1, no = 0, fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  check(bind(fd, (struct sockaddr*)&any, sizeof any), "port");
  if (type == SOCK_STREAM) check(listen(fd, 1024), "listen");
  return fd;
}

/* Whoever made it has an owner's rights for ever. */
static void share_memory(key_t key, int mode, uid_t owner) {
  check(seteuid(owner), "seteuid");
  check(shmget(key, 4096, IPC_CREAT | mode), "shmget");
  check(seteuid(0), "seteuid");
}

static void answer(int fd) {
  char path[1024] = "";
  size_t size = 0;
  for (ssize_t count;
       size < sizeof path - 1 && (count = read(fd, path + size, sizeof path - 1 - size)) > 0;)
    size += (size_t)count;
  struct stat status;
  int error;
  switch (path[0]) {
    case '+': /* a file system that the host mounts, for all to write to; and gone again */
      error = errno_of(mount("victims", path + 1, "tmpfs", 0, "mode=777"));
      break;
    case '-':
      error = errno_of(umount2(path + 1, MNT_DETACH));
      break;
    case '*': { /* a file with set-ID bits, for all to read and write; and gone again */
      int made = open(path + 1, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
      error = errno_of(made);
      if (!error) error = errno_of(write(made, "x", 1)) || errno_of(fchmod(made, 06777));
      close(made);
      break;
    }
    case '!':
      error = errno_of(unlink(path + 1));
      break;
    default:
      error = errno_of(lstat(path, &status));
  }
  unsigned char result = (unsigned char)error;
  (void)!write(fd, &result, 1);
}

int serve(void) {
  signal(SIGPIPE, SIG_IGN);
  umask(0);
  mkdir("/run/victims", 0755);
  struct pollfd all[] = {{open_port(SOCK_STREAM), POLLIN, 0},
                         {open_port(SOCK_DGRAM), POLLIN, 0},
                         {listen_unix(HELPER_SOCKET, 0), POLLIN, 0},
                         {listen_unix("victims", 1), POLLIN, 0},
                         {listen_unix("/tmp/victims.sock", 0), POLLIN, 0}};
  share_memory(HELPER_SHM_KEY, 0666, 0);
  share_memory(OTHERS_SHM_KEY, 0600, STRANGER);
  struct mq_attr queue = {.mq_maxmsg = 1, .mq_msgsize = 8};
  check(mq_open(HELPER_QUEUE, O_RDWR | O_CREAT, 0666, &queue), "mq_open");
  for (;;) {
    check(poll(all, sizeof all / sizeof *all, -1), "poll");
    for (size_t at = 0; at < sizeof all / sizeof *all; at++) {
      if (!all[at].revents) continue;
      if (at == 1) {
        struct sockaddr_in6 from;
        socklen_t size = sizeof from;
        char byte;
        if (recvfrom(all[at].fd, &byte, 1, 0, (struct sockaddr*)&from, &size) > 0)
          (void)!sendto(all[at].fd, &byte, 1, 0, (struct sockaddr*)&from, size);
        continue;
      }
      int fd = accept(all[at].fd, NULL, NULL);
      if (fd < 0) continue;
      if (at == 2) answer(fd);
      close(fd);
    }
  }
}
