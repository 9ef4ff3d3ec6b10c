/* SPDX-License-Identifier: GPL-2.0 */
/* The half of the recorder that runs in the kernel. Every hook asks first whether what happens is new to
 * all that is recorded, then whether the process is recorded, then whether it is new to that service; only
 * the first occurrence leaves the kernel, the others are counted.
 *
 * A process is recorded from its first exec inside a recorded control group on, with all that it forks:
 * what the service manager does in the group before that exec is no need of the service.
 *
 * System calls are looked at when they return, with arguments and result at once. What is taken along of a
 * call says its recipe, which user space fills in by name: this file knows no system call. */
// The types first: libbpf's headers take them as given.
#include "kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "paths.bpf.h"
#include "state.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define TS_COMPAT 2
#define O_ACCMODE 3
#define O_PATH 010000000
#define FMODE_CREATED 0x100000

/* ---- system calls
 * ----------------------------------------------------------------------------------------- */

/* Attempts that tell nothing of what is needed: nothing is there, or try again. */
static __always_inline bool is_telling(__s64 ret) {
  return !(ret == -2 || ret == -4 || ret == -9 || ret == -11 || ret == -14 || ret == -17 || ret == -20 ||
           ret <= -512);
}
static __always_inline bool is_refusal(__s64 ret) {
  return ret == -1 || ret == -13 || ret == -30 || ret == -38;
}

/* By number: what the verifier sees is an index into an array of six. */
static __always_inline __u64 argument(const struct event* event, __u32 number) {
  __u32 index = number - 1;
  if (index > 5) return 0;
  return event->arg[index];
}

static __always_inline void take_arguments(struct event* event, struct pt_regs* regs, bool compat) {
  if (compat) {
    event->arg[0] = (__u32)regs->bx, event->arg[1] = (__u32)regs->cx, event->arg[2] = (__u32)regs->dx;
    event->arg[3] = (__u32)regs->si, event->arg[4] = (__u32)regs->di, event->arg[5] = (__u32)regs->bp;
  } else {
    event->arg[0] = regs->di, event->arg[1] = regs->si, event->arg[2] = regs->dx;
    event->arg[3] = regs->r10, event->arg[4] = regs->r8, event->arg[5] = regs->r9;
  }
}

static __always_inline void take_socket(struct event* event, struct file* file, bool peer) {
  if ((BPF_CORE_READ(file, f_inode, i_mode) & 0170000) != 0140000) return;
  struct socket* socket = BPF_CORE_READ(file, private_data);
  struct sock* sock = BPF_CORE_READ(socket, sk);
  event->sock_type = BPF_CORE_READ(socket, type);
  event->protocol = BPF_CORE_READ(sock, sk_protocol);
  event->family = BPF_CORE_READ(sock, __sk_common.skc_family);
  event->port = BPF_CORE_READ(sock, __sk_common.skc_num);
  if (event->family == 2) {
    __u32 ip =
        peer ? BPF_CORE_READ(sock, __sk_common.skc_daddr) : BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr);
    __builtin_memcpy(event->address, &ip, sizeof(ip));
  } else if (event->family == 10) {
    if (peer)
      BPF_CORE_READ_INTO(&event->address, sock, __sk_common.skc_v6_daddr.in6_u.u6_addr32);
    else
      BPF_CORE_READ_INTO(&event->address, sock, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32);
  }
}

/* Where a name starts. A relative one: at the directory that the descriptor is, or the current one.
 * Another: at the root, which is told if it is not the one of the command. */
static __always_inline void start_of(struct task_struct* task, const struct process* process,
                                     bool is_absolute, __u32 dir_argument, const struct event* event,
                                     struct path* path) {
  if (is_absolute) {
    struct dentry* root = BPF_CORE_READ(task, fs, root.dentry);
    if ((__u64)root == process->root_dentry) return;
    path->dentry = root;
    path->mnt = BPF_CORE_READ(task, fs, root.mnt);
    return;
  }
  int fd = dir_argument ? (int)argument(event, dir_argument) : -100;
  if (fd == -100) {
    path->dentry = BPF_CORE_READ(task, fs, pwd.dentry);
    path->mnt = BPF_CORE_READ(task, fs, pwd.mnt);
    return;
  }
  struct file* file = file_of(task, fd);
  if (!file) return;
  path->dentry = BPF_CORE_READ(file, f_path.dentry);
  path->mnt = BPF_CORE_READ(file, f_path.mnt);
}

