// SPDX-License-Identifier: LGPL-2.1-or-later
// The programs in the kernel: loaded, tried, attached, read. Nothing here knows what an event means.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "needs/recording.h"
#include "record/bpf/event.h"
#include "util/result.h"

namespace harden::record {

using Service = std::uint32_t;   // a number from 0, of a service that is recorded
inline constexpr Service kServicesMax = 512;

struct KernelOptions {
  std::uint64_t manager_group = 0;      // the control group below which the manager has its units
  bool all_services = false;            // each control group NAME.service that is made is a service
  Service service_count = 1;            // those that there are already
  std::vector<std::string> refused;  // programs not to be tried, by name: for tests of the second best
};

class KernelRecorder {
 public:
  // Loads what this kernel takes. Errc::unsupported where BPF is not to be had at all.
  [[nodiscard]] static Result<KernelRecorder> load(const KernelOptions& options);
  KernelRecorder(KernelRecorder&&) noexcept;
  KernelRecorder& operator=(KernelRecorder&&) noexcept;
  ~KernelRecorder();

  // By which hook each group of needs is seen, and what is not seen for want of one.
  [[nodiscard]] const std::vector<Hook>& hooks() const;

  // A control group that is there, by the inode number of its directory.
  [[nodiscard]] Result<void> track(std::uint64_t cgroup, Service service);
  // One that may yet be made, by the last part of its path.
  [[nodiscard]] Result<void> await(std::string_view cgroup_name, Service service);
  [[nodiscard]] Result<void> attach();
  // Takes up the processes that are in tracked groups already.
  [[nodiscard]] Result<void> adopt_running();

  // Waits so long for events and hands out those that there are. `text` is of the event's pieces.
  void poll(std::chrono::milliseconds patience,
            const std::function<void(const event&, std::string_view text)>& take);

  // How often what an event told of has happened; 0 if that was forgotten.
  [[nodiscard]] std::uint64_t count(std::uint64_t key_a, std::uint64_t key_b) const;
  // The kernel functions on the way to a capability check, innermost first; empty if it was not kept.
  [[nodiscard]] std::vector<std::string> stack(std::int64_t id);
  [[nodiscard]] std::uint64_t lost() const;
  [[nodiscard]] std::uint64_t table_full() const;
  // The hook on system calls off or on again: it costs every process of the machine something.
  [[nodiscard]] Result<void> watch_calls(bool on);

 private:
  struct State;
  explicit KernelRecorder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace harden::record
