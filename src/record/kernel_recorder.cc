// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/kernel_recorder.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

#include "record/recipes.h"
#include "recorder.skel.h"   // generated
#include "util/unique_fd.h"

namespace harden::record {
namespace {

struct SkeletonDestroy {
  void operator()(recorder_bpf* skeleton) const noexcept { recorder_bpf__destroy(skeleton); }
};
using Skeleton = std::unique_ptr<recorder_bpf, SkeletonDestroy>;
struct RingFree {
  void operator()(ring_buffer* ring) const noexcept { ring_buffer__free(ring); }
};
struct LinkDestroy {
  void operator()(bpf_link* link) const noexcept {
    (void)bpf_link__destroy(link);
  }   // closing cannot be undone
};
using Link = std::unique_ptr<bpf_link, LinkDestroy>;

// In the order in which they are tried: of one group the first that the kernel takes is used. `misses`:
// what that one does not see. `without`: what is not seen if the kernel takes none; nullptr: then there is
// no recording.
struct Program {
  const char* name;
  const char* what;
  const char* how;
  const char* misses;
  const char* without;
};
constexpr Program kPrograms[] = {
    {"on_return", "system calls", "tp_btf/sys_exit",
     "what io_uring opens, the loader and the interpreters that an exec brings along (these are added from "
     "the file), "
     "successful stats; names longer than 1023 bytes are cut",
     nullptr},
    {"on_exec", "executions", "tp_btf/sched_process_exec", "", nullptr},
    {"on_fork", "processes", "tp_btf/sched_process_fork", "", nullptr},
    {"on_exit", "processes", "tp_btf/sched_process_exit", "", nullptr},
    {"on_cgroup", "services that start", "tp_btf/cgroup_mkdir", "", nullptr},
    {"on_attach", "processes that leave", "tp_btf/cgroup_attach_task", "",
     "processes that are moved out of the service are recorded on"},
    {"adopt_running", "processes that run already", "iter/task", "",
     "processes that ran before the recording"},
    {"on_capability", "capabilities", "tp_btf/cap_capable", "", "capabilities"},
    {"on_capability_fexit", "capabilities", "fexit/cap_capable", "", "capabilities"},
    {"on_signal", "signals", "tp_btf/signal_generate", "", "signals to others"},
    {"on_uring", "io_uring", "tp_btf/io_uring_submit_req", "which files and peers an operation is about",
     "io_uring operations"},
    {"on_uring_sqe", "io_uring", "tp_btf/io_uring_submit_sqe",
     "which files and peers an operation is about", "io_uring operations"},
};

// What libbpf says is kept for the error: it names the program and the kernel's reason.
std::string& last_words() {
  static std::string words;
  return words;
}
int keep_words(libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  std::array<char, 512> line{};
  const int size = std::vsnprintf(line.data(), line.size(), format, arguments);
  constexpr std::size_t kMax = 4096;
  if (size > 0 && last_words().size() < kMax) last_words() += line.data();
  return 0;
}

bpf_program* program_named(const Skeleton& skeleton, const char* name) {
  return bpf_object__find_program_by_name(skeleton->obj, name);
}

// mix() and hash_text() of recorder.bpf.c.
std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash ^= word;
  hash *= 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 29U);
}
std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0;
  for (std::size_t at = 0; at < name.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, name.data() + at, std::min<std::size_t>(8, name.size() - at));
    hash = mix(hash, word);
  }
  return mix(hash, name.size());
}

using Symbols = std::map<std::uint64_t, std::string>;

Symbols read_symbols() {
  Symbols symbols;
  FILE* file = std::fopen("/proc/kallsyms", "re");
  if (file == nullptr) return symbols;   // then capabilities come without the function that asked
  std::array<char, 1024> line{};
  while (std::fgets(line.data(), line.size(), file) != nullptr) {
    char* end = nullptr;
    const std::uint64_t address = std::strtoull(line.data(), &end, 16);
    if (address == 0 || end == line.data() || (end[1] != 't' && end[1] != 'T')) continue;
    const std::string_view rest(end + 3);
    symbols.emplace(address, rest.substr(0, rest.find_first_of(" \t\n")));
  }
  (void)std::fclose(file);   // it was only read
  return symbols;
}

}  // namespace

