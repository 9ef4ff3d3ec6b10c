/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "victim.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

int errno_of(long result) { return result == -1 ? errno : 0; }

char* own_path(const char* dir, const char* prefix) {
  const char* tag = getenv("TAG");
  char* path = NULL;
  if (asprintf(&path, "%s/%s-%s", dir, prefix, tag ? tag : "none") < 0) abort();
  return path;
}

int run_program(const char* path, char** words) {
  pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    char* argv[12] = {(char*)path};
    for (int at = 0; at < 10 && words && words[at]; at++) argv[at + 1] = words[at];
    execv(path, argv);
    _exit(errno == EACCES || errno == EPERM ? errno : kNotExecuted);
  }
  int status;
  if (waitpid(child, &status, 0) < 0) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kFailed;
}

int ask_helper(const char* path) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = HELPER_SOCKET};
  if (connect(fd, (struct sockaddr*)&address, sizeof address) < 0) return errno;
  if (write(fd, path, strlen(path)) < 0) return errno;
  shutdown(fd, SHUT_WR);
  unsigned char answer;
  if (read(fd, &answer, 1) != 1) return EPROTO;
  close(fd);
  return answer;
}

void* low_memory(size_t size) {
  void* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (memory == MAP_FAILED) _exit(errno);
  return memory;
}

long int80(long number, long a, long b, long c, long d, long e) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
                   : "memory", "cc", "r8", "r9", "r10", "r11");
  result = (int)result;
  if (result < 0 && result > -4096) {
    errno = (int)-result;
    return -1;
  }
  return result;
}
