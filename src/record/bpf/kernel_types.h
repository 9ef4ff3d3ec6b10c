/* SPDX-License-Identifier: GPL-2.0 */
/* The few fields of kernel structs that are read. Offsets come from the running kernel's BTF (CO-RE), so
 * that only names count here, and a build needs no kernel. */
#ifndef HARDEN_RECORD_KERNEL_TYPES_H
#define HARDEN_RECORD_KERNEL_TYPES_H

#include <linux/types.h>

typedef _Bool bool;
#define true 1
#define false 0

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
  unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip;
};

struct dentry;
struct inode;
struct super_block {
  __u32 s_dev;
};
struct inode {
  __u16 i_mode;
  unsigned long i_ino;
  __u32 i_rdev;
  struct super_block* i_sb;
};
struct qstr {
  __u32 len;
  const unsigned char* name;
};
struct dentry {
  struct dentry* d_parent;
  struct qstr d_name;
  struct inode* d_inode;
};
struct vfsmount {
  struct dentry* mnt_root;
};
struct mount {
  struct mount* mnt_parent;
  struct dentry* mnt_mountpoint;
  struct vfsmount mnt;
};
struct path {
  struct vfsmount* mnt;
  struct dentry* dentry;
};
struct file {
  struct path f_path;
  struct inode* f_inode;
  unsigned int f_flags;
  unsigned int f_mode;
  void* private_data;
};
struct fdtable {
  unsigned int max_fds;
  struct file** fd;
};
struct files_struct {
  struct fdtable* fdt;
};
struct fs_struct {
  struct path root, pwd;
};

typedef struct {
  __u32 val;
} kuid_t;
typedef struct {
  __u32 val;
} kgid_t;
struct user_namespace;
struct cred {
  kuid_t uid;
  kgid_t gid;
};

struct ns_common {
  unsigned int inum;
};
struct pid_namespace {
  struct ns_common ns;
};
struct upid {
  int nr;
  struct pid_namespace* ns;
};
struct pid {
  unsigned int level;
  struct upid numbers[1];
};

struct kernfs_node {
  __u64 id;
  const char* name;
};
struct cgroup_subsys_state {
  struct cgroup_subsys_state* parent;
};
struct cgroup {
  struct cgroup_subsys_state self;
  struct kernfs_node* kn;
};
struct css_set {
  struct cgroup* dfl_cgrp;
};

struct thread_info {
  __u32 status;
};
struct signal_struct {
  unsigned int flags;
};
struct task_struct {
  struct thread_info thread_info;
  int pid, tgid;
  int exit_code;
  struct task_struct* group_leader;
  struct task_struct* real_parent;
  const struct cred* cred;
  const struct cred* real_cred;
  struct fs_struct* fs;
  struct files_struct* files;
  struct css_set* cgroups;
  struct pid* thread_pid;
  struct signal_struct* signal;
  char comm[16];
};

struct linux_binprm {
  struct file* file;
  const char* filename;
  unsigned int secureexec : 1;
};

struct in6_addr {
  union {
    __u32 u6_addr32[4];
  } in6_u;
};
struct sock_common {
  __u32 skc_daddr, skc_rcv_saddr;
  __u16 skc_num, skc_dport;
  unsigned short skc_family;
  struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct sock {
  struct sock_common __sk_common;
  __u16 sk_type;
  __u16 sk_protocol;
};
struct socket {
  short type;
  struct sock* sk;
};

struct io_kiocb {
  __u8 opcode;
};
struct kernel_siginfo;

struct bpf_iter_meta;
struct bpf_iter__task {
  struct bpf_iter_meta* meta;
  struct task_struct* task;
};

#pragma clang attribute pop

#endif