struct KernelRecorder::State {
  Skeleton skeleton;
  std::unique_ptr<ring_buffer, RingFree> ring;
  std::map<std::string, Link, std::less<>> links;
  std::vector<Hook> hooks;
  std::function<void(const event&, std::string_view)> take;
  Symbols symbols;

  static int on_event(void* context, void* data, std::size_t size) {
    // The kernel half is ours, yet what it sends is checked like any other input.
    constexpr std::size_t kHead = EVENT_HEAD;
    if (size < kHead) return 0;
    auto* state = static_cast<State*>(context);
    event one{};
    std::memcpy(&one, data, std::min(size, sizeof(one)));
    const std::string_view text(static_cast<const char*>(data) + kHead, size - kHead);
    state->take(one, text);
    return 0;
  }
};

KernelRecorder::KernelRecorder(std::unique_ptr<State> state) : state_(std::move(state)) {}
KernelRecorder::KernelRecorder(KernelRecorder&&) noexcept = default;
KernelRecorder& KernelRecorder::operator=(KernelRecorder&&) noexcept = default;
KernelRecorder::~KernelRecorder() = default;

const std::vector<Hook>& KernelRecorder::hooks() const { return state_->hooks; }

Result<KernelRecorder> KernelRecorder::load(const KernelOptions& options) {
  (void)libbpf_set_print(keep_words);
  struct stat pid_namespace{};
  if (::stat("/proc/self/ns/pid", &pid_namespace) < 0)
    return fail_errno(errno, "cannot look at /proc/self/ns/pid");

  std::vector<std::string> refused = options.refused;
  const auto is_refused = [&](std::string_view name) {
    return std::ranges::find(refused, name) != refused.end();
  };
  const auto is_taken = [&](const Program& one) {   // the first of its group that is not refused
    if (is_refused(one.name)) return false;
    if (std::string_view(one.what) == "processes") return true;
    for (const Program& other : kPrograms) {
      if (&other == &one) return true;
      if (std::string_view(other.what) == one.what && !is_refused(other.name)) return false;
    }
    return true;
  };
  for (;;) {
    last_words().clear();
    Skeleton skeleton(recorder_bpf__open());
    if (!skeleton) return fail_errno(errno, "cannot open the recorder's programs");
    skeleton->rodata->pid_namespace_inum = static_cast<std::uint32_t>(pid_namespace.st_ino);
    skeleton->rodata->one_service = !options.all_services && options.service_count == 1;
    skeleton->rodata->all_services = options.all_services;
    skeleton->rodata->manager_group = options.manager_group;
    const auto recipes = recipes_by_number();
    static_assert(sizeof(recipes) == sizeof(skeleton->rodata->recipes));
    std::memcpy(&skeleton->rodata->recipes, recipes.data(), sizeof(recipes));
    skeleton->bss->service_count = options.service_count;
    for (const Program& one : kPrograms)
      (void)bpf_program__set_autoload(program_named(skeleton, one.name),
                                      is_taken(one));   // fails only once loaded

    const int failed = recorder_bpf__load(skeleton.get());
    if (failed == 0) {
      auto state = std::make_unique<State>();
      state->skeleton = std::move(skeleton);
      for (const Program& one : kPrograms) {
        if (is_taken(one)) {
          state->hooks.push_back({one.what, one.how, one.misses});
          continue;
        }
        const bool has_other = std::ranges::any_of(kPrograms, [&](const Program& other) {
          return std::string_view(other.what) == one.what && is_taken(other);
        });
        if (!has_other &&
            std::ranges::none_of(state->hooks, [&](const Hook& hook) { return hook.what == one.what; }))
          state->hooks.push_back({one.what, "none", one.without});
      }
      state->ring.reset(ring_buffer__new(bpf_map__fd(state->skeleton->maps.events), State::on_event,
                                         state.get(), nullptr));
      if (!state->ring) return fail_errno(errno, "cannot read the recorder's ring buffer");
      return KernelRecorder(std::move(state));
    }
    // Which one was it? The first that should be loaded and is not; they are loaded in their order.
    const Program* culprit = nullptr;
    for (const bpf_program* loaded = bpf_object__next_program(skeleton->obj, nullptr); loaded != nullptr;
         loaded = bpf_object__next_program(skeleton->obj, const_cast<bpf_program*>(loaded))) {
      if (!bpf_program__autoload(loaded) || bpf_program__fd(loaded) >= 0) continue;
      const auto at =
          std::ranges::find(kPrograms, std::string_view(bpf_program__name(loaded)), &Program::name);
      if (at != std::end(kPrograms)) culprit = at;
      break;
    }
    if (culprit == nullptr || culprit->without == nullptr) {
      const std::string words = last_words().substr(0, last_words().find('\n'));
      return std::unexpected(
          Error{Errc::unsupported,
                "this kernel does not load the recorder's programs: " + words,
                -failed,
                {},
                "it takes root (CAP_BPF, CAP_PERFMON) and a kernel with BTF, from 6.1 on; "
                "'harden record --backend=ptrace -- CMD' does without",
                {}});
    }
    refused.emplace_back(culprit->name);
  }
}

