/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One operation through io_uring, by its bare calls. No filter of system calls sees the operation. */
#include "victim.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* The memory of rings counts against a limit of the user, and is given back some time after they are gone.
 */
static int set_up(struct io_uring_params* how) {
  for (int at = 0;; at++) {
    memset(how, 0, sizeof *how);
    int ring = (int)syscall(SYS_io_uring_setup, 2, how);
    if (ring >= 0 || errno != ENOMEM || at == 300) return ring;
    usleep(10000);
  }
}

/* The result of the operation as a system call would have it, in errno. */
static int submit(const struct io_uring_sqe* operation) {
  struct io_uring_params how;
  int ring = set_up(&how);
  if (ring < 0) return errno;
  size_t entries = how.sq_off.array + how.sq_entries * sizeof(unsigned);
  size_t answers = how.cq_off.cqes + how.cq_entries * sizeof(struct io_uring_cqe);
  char* sq =
      mmap(NULL, entries, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
  char* cq =
      mmap(NULL, answers, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
  struct io_uring_sqe* list = mmap(NULL, how.sq_entries * sizeof *list, PROT_READ | PROT_WRITE,
                                   MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
  if (sq == MAP_FAILED || cq == MAP_FAILED || list == MAP_FAILED) return errno;
  list[0] = *operation;
  ((unsigned*)(sq + how.sq_off.array))[0] = 0;
  __atomic_store_n((unsigned*)(sq + how.sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) return errno;
  const struct io_uring_cqe* answer = (const struct io_uring_cqe*)(cq + how.cq_off.cqes);
  return answer->res < 0 ? -answer->res : 0;
}

/* uring: the set-up alone */
VICTIM(uring) {
  struct io_uring_params how;
  return errno_of(set_up(&how));
}

/* uring_register: ask which operations there are, as liburing does */
VICTIM(uring_register) {
  struct io_uring_params how;
  static char probe[4096]; /* struct io_uring_probe, with room for its list */
  int ring = set_up(&how);
  if (ring < 0) return errno;
  return errno_of(syscall(SYS_io_uring_register, ring, IORING_REGISTER_PROBE, probe, 64));
}

/* uring_socket: of a family that RestrictAddressFamilies= denies */
VICTIM(uring_socket) {
  struct io_uring_sqe one = {.opcode = 45 /* IORING_OP_SOCKET */, .fd = AF_INET, .off = SOCK_STREAM};
  return submit(&one);
}

/* uring_suid: a file with the set-user-ID bit, past RestrictSUIDSGID= */
VICTIM(uring_suid) {
  char* path = own_path("/tmp", "uring");
  struct io_uring_sqe one = {.opcode = IORING_OP_OPENAT,
                             .fd = AT_FDCWD,
                             .addr = (uintptr_t)path,
                             .len = 04755,
                             .open_flags = O_CREAT | O_WRONLY};
  int error = submit(&one);
  unlink(path);
  return error;
}
