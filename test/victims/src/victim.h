/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A victim tries one thing as a program that needs it would, and says how that went. Each runs in a process
   of its own, which ends after it, so a victim may leave that process in any state. It must leave the
   machine as it was: in a guest, the kernel, its clock and its settings are the host's. */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* What a victim returns: 0, it could; the errno of what refused it; or one of these. */
enum {
  kEmpty = 200, /* it opened, and there is nothing in it */
  kNoEffect, /* the call said that it worked, and nothing came of it */
  kNotExecuted, /* execve gave another error than EACCES and EPERM */
  kFailed, /* a program that it ran ended with a status of its own */
  kUsage, /* a fault in the list of victims */
};

struct victim {
  const char* name;
  int (*run)(char** words); /* words[0] is the first one behind the name; a null ends them */
  struct victim* next;
};

void add_victim(struct victim* one);

/* VICTIM(NAME) { ... }: a function over `words`, known as NAME. */
#define VICTIM(NAME)                                          \
  static int try_##NAME(char** words);                        \
  __attribute__((constructor)) static void add_##NAME(void) { \
    static struct victim one = {#NAME, try_##NAME, NULL};     \
    add_victim(&one);                                         \
  }                                                           \
  static int try_##NAME(char** words __attribute__((unused)))

/* errno, if result is -1; else 0. */
int errno_of(long result);

/* "DIR/PREFIX-TAG", where the environment's TAG is the service's own; in a buffer of its own. */
char* own_path(const char* dir, const char* prefix);

/* An errno if `path` cannot be executed with these words behind its name, its status otherwise. */
int run_program(const char* path, char** words);

/* Asks the helper, which runs outside of all sandboxes, to look at a path; with `+` before it, to mount a
   file system there, with `-` to take one away; with `*`, to make a file with set-ID bits there, and with
   `!` to take one away: 0, or the errno that it got. */
int ask_helper(const char* path);

/* A system call by the gate of 32-bit programs. Pointers must lie below 4 GB. */
long int80(long number, long a, long b, long c, long d, long e);

/* Fresh memory below 4 GB. */
void* low_memory(size_t size);

/* The helper: `victims serve`. */
int serve(void);

#define HELPER_SOCKET "/run/victims/helper.sock"
#define HELPER_SHM_KEY 0x76637431
#define OTHERS_SHM_KEY 0x76637432
#define HELPER_QUEUE "/victims"
#define HELPER_PORT 7000
#define STRANGER 4001 /* the user that owns what is not the services' */