Result<void> KernelRecorder::track(std::uint64_t cgroup, Service service) {
  if (::bpf_map_update_elem(bpf_map__fd(state_->skeleton->maps.cgroups), &cgroup, &service, BPF_ANY) != 0)
    return fail_errno(errno, "cannot record one more control group");
  return {};
}

Result<void> KernelRecorder::await(std::string_view cgroup_name, Service service) {
  const std::uint64_t hash = hash_name(cgroup_name);
  if (::bpf_map_update_elem(bpf_map__fd(state_->skeleton->maps.awaited), &hash, &service, BPF_ANY) != 0)
    return fail_errno(errno, "cannot wait for one more control group");
  return {};
}

Result<void> KernelRecorder::attach() {
  for (bpf_program* one = bpf_object__next_program(state_->skeleton->obj, nullptr); one != nullptr;
       one = bpf_object__next_program(state_->skeleton->obj, one)) {
    if (bpf_program__fd(one) < 0) continue;
    const std::string name = bpf_program__name(one);
    if (name == "adopt_running") continue;   // run when asked for
    Link link(bpf_program__attach(one));
    if (!link) return fail_errno(errno, "cannot attach " + name);
    state_->links[name] = std::move(link);
  }
  return {};
}

Result<void> KernelRecorder::watch_calls(bool on) {
  if (!on) {
    state_->links.erase("on_return");
    return {};
  }
  Link link(bpf_program__attach(state_->skeleton->progs.on_return));
  if (!link) return fail_errno(errno, "cannot attach on_return");
  state_->links["on_return"] = std::move(link);
  return {};
}

Result<void> KernelRecorder::adopt_running() {
  if (bpf_program__fd(state_->skeleton->progs.adopt_running) < 0) return {};   // its hook says so
  const Link link(bpf_program__attach_iter(state_->skeleton->progs.adopt_running, nullptr));
  if (!link) return fail_errno(errno, "cannot go over the processes that run");
  const UniqueFd run(::bpf_iter_create(bpf_link__fd(link.get())));
  if (!run) return fail_errno(errno, "cannot go over the processes that run");
  std::array<char, 64> nothing{};
  while (::read(run.get(), nothing.data(), nothing.size()) > 0) {
  }
  return {};
}

void KernelRecorder::poll(std::chrono::milliseconds patience,
                          const std::function<void(const event&, std::string_view)>& take) {
  state_->take = take;
  (void)ring_buffer__poll(state_->ring.get(),
                          static_cast<int>(patience.count()));   // EINTR: the caller looks why
}

std::uint64_t KernelRecorder::count(std::uint64_t key_a, std::uint64_t key_b) const {
  const first_key key{key_a, key_b};
  std::uint64_t count = 0;
  if (::bpf_map_lookup_elem(bpf_map__fd(state_->skeleton->maps.first), &key, &count) != 0) return 0;
  return count;
}

std::vector<std::string> KernelRecorder::stack(std::int64_t id) {
  std::vector<std::string> names;
  const auto key = static_cast<std::uint32_t>(id);
  std::array<std::uint64_t, 16> addresses{};
  if (id < 0 ||
      ::bpf_map_lookup_elem(bpf_map__fd(state_->skeleton->maps.stacks), &key, addresses.data()) != 0)
    return names;
  if (state_->symbols.empty()) state_->symbols = read_symbols();
  for (const std::uint64_t address : addresses) {
    const auto above = state_->symbols.upper_bound(address);
    if (address == 0 || above == state_->symbols.begin()) continue;
    names.push_back(std::prev(above)->second);
  }
  return names;
}

std::uint64_t KernelRecorder::lost() const { return state_->skeleton->bss->lost; }
std::uint64_t KernelRecorder::table_full() const { return state_->skeleton->bss->table_full; }

}  // namespace harden::record
