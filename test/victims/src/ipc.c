/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "victim.h"

#include <mqueue.h>
#include <sys/mman.h>
#include <sys/shm.h>

/* shm KEY: memory that somebody outside made */
VICTIM(shm) {
  int id = shmget((key_t)strtol(words[0], NULL, 0), 0, 0);
  if (id < 0) return errno;
  return shmat(id, NULL, SHM_RDONLY) == (void*)-1 ? errno : 0;
}

/* queue NAME: a message queue that somebody outside made */
VICTIM(queue) { return errno_of(mq_open(words[0], O_RDWR)); }

static key_t key_of(const char* tag) { return (key_t)strtoul(tag + 8, NULL, 16); }

/* leave_shm: memory that is to be there after the service */
VICTIM(leave_shm) { return errno_of(shmget(key_of(getenv("TAG")), 4096, IPC_CREAT | 0666)); }

/* drop_shm TAG: is it there? It goes. */
VICTIM(drop_shm) {
  int id = shmget(key_of(words[0]), 0, 0);
  return id < 0 ? errno : errno_of(shmctl(id, IPC_RMID, NULL));
}

/* leave_posix: the same of POSIX shared memory */
VICTIM(leave_posix) { return errno_of(shm_open(own_path("", "left"), O_RDWR | O_CREAT, 0666)); }

/* drop_posix TAG */
VICTIM(drop_posix) {
  setenv("TAG", words[0], 1);
  return errno_of(shm_unlink(own_path("", "left")));
}
