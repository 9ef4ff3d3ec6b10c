// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/event_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "catalogue/syscall_names.h"
#include "record/process_lookup.h"
#include "record/recipes.h"

namespace harden::record {
namespace {

std::string call_name(const event& event) {
  const std::string_view name =
      syscall_name(event.nr, event.compat != 0 ? SyscallAbi::x86 : SyscallAbi::x86_64);
  return name.empty() ? "#" + std::to_string(event.nr) : std::string(name);
}

std::string abi_name(const event& event) { return event.compat != 0 ? "x86" : "x86-64"; }

std::string text_of(const char* chars, std::size_t size) { return {chars, ::strnlen(chars, size)}; }

Seen seen_of(const event& event, std::array<std::string, EVENT_PIECES> pieces) {
  Seen seen;
  seen.call = plain_name(call_name(event));
  std::copy(std::begin(event.arg), std::end(event.arg), seen.arg.begin());
  seen.ret = event.ret;
  seen.name1 = std::move(pieces[0]);
  seen.from1 = std::move(pieces[1]);
  seen.name2 = std::move(pieces[2]);
  seen.from2 = std::move(pieces[3]);
  seen.has_file = event.mode != 0;
  seen.mode = event.mode;
  seen.rdev = event.rdev;
  seen.flags = event.flags;
  seen.created = event.created != 0;
  seen.uid = event.uid;
  seen.gid = event.gid;
  seen.family = event.family;
  seen.type = event.sock_type;
  seen.protocol = event.protocol;
  seen.port = event.port;
  std::copy(std::begin(event.address), std::end(event.address), seen.address.begin());
  seen.pid = static_cast<std::int32_t>(event.pid);
  return seen;
}

}  // namespace

std::array<std::string, EVENT_PIECES> pieces_of(const event& event, std::string_view text) {
  std::array<std::string, EVENT_PIECES> pieces;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::size_t size = event.length[i];
    if (size > text.size()) break;
    pieces[i] = text.substr(0, size);
    text.remove_prefix(size);
  }
  return pieces;
}

std::optional<std::string> capability_caller(const std::vector<std::string>& stack) {
  constexpr std::string_view kIdle[] = {"cap_vm_enough_memory",   "security_vm_enough_memory_mm",
                                        "__vm_enough_memory",     "has_ns_capability_noaudit",
                                        "has_capability_noaudit", "ns_capable_noaudit",
                                        "capable_noaudit"};
  for (const std::string& function : stack)
    if (std::ranges::find(kIdle, std::string_view(function)) != std::end(kIdle)) return std::nullopt;
  for (const std::string& function : stack) {
    const std::string_view name = function;
    const bool is_part_of_asking = name.starts_with("bpf_") || name.starts_with("__bpf_") ||
                                   name.starts_with("__traceiter_") || name.starts_with("cap_capable") ||
                                   name.starts_with("security_capable") ||
                                   name.find("capable") != name.npos;
    if (!is_part_of_asking) return function;
  }
  return std::string();
}

void EventReader::read_capability(const event& event, const ServiceRecording::Process& process,
                                  ServiceRecording& service) {
  auto caller = capability_caller(stack_(static_cast<std::int64_t>(event.arg[1])));
  if (!caller) return;
  constexpr unsigned kCapabilityMax = 63;
  if (event.arg[0] > kCapabilityMax) return;
  Pending one{&service,
              process,
              event.arg[3],
              {capability_name(static_cast<unsigned>(event.arg[0])), call_name(event), *std::move(caller),
               CallOutcome::unknown},
              event.ret == 0 ? 0 : EPERM,
              {event.key_a, event.key_b}};
  pending_.insert_or_assign(event.arg[2], std::move(one));
}

void EventReader::finish() {
  for (auto& [serial, one] : pending_) one.service->add(one.process, {one.use, one.error}, one.key);
  pending_.clear();
}

void EventReader::read(const event& event, std::string_view text, ServiceRecording& service) {
  constexpr std::uint64_t kNsPerMs = 1'000'000;
  const ServiceRecording::Process process{event.tgid, event.command, static_cast<std::int32_t>(event.pid),
                                          text_of(event.comm, sizeof(event.comm)),
                                          boot_ms_ + static_cast<std::int64_t>(event.time_ns / kNsPerMs)};
  const CountKey key{event.key_a, event.key_b};
  auto pieces = pieces_of(event, text);
  ++service.collector().source().events;
  switch (event.kind) {
    case EVENT_SYSCALL: {
      // What only failed so may have been stopped by a filter, before it was a call at all.
      const bool is_refused = event.ret == -EPERM || event.ret == -EACCES || event.ret == -ENOSYS;
      service.add(process, {SyscallUse{abi_name(event), call_name(event)},
                            is_refused ? std::optional(static_cast<int>(-event.ret)) : std::nullopt});
      break;
    }
    case EVENT_CALL:
      service.add_call(process, seen_of(event, std::move(pieces)), key);
      break;
    case EVENT_EXEC:
      service.add_exec(process, {pieces[0], pieces[1], event.mode, event.arg[0] != 0, event.arg[1] != 0},
                       key);
      break;
    case EVENT_EXIT:
      service.add(process, {SyscallUse{"x86-64", "exit_group"}, {}});
      break;
    case EVENT_CAPABILITY:
      read_capability(event, process, service);
      break;
    case EVENT_CAPABILITY_END: {   // of all that were asked for in that call
      const CallOutcome call =
          event.ret < 0 && event.ret >= -4095 ? CallOutcome::failed : CallOutcome::succeeded;
      std::erase_if(pending_, [&](const auto& entry) {
        Pending one = entry.second;
        if (one.thread != event.arg[3] || one.process.id != event.tgid) return false;
        one.use.call = call;
        one.service->add(one.process, {one.use, one.error}, one.key);
        return true;
      });
      break;
    }
    case EVENT_SIGNAL: {
      const auto target = static_cast<std::int32_t>(event.arg[1]);
      service.add(
          process,
          {SignalUse{static_cast<std::int32_t>(event.arg[0]), text_of(pieces[0].c_str(), pieces[0].size()),
                     target > 0 ? process_unit(target) : std::string()},
           0},
          key);
      break;
    }
    case EVENT_URING:
      service.add(process,
                  {CallUse<NeedKind::io_uring>{"io_uring",
                                               uring_operation_name(static_cast<unsigned>(event.arg[0]))},
                   {}},
                  key);
      break;
    default:
      break;
  }
}

}  // namespace harden::record
