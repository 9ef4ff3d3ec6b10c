/* SPDX-License-Identifier: GPL-2.0 */
/* What the recorder remembers in the kernel, what it counts, and how an event is begun and sent. Part of
 * recorder.bpf.c, which has the headers of libbpf and of the kernel's types before it. */
#pragma once

#include "event.h"

#define CALLS 512
#define SERVICES_MAX 512
#define FIRST_MAX 131072

const volatile __u32 pid_namespace_inum = 0;
const volatile bool one_service = true;   /* what one has seen, all have */
const volatile bool all_services = false; /* every control group NAME.service is a service */
const volatile __u64 manager_group = 0;   /* the control group below which the manager has its units */
const volatile struct recipe recipes[2 * CALLS] = {};

/* Of each call: 1 when every recorded service has made it. Read by every call of the machine. */
__u8 settled[2 * CALLS] = {};
__u64 lost = 0;
__u32 service_count = 0;
__u32 pending_capabilities = 0; /* some call is in the kernel whose capability event waits for its result */
__u32 serial = 0;
__u64 table_full = 0;

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 8 << 20);
} events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, FIRST_MAX);
  __type(key, struct first_key);
  __type(value, __u64);
} first SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 65536);
  __type(key, __u32); /* tgid */
  __type(value, struct process);
} processes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4096);
  __type(key, __u64); /* id of a control group */
  __type(value, __u32); /* service */
} cgroups SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, SERVICES_MAX);
  __type(key, __u64); /* hash of a control group's name: one that may yet be made */
  __type(value, __u32);
} awaited SEC(".maps");

struct seen_calls {
  __u8 call[2 * CALLS]; /* 1: made; 2: refused */
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, SERVICES_MAX);
  __type(key, __u32);
  __type(value, struct seen_calls);
} seen SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 1024);
  __type(key, __u64); /* thread */
  __type(value, __u32); /* serial of the event */
} pending SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK_TRACE);
  __uint(max_entries, 4096);
  __uint(key_size, 4);
  __uint(value_size, 8 * 16);
} stacks SEC(".maps");

/* One slot a kind of program: a program of another kind may come in between on the same processor. */
enum slot { SLOT_CALL, SLOT_EXEC, SLOT_CAPABILITY, SLOT_SIGNAL, SLOT_OTHER, SLOTS };
struct scratch {
  struct event event;
  char name2[PIECE_MAX + 8];
  char walked[PIECE_MAX + 256];
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, SLOTS);
  __type(key, __u32);
  __type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch* scratch_of(__u32 slot) {
  return bpf_map_lookup_elem(&scratches, &slot);
}

/* ---- keys, counts, sending
 * -------------------------------------------------------------------------------- */

static __always_inline __u64 mix(__u64 hash, __u64 word) {
  hash ^= word;
  hash *= 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 29);
}

/* Of n bytes at text, which has room for a multiple of eight. A loop by helper: an unrolled one is a
 * hundred times the work to verify. */
struct hashing {
  const char* text;
  __u64 hash;
  __u32 length;
};

static long hash_word(__u32 index, struct hashing* hashing) {
  if (index >= PIECE_MAX / 8) return 1;
  __u64 word = *(const __u64*)(hashing->text + index * 8);
  __u32 left = hashing->length - index * 8;
  if (left < 8) word &= (1ULL << (left * 8)) - 1;
  hashing->hash = mix(hashing->hash, word);
  return 0;
}

static __always_inline __u64 hash_text(__u64 hash, const char* text, __u32 n) {
  struct hashing hashing = {text, hash, n};
  bpf_loop((n + 7) >> 3, hash_word, &hashing, 0);
  return mix(hashing.hash, n);
}

/* Whether this key is new; else it is counted. No lock for what is known. */
static __always_inline bool is_new(struct first_key* key) {
  __u64* count = bpf_map_lookup_elem(&first, key);
  if (count) {
    __sync_fetch_and_add(count, 1);
    return false;
  }
  __u64 one = 1;
  return bpf_map_update_elem(&first, key, &one, BPF_NOEXIST) != -17 /* EEXIST */;
}

static __always_inline __u32 pid_here(struct task_struct* task) {
  struct pid* pid = BPF_CORE_READ(task, group_leader, thread_pid);
  __u32 level = BPF_CORE_READ(pid, level);
  for (__u32 i = 0; i < 8; i++) {
    if (i > level) break;
    struct upid id = {};
    /* the array's length is not in its type */
    bpf_probe_read_kernel(&id, sizeof(id),
                          (void*)pid + bpf_core_field_offset(struct pid, numbers) + i * sizeof(id));
    struct pid_namespace* namespace = id.ns;
    if (BPF_CORE_READ(namespace, ns.inum) == pid_namespace_inum) return id.nr;
  }
  return 0;
}

static __always_inline struct process* process_of(__u32 tgid) {
  return bpf_map_lookup_elem(&processes, &tgid);
}

static __always_inline struct event* begin(struct scratch* scratch, __u32 kind, __u32 service,
                                           struct task_struct* task) {
  struct event* event = &scratch->event;
  __builtin_memset(event, 0, EVENT_HEAD);
  event->kind = kind;
  event->service = service;
  event->tgid = task->tgid;
  event->pid = pid_here(task);
  event->time_ns = bpf_ktime_get_ns();
  struct process* process = process_of(event->tgid);
  event->command = process ? process->command : event->tgid;
  bpf_get_current_comm(event->comm, sizeof(event->comm));
  return event;
}

static __always_inline void send(struct event* event, __u32 text_length) {
  if (text_length > TEXT_MAX) text_length = TEXT_MAX;
  if (bpf_ringbuf_output(&events, event, EVENT_HEAD + text_length, 0) == 0) return;
  /* Forgotten, so that the next time is the first again. */
  __sync_fetch_and_add(&lost, 1);
  struct first_key key = {event->key_a, event->key_b};
  if (key.a | key.b) bpf_map_delete_elem(&first, &key);
}

/* ---- processes
 * -------------------------------------------------------------------------------------------- */

static __always_inline __u32* service_of_cgroup(struct task_struct* task) {
  __u64 id = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
  return bpf_map_lookup_elem(&cgroups, &id);
}

static __always_inline void adopt(struct task_struct* task, __u32 service) {
  __u32 tgid = task->tgid;
  struct process* known = process_of(tgid);
  struct process process = {service,
                            BPF_CORE_READ(task, cred, uid.val),
                            BPF_CORE_READ(task, cred, gid.val),
                            known ? known->command : tgid,
                            known ? known->root_dentry : (__u64)BPF_CORE_READ(task, fs, root.dentry),
                            known ? known->root_mount : (__u64)BPF_CORE_READ(task, fs, root.mnt)};
  if (bpf_map_update_elem(&processes, &tgid, &process, BPF_ANY)) __sync_fetch_and_add(&table_full, 1);
}
