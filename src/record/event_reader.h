// SPDX-License-Identifier: LGPL-2.1-or-later
// From the kernel's events to what ServiceRecording takes. Bytes to values: it looks at no kernel, so that
// a fuzzer can drive it.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/bpf/event.h"
#include "record/service_recording.h"

namespace harden::record {

class EventReader {
 public:
  // `stack`: the functions of a stack that an event names; `boot_ms`: Unix time at the start of
  // CLOCK_MONOTONIC.
  EventReader(std::function<std::vector<std::string>(std::int64_t)> stack, std::int64_t boot_ms)
      : stack_(std::move(stack)), boot_ms_(boot_ms) {}

  // An event of that service; those of control groups are the caller's.
  void read(const event& event, std::string_view text, ServiceRecording& service);
  // Capabilities whose call has not returned.
  void finish();

 private:
  struct Pending {
    ServiceRecording* service = nullptr;
    ServiceRecording::Process process;
    std::uint64_t thread = 0;
    CapabilityUse use;
    int error = 0;
    CountKey key;
  };
  void read_capability(const event& event, const ServiceRecording::Process& process,
                       ServiceRecording& service);

  std::function<std::vector<std::string>(std::int64_t)> stack_;
  std::int64_t boot_ms_;
  std::map<std::uint64_t, Pending> pending_;   // by serial
};

// The pieces of an event's text, empty where they do not fit into it.
[[nodiscard]] std::array<std::string, EVENT_PIECES> pieces_of(const event& event, std::string_view text);

// The function that asked for a capability; nothing if it is one of the kernel's idle questions.
[[nodiscard]] std::optional<std::string> capability_caller(const std::vector<std::string>& stack);

}  // namespace harden::record