static __always_inline void record_call(struct pt_regs* regs, __s64 ret, __u32 index,
                                        struct task_struct* task, struct process* process) {
  const volatile struct recipe* recipe = &recipes[index & (2 * CALLS - 1)];
  if (ret < 0) {
    if (recipe->flags & RECIPE_ONLY_OK) return;
    if (!is_telling(ret) && ret != -115 /* EINPROGRESS */) return;
    if ((recipe->flags & RECIPE_ONLY_REFUSED) && !is_refusal(ret)) return;
  } else if (recipe->flags & (RECIPE_ONLY_REFUSED | RECIPE_ONLY_FAILED)) {
    return;
  }
  struct scratch* scratch = scratch_of(SLOT_CALL);
  if (!scratch) return;
  struct event* event = &scratch->event;
  take_arguments(event, regs, index >= CALLS);

  /* The key, before anything that only the first event needs. */
  __u64 hash = mix(process->service, index);
  hash = mix(hash, ret < 0 ? (__u64)ret : 0);
  __u32 keys = recipe->key_args;
  for (__u32 i = 0; i < 6; i++)
    if (keys & (1U << i)) hash = mix(hash, event->arg[i] + i);

  struct file* file = 0;
  if (recipe->fd == RETURNED && ret >= 0)
    file = file_of(task, ret);
  else if (recipe->fd && recipe->fd != RETURNED && (int)argument(event, recipe->fd) >= 0)
    file = file_of(task, (__u32)argument(event, recipe->fd));
  if (file) {
    hash = mix(hash, BPF_CORE_READ(file, f_inode, i_ino));
    hash = mix(hash, BPF_CORE_READ(file, f_inode, i_sb, s_dev));
    if (recipe->flags & RECIPE_FILE_KEY) {
      hash = mix(hash, BPF_CORE_READ(file, f_flags) & (O_ACCMODE | O_PATH));
      hash = mix(hash, BPF_CORE_READ(file, f_mode) & FMODE_CREATED);
    }
  }
  /* Names: of what has failed, and of what names nothing that could be walked. */
  __u32 length1 = 0, length2 = 0;
  struct path start1 = {}, start2 = {};
  bool wants_name = recipe->name1 && !(file && (recipe->flags & RECIPE_FILE_KEY));
  if (wants_name) {
    long n = bpf_probe_read_user_str(event->text, PIECE_MAX, (void*)argument(event, recipe->name1));
    length1 = n > 1 ? (n - 1) & (PIECE_MAX - 1) : 0;
    hash = hash_text(hash, event->text, length1);
    start_of(task, process, length1 && event->text[0] == '/', recipe->dir1, event, &start1);
    hash = mix(hash, (__u64)start1.dentry);
  } else if (recipe->data && argument(event, recipe->data)) {
    __u64 n = recipe->data_length_arg ? argument(event, recipe->data_length_arg) : recipe->data_length;
    void* from = (void*)argument(event, recipe->data);
    if (recipe->flags & RECIPE_MSGHDR) { /* the address that the message header points to */
      struct {
        void* name;
        __u32 length;
      } header = {};
      if (index >= CALLS || bpf_probe_read_user(&header, sizeof(header), from) || !header.name) return;
      from = header.name;
      n = header.length;
    }
    if (n > 128) n = 128;
    length1 = n & 255;
    if (bpf_probe_read_user(event->text, length1, from)) length1 = 0;
    hash = hash_text(hash, event->text, length1);
  }
  if (recipe->name2) {
    long n = bpf_probe_read_user_str(scratch->name2, PIECE_MAX, (void*)argument(event, recipe->name2));
    length2 = n > 1 ? (n - 1) & (PIECE_MAX - 1) : 0;
    hash = hash_text(hash, scratch->name2, length2);
    start_of(task, process, length2 && scratch->name2[0] == '/', recipe->dir2, event, &start2);
    hash = mix(hash, (__u64)start2.dentry);
  }
  struct file* socket = 0;
  if (recipe->socket == RETURNED && ret >= 0)
    socket = file_of(task, ret);
  else if (recipe->socket && recipe->socket != RETURNED)
    socket = file_of(task, (__u32)argument(event, recipe->socket));
  if (socket && (recipe->flags & RECIPE_PEER)) {
    event->port = 0;
    __builtin_memset(event->address, 0, sizeof(event->address));
    take_socket(event, socket, true);
    hash = mix(hash, event->port);
    hash = mix(hash, *(__u64*)event->address);
    hash = mix(hash, *(__u64*)(event->address + 8));
  } else if (socket) {
    hash = mix(hash, BPF_CORE_READ(socket, f_inode, i_mode));
    struct socket* inner = BPF_CORE_READ(socket, private_data);
    hash = mix(hash, BPF_CORE_READ(inner, type));
  }
  struct first_key key = {((__u64)process->service << 32) | index | 0x10000, hash};
  if (!is_new(&key)) return;

  begin(scratch, EVENT_CALL, process->service, task);
  take_arguments(event, regs, index >= CALLS);
  event->key_a = key.a, event->key_b = key.b;
  event->nr = index & (CALLS - 1), event->compat = index >= CALLS;
  event->ret = ret;
  event->uid = process->uid, event->gid = process->gid;
  if (file) {
    event->mode = BPF_CORE_READ(file, f_inode, i_mode);
    event->rdev = BPF_CORE_READ(file, f_inode, i_rdev);
    event->flags = BPF_CORE_READ(file, f_flags);
    event->created = (BPF_CORE_READ(file, f_mode) & FMODE_CREATED) != 0;
  }
  if (socket) take_socket(event, socket, recipe->flags & RECIPE_PEER);
  event->length[0] = length1;
  __u32 at = length1 & (PIECE_MAX - 1);
  if (file)
    at = append_path(scratch, task, 1, at, BPF_CORE_READ(file, f_path.dentry),
                     BPF_CORE_READ(file, f_path.mnt));
  else if (start1.dentry)
    at = append_path(scratch, task, 1, at, start1.dentry, start1.mnt);
  if (length2) {
    if (at > TEXT_MAX) return;
    bpf_probe_read_kernel(event->text + at, length2 & (PIECE_MAX - 1), scratch->name2);
    event->length[2] = length2;
    at += length2;
  }
  if (start2.dentry) at = append_path(scratch, task, 3, at, start2.dentry, start2.mnt);
  send(event, at);
}

