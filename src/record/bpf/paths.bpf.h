/* SPDX-License-Identifier: GPL-2.0 */
/* Paths as the command of the unit sees them that the task comes from, which may have changed its root.
 * Part of recorder.bpf.c. */
#pragma once

#include "state.bpf.h"

/* The path of a file: from the file up to the root that the command had, across mounts, built backwards. A
 * loop by helper: unrolled it would be refused for its length. */
struct walk {
  struct dentry* dentry;
  struct vfsmount* mount;
  struct dentry* root_dentry;
  struct vfsmount* root_mount;
  char* buffer;
  __u32 at; /* where the path begins in buffer */
};

#define WALK_END PIECE_MAX

static long walk_up(__u32 index, struct walk* walk) {
  /* Copies: BPF_CORE_READ would look for struct walk in the kernel, too. */
  struct dentry* dentry = walk->dentry;
  struct vfsmount* vfsmount = walk->mount;
  if (dentry == walk->root_dentry && vfsmount == walk->root_mount) return 1;
  struct dentry* parent = BPF_CORE_READ(dentry, d_parent);
  if (dentry == BPF_CORE_READ(vfsmount, mnt_root) || dentry == parent) {
    struct mount* mount = (void*)vfsmount - bpf_core_field_offset(struct mount, mnt);
    struct mount* above = BPF_CORE_READ(mount, mnt_parent);
    if (above == mount) return 1;
    walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
    walk->mount = (void*)above + bpf_core_field_offset(struct mount, mnt);
    return 0;
  }
  __u32 length = BPF_CORE_READ(dentry, d_name.len) & 255;
  __u32 at = walk->at;
  if (at > WALK_END || at < length + 1) return 1;
  at = (at - length) & (PIECE_MAX - 1);
  bpf_probe_read_kernel(walk->buffer + at, length, BPF_CORE_READ(dentry, d_name.name));
  at = (at - 1) & (PIECE_MAX - 1);
  walk->buffer[at] = '/';
  walk->at = at;
  walk->dentry = parent;
  return 0;
}

/* Appends the path at `at` of the event's text. What it gives is the end of the text. */
static __always_inline __u32 append_path(struct scratch* scratch, struct task_struct* task, __u32 piece,
                                         __u32 at, struct dentry* dentry, struct vfsmount* mount) {
  struct process* process = process_of(task->tgid);
  struct walk walk = {dentry,
                      mount,
                      process ? (struct dentry*)process->root_dentry : BPF_CORE_READ(task, fs, root.dentry),
                      process ? (struct vfsmount*)process->root_mount : BPF_CORE_READ(task, fs, root.mnt),
                      scratch->walked,
                      WALK_END};
  bpf_loop(128, walk_up, &walk, 0);
  __u32 begin = walk.at;
  if (begin > WALK_END) return at;
  __u32 length = (WALK_END - begin) & (PIECE_MAX - 1);
  if (length == 0) { /* the root itself */
    scratch->walked[PIECE_MAX - 1] = '/';
    begin = PIECE_MAX - 1;
    length = 1;
  }
  begin &= PIECE_MAX - 1;
  if (at > TEXT_MAX) return at;
  bpf_probe_read_kernel(scratch->event.text + at, length, scratch->walked + begin);
  if (piece < EVENT_PIECES) scratch->event.length[piece] = length;
  return at + length;
}

static __always_inline struct file* file_of(struct task_struct* task, __u64 fd) {
  struct fdtable* table = BPF_CORE_READ(task, files, fdt);
  if (fd >= BPF_CORE_READ(table, max_fds)) return 0;
  struct file* file = 0;
  bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
  return file;
}
