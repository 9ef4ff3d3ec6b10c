/* SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later */
/* What the two halves of the recorder share: the events that leave the kernel and the recipes that say what
 * an event about a system call holds. Plain C, no pointers. */
#ifndef HARDEN_RECORD_EVENT_H
#define HARDEN_RECORD_EVENT_H

#include <linux/types.h>

enum event_kind {
  EVENT_SYSCALL, /* nr, compat, ret: first time in this service */
  EVENT_CALL, /* a call with a recipe: everything below */
  EVENT_EXEC, /* file path: piece 1; name given: piece 0; mode, arg[0] secureexec, arg[1] uid, arg[2] gid,
                 arg[3] the pid of the parent */
  EVENT_CAPABILITY, /* arg[0] capability, arg[1] stack id, arg[2] serial; ret 0 or -EPERM; nr, compat: the
                       call */
  EVENT_CAPABILITY_END, /* arg[2] serial; ret of that call */
  EVENT_SIGNAL, /* arg[0] signal, arg[1] the target's pid, arg[2] its cgroup id; piece 0 its comm */
  EVENT_URING, /* arg[0] opcode */
  EVENT_ADDRESS, /* arg[0] 0 bind 1 connect 2 send; family, sock_type, port, address: without a call */
  EVENT_DEVICE, /* arg[0] 1 block 2 character, arg[1] access bits 1 mknod 2 read 4 write; rdev */
  EVENT_CGROUP, /* arg[0] its id, arg[1] 1 made, 0 removed; piece 0 its name; service */
  EVENT_EXIT, /* arg[0] 1: by exit_group */
  EVENT_OPEN, /* a file opened, however: flags, mode, rdev; piece 1 its path */
};

#define EVENT_PIECES 4
#define PIECE_MAX 1024
#define TEXT_MAX (EVENT_PIECES * PIECE_MAX)

/* Pieces stand one behind the other in text; of a call: 0 first name, or data, as the program gave them; 1
 * the directory that it starts from, or the path of the file; 2, 3 the same of the second name. */
struct event {
  __u32 kind;
  __u32 service;
  __u32 pid; /* as the recorder's own namespace has it; 0 if it has none there */
  __u32 command; /* tgid of the process that the service manager started and that this one comes from */
  __u32 tgid; /* as the kernel has it: only to tell processes apart */
  __u64 time_ns; /* CLOCK_MONOTONIC */
  __u64 key_a, key_b; /* of its count in the map `first`; 0, 0: not counted */
  __s64 ret;
  __u64 arg[6];
  __u32 nr;
  __u32 compat; /* 0 64-bit, 1 32-bit */
  __u32 mode, rdev; /* of the file */
  __u32 flags; /* its O_* */
  __u32 created; /* 1: it was not there before */
  __u32 uid, gid; /* real ids before the call */
  __u16 family, sock_type, protocol, port; /* of the socket */
  __u8 address[16];
  char comm[16];
  __u32 length[EVENT_PIECES];
  char text[TEXT_MAX + PIECE_MAX]; /* room to read a last piece without a test the verifier would lose */
};
#define EVENT_HEAD (sizeof(struct event) - TEXT_MAX - PIECE_MAX)

/* What to take along of a call. Argument numbers count from 1; 0 is none; RETURNED is what the call gave.
 */
#define RETURNED 7
enum recipe_flags {
  RECIPE_USED = 1,
  RECIPE_ONLY_REFUSED = 2, /* successes are too many to look at */
  RECIPE_ONLY_OK = 4,
  RECIPE_FILE_KEY = 8, /* the file is the key, not the arguments: open */
  RECIPE_ONLY_FAILED = 32,
  RECIPE_MSGHDR = 64, /* data is a message header, wanted is its address */
  RECIPE_PEER = 16, /* the far end of the socket instead of its own */
};
struct recipe {
  __u8 flags;
  __u8 key_args; /* bits: arguments that tell one event from another */
  __u8 name1, dir1, name2,
      dir2; /* name: a path; dir: the descriptor that it starts from, 0: the current directory */
  __u8 fd; /* a file whose path is wanted */
  __u8 socket; /* a socket whose type is wanted */
  __u8 data, data_length,
      data_length_arg; /* bytes that an argument points to: this many, or as many as an argument says */
  __u8 filter_arg;
  __u32 filter_mask; /* only if one of these bits is set in that argument */
};

/* Processes of the services that are recorded. */
struct process {
  __u32 service;
  __u32 uid, gid;
  __u32 command; /* see struct event */
  __u64 root_dentry, root_mount; /* where the command had its root: what the unit's settings speak of */
};

struct first_key {
  __u64 a, b;
};

#endif