static __always_inline void note_call(struct process* process, __u32 index, __s64 ret,
                                      struct task_struct* task) {
  __u32 service = process->service;
  struct seen_calls* calls = bpf_map_lookup_elem(&seen, &service);
  if (!calls) return;
  __u8* call = &calls->call[index & (2 * CALLS - 1)];
  __u8 bit = ret == -1 || ret == -13 || ret == -38 ? 2 : 1;
  if (*call & (bit | 1)) return;
  struct scratch* scratch = scratch_of(SLOT_CALL);
  if (!scratch) return;
  struct event* event = begin(scratch, EVENT_SYSCALL, service, task);
  event->nr = index & (CALLS - 1), event->compat = index >= CALLS;
  event->ret = ret;
  __u64 before = lost;
  send(event, 0);
  if (lost != before) return; /* next time again */
  *call |= bit;
  if (one_service && bit == 1) settled[index & (2 * CALLS - 1)] = 1;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_return, struct pt_regs* regs, long ret) {
  struct task_struct* task = bpf_get_current_task_btf();
  long nr = regs->orig_ax;
  bool compat = task->thread_info.status & TS_COMPAT;
  __u32 tgid = task->tgid;
  if (pending_capabilities) {
    __u64 thread = bpf_get_current_pid_tgid();
    __u32* waiting = bpf_map_lookup_elem(&pending, &thread);
    struct scratch* scratch = scratch_of(SLOT_CALL);
    if (waiting && scratch) {
      struct event* event = begin(scratch, EVENT_CAPABILITY_END, 0, task);
      event->arg[2] = *waiting;
      event->arg[3] = (__u32)thread;
      event->ret = ret;
      bpf_map_delete_elem(&pending, &thread);
      __sync_fetch_and_add(&pending_capabilities, -1);
      send(event, 0);
    }
  }
  if (nr < 0) nr = compat ? 173 : 15; /* only rt_sigreturn leaves without its number */
  if (nr >= CALLS) {
    /* x32 and what no kernel has: number 511 of its table stands for them all */
    nr = CALLS - 1;
  }
  __u32 index = (__u32)nr & (CALLS - 1);
  if (compat) index += CALLS;
  barrier_var(index); /* older verifiers lose the bound */
  index &= 2 * CALLS - 1;
  const volatile struct recipe* recipe = &recipes[index];
  bool has_recipe = recipe->flags & RECIPE_USED;
  if (has_recipe && recipe->filter_arg) {
    /* The arguments that filters are on: the first five */
    unsigned long value = recipe->filter_arg == 1   ? (compat ? regs->bx : regs->di)
                          : recipe->filter_arg == 2 ? (compat ? regs->cx : regs->si)
                          : recipe->filter_arg == 3 ? regs->dx
                          : recipe->filter_arg == 4 ? (compat ? regs->si : regs->r10)
                                                    : (compat ? regs->di : regs->r8);
    has_recipe = value & recipe->filter_mask;
  }
  if (settled[index] && !has_recipe) return 0;
  struct process* process = process_of(tgid);
  if (!process) return 0;
  if (!settled[index]) note_call(process, index, ret, task);
  if (has_recipe) {
    record_call(regs, ret, index, task, process);
    process->uid = BPF_CORE_READ(task, cred, uid.val);
    process->gid = BPF_CORE_READ(task, cred, gid.val);
  }
  return 0;
}

/* ---- the life of processes and control groups
 * ----------------------------------------------------------------- */

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task, int old_pid, struct linux_binprm* binary) {
  __u32 tgid = task->tgid;
  __u32* service = service_of_cgroup(task);
  struct process* process = process_of(tgid);
  if (!service) {
    if (process) bpf_map_delete_elem(&processes, &tgid); /* moved elsewhere */
    return 0;
  }
  struct scratch* scratch = scratch_of(SLOT_EXEC);
  if (!scratch) return 0;
  struct file* file = BPF_CORE_READ(binary, file);
  /* systemd 255 and later sets a service up in a program of its own. */
  const char executor[] = "systemd-executor";
  char base[sizeof(executor)] = {};
  bpf_probe_read_kernel_str(base, sizeof(base), BPF_CORE_READ(file, f_path.dentry, d_name.name));
  bool is_executor = true;
  for (__u32 i = 0; i < sizeof(executor); i++) is_executor = is_executor && base[i] == executor[i];
  if (is_executor && !process) return 0;

  __u32 service_id = *service, uid = process ? process->uid : 0, gid = process ? process->gid : 0;
  bool is_first = !process;
  adopt(task, service_id);
  __u64 hash = mix(service_id, BPF_CORE_READ(file, f_inode, i_ino));
  hash = mix(hash, BPF_CORE_READ(file, f_inode, i_sb, s_dev));
  struct first_key key = {((__u64)service_id << 32) | 0x20000 | (is_first ? tgid & 0xffff : 0), hash};
  /* The first exec of a process is told each time: user space learns of it which command of the unit runs.
   */
  bool fresh = is_new(&key);
  if (!fresh && !is_first) return 0;
  struct event* event = begin(scratch, EVENT_EXEC, service_id, task);
  event->key_a = key.a, event->key_b = key.b;
  event->mode = BPF_CORE_READ(file, f_inode, i_mode);
  event->arg[0] = BPF_CORE_READ_BITFIELD_PROBED(binary, secureexec);
  event->arg[1] = is_first;
  event->arg[2] = BPF_CORE_READ(task, real_parent, tgid);
  event->uid = uid, event->gid = gid;
  long n = bpf_probe_read_kernel_str(event->text, PIECE_MAX, BPF_CORE_READ(binary, filename));
  __u32 at = n > 1 ? (n - 1) & (PIECE_MAX - 1) : 0;
  event->length[0] = at;
  at = append_path(scratch, task, 1, at, BPF_CORE_READ(file, f_path.dentry),
                   BPF_CORE_READ(file, f_path.mnt));
  send(event, at);
  return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child) {
  if (child->tgid == parent->tgid) return 0; /* a thread */
  struct process* process = process_of(parent->tgid);
  if (!process) return 0;
  struct process copy = *process;
  __u32 tgid = child->tgid;
  if (bpf_map_update_elem(&processes, &tgid, &copy, BPF_ANY)) __sync_fetch_and_add(&table_full, 1);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task) {
  if (task->pid != task->tgid) return 0;
  __u32 tgid = task->tgid;
  struct process* process = process_of(tgid);
  if (!process) return 0;
  __u32 service = process->service;
  bool exited = (task->exit_code & 0x7f) == 0; /* else by a signal */
  bpf_map_delete_elem(&processes, &tgid);
  if (!exited) return 0;
  struct first_key key = {((__u64)service << 32) | 0x30000, 1};
  if (!is_new(&key)) return 0;
  struct scratch* scratch = scratch_of(SLOT_EXEC);
  if (!scratch) return 0;
  struct event* event = begin(scratch, EVENT_EXIT, service, task);
  send(event, 0);
  return 0;
}

static __always_inline __u64 hash_name(const char* name, __u32 n) { return hash_text(0, name, n); }

static __always_inline bool ends_with(const char* text, __u32 length, const char* suffix, __u32 n) {
  if (length < n || length >= PIECE_MAX) return false;
  bool ends = true;
  for (__u32 i = 0; i < n; i++) ends = ends && text[(length - n + i) & (PIECE_MAX - 1)] == suffix[i];
  return ends;
}

static __always_inline struct cgroup* group_above(struct cgroup* group) {
  void* above = BPF_CORE_READ(group, self.parent);
  return above ? above - bpf_core_field_offset(struct cgroup, self) : 0;
}

/* Is a group a unit's of the manager that was asked? Then there are only slices between: containers and the
 * managers of users have units of the same names. */
#define SLICES_MAX 8
static __always_inline bool is_of_manager(struct cgroup* group, char* name) {
  for (__u32 i = 0; i < SLICES_MAX; i++) {
    group = group_above(group);
    if (!group) return false;
    if (BPF_CORE_READ(group, kn, id) == manager_group) return true;
    long n = bpf_probe_read_kernel_str(name, PIECE_MAX, BPF_CORE_READ(group, kn, name));
    if (n < 1 || !ends_with(name, (__u32)n - 1, ".slice", 6)) return false;
  }
  return false;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_cgroup, struct cgroup* cgroup, const char* path) {
  struct scratch* scratch = scratch_of(SLOT_OTHER);
  if (!scratch) return 0;
  struct event* event = &scratch->event;
  __u64 id = BPF_CORE_READ(cgroup, kn, id);
  long n = bpf_probe_read_kernel_str(event->text, PIECE_MAX, path);
  __u32 length = n > 1 ? (n - 1) & (PIECE_MAX - 1) : 0;
  /* What is made below a recorded group belongs to its service. */
  struct cgroup* parent = group_above(cgroup);
  __u64 parent_id = parent ? BPF_CORE_READ(parent, kn, id) : 0;
  __u32* inherited = bpf_map_lookup_elem(&cgroups, &parent_id);
  if (!inherited && !is_of_manager(cgroup, scratch->name2)) return 0;
  long m = bpf_probe_read_kernel_str(scratch->name2, PIECE_MAX, BPF_CORE_READ(cgroup, kn, name));
  __u32 name_length = m > 1 ? (m - 1) & (PIECE_MAX - 1) : 0;
  __u64 hash = hash_name(scratch->name2, name_length);
  __u32* found = inherited ? inherited : bpf_map_lookup_elem(&awaited, &hash);
  __u32 service = 0;
  if (found) {
    service = *found;
  } else if (all_services && ends_with(scratch->name2, name_length, ".service", 8)) {
    service = __sync_fetch_and_add(&service_count, 1);
    if (service >= SERVICES_MAX) {
      __sync_fetch_and_add(&table_full, 1);
      return 0;
    }
    /* When it starts again, it is the same. */
    if (bpf_map_update_elem(&awaited, &hash, &service, BPF_ANY)) __sync_fetch_and_add(&table_full, 1);
  } else {
    return 0;
  }
  if (bpf_map_update_elem(&cgroups, &id, &service, BPF_ANY)) __sync_fetch_and_add(&table_full, 1);
  begin(scratch, EVENT_CGROUP, service, bpf_get_current_task_btf());
  event->arg[0] = id;
  event->arg[1] = 1;
  event->length[0] = length;
  send(event, length);
  return 0;
}

/* Who is moved out of the recorded groups (into a login session, say) is no longer recorded. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_attach, struct cgroup* cgroup, const char* path, struct task_struct* task,
             bool threadgroup) {
  __u32 tgid = task->tgid;
  if (!process_of(tgid)) return 0;
  if (BPF_CORE_READ(task, cgroups, dfl_cgrp) != cgroup) return 0; /* of a v1 hierarchy */
  if (!service_of_cgroup(task)) bpf_map_delete_elem(&processes, &tgid);
  return 0;
}

/* The processes that run already. */
SEC("iter/task")
int adopt_running(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  if (!task || task->pid != task->tgid) return 0;
  __u32* service = service_of_cgroup(task);
  if (service) adopt(task, *service);
  return 0;
}

/* ---- capabilities, signals, io_uring
 * ------------------------------------------------------------------------- */

static __always_inline int capability(void* context, int number, int ret) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct process* process = process_of(task->tgid);
  if (!process) return 0;
  /* A file system that acts with rights of its own (overlayfs) asks for these, not for the process. */
  if (BPF_CORE_READ(task, cred) != BPF_CORE_READ(task, real_cred)) return 0;
  int stack = bpf_get_stackid(context, &stacks, BPF_F_FAST_STACK_CMP | BPF_F_REUSE_STACKID);
  struct pt_regs* regs = (struct pt_regs*)bpf_task_pt_regs(task);
  long nr = BPF_CORE_READ(regs, orig_ax);
  struct first_key key = {((__u64)process->service << 32) | 0x40000 | (number & 63) | (ret ? 64 : 0),
                          mix(mix(1, (__u32)stack), nr)};
  if (!is_new(&key)) return 0;
  struct scratch* scratch = scratch_of(SLOT_CAPABILITY);
  if (!scratch) return 0;
  struct event* event = begin(scratch, EVENT_CAPABILITY, process->service, task);
  event->key_a = key.a, event->key_b = key.b;
  event->arg[0] = number;
  event->arg[1] = (__s64)stack;
  __u32 my_serial = __sync_fetch_and_add(&serial, 1) + 1;
  event->arg[2] = my_serial;
  event->ret = ret;
  event->nr = nr;
  event->compat = (BPF_CORE_READ(task, thread_info.status) & TS_COMPAT) != 0;
  __u64 thread = bpf_get_current_pid_tgid();
  event->arg[3] = (__u32)thread;
  if (bpf_map_update_elem(&pending, &thread, &my_serial, BPF_NOEXIST) == 0)
    __sync_fetch_and_add(&pending_capabilities, 1);
  send(event, 0);
  return 0;
}

SEC("tp_btf/cap_capable")
int BPF_PROG(on_capability, const struct cred* cred, struct user_namespace* target,
             const struct user_namespace* owner, int number, int ret) {
  return capability(ctx, number, ret);
}

SEC("fexit/cap_capable")
int BPF_PROG(on_capability_fexit, const struct cred* cred, struct user_namespace* ns, int number,
             unsigned int options, int ret) {
  if (options & 2 /* CAP_OPT_NOAUDIT */) return 0;
  return capability(ctx, number, ret);
}

SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int number, struct kernel_siginfo* info, struct task_struct* target, int group,
             int result) {
  if ((unsigned long)info <= 1) return 0; /* the kernel's own */
  struct task_struct* task = bpf_get_current_task_btf();
  struct process* process = process_of(task->tgid);
  if (!process) return 0;
  if (number == 17 && target->tgid == BPF_CORE_READ(task, real_parent, tgid))
    return 0; /* SIGCHLD to the parent */
  struct process* other = process_of(target->tgid);
  if (other && other->service == process->service) return 0;
  __u64 cgroup = BPF_CORE_READ(target, cgroups, dfl_cgrp, kn, id);
  struct first_key key = {((__u64)process->service << 32) | 0x50000 | (number & 127),
                          mix(mix(2, cgroup), target->tgid)};
  if (!is_new(&key)) return 0;
  struct scratch* scratch = scratch_of(SLOT_SIGNAL);
  if (!scratch) return 0;
  struct event* event = begin(scratch, EVENT_SIGNAL, process->service, task);
  event->key_a = key.a, event->key_b = key.b;
  event->arg[0] = number;
  event->arg[1] = pid_here(target);
  event->arg[2] = cgroup;
  bpf_probe_read_kernel(event->text, 16, target->comm);
  event->length[0] = 16;
  send(event, 16);
  return 0;
}

static __always_inline int uring(struct io_kiocb* request) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct process* process = process_of(task->tgid);
  if (!process) return 0;
  __u32 opcode = request->opcode;
  struct first_key key = {((__u64)process->service << 32) | 0x60000, opcode + 1};
  if (!is_new(&key)) return 0;
  struct scratch* scratch = scratch_of(SLOT_OTHER);
  if (!scratch) return 0;
  struct event* event = begin(scratch, EVENT_URING, process->service, task);
  event->key_a = key.a, event->key_b = key.b;
  event->arg[0] = opcode;
  send(event, 0);
  return 0;
}
SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(on_uring, struct io_kiocb* request) { return uring(request); }
SEC("tp_btf/io_uring_submit_sqe") /* until 6.2 */
int BPF_PROG(on_uring_sqe, struct io_kiocb* request, bool force) { return uring(request); }
