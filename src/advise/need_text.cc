// SPDX-License-Identifier: LGPL-2.1-or-later
#include "advise/need_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "needs/need_fields.h"
#include "needs/recording.h"
#include "util/text.h"

namespace harden {
namespace {

struct FirstWord {
  std::string word, call;   // the call stands for a need that has no other word
  void operator()(std::string_view name, const std::string& value) {
    static constexpr std::array<std::string_view, 8> kNames = {"name",   "path",   "address", "what",
                                                               "target", "family", "peer",    "file"};
    if (word.empty() && std::ranges::find(kNames, name) != kNames.end()) word = value;
    if (name == "call") call = value;
  }
  template <typename T>
  void operator()(std::string_view, const T&) {}
};

// fnmatch() knows classes and escapes as well, which names of files may hold.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view file_verb(FileAccess access) {
  static constexpr std::array<std::string_view, 15> kVerbs = {"read",
                                                              "write",
                                                              "create",
                                                              "remove",
                                                              "rename",
                                                              "link",
                                                              "execute",
                                                              "map as code",
                                                              "set the mode of",
                                                              "set the owner of",
                                                              "set attributes of",
                                                              "set the times of",
                                                              "list",
                                                              "look at",
                                                              "change its root to"};
  return kVerbs.at(static_cast<std::size_t>(access));
}

struct Teller {
  std::string operator()(const SyscallUse& use) const {
    const bool is_native = use.abi.empty() || use.abi == "x86-64";
    return fmt::format("call {}{}", use.name, is_native ? "" : " of " + use.abi);
  }
  std::string operator()(const FileUse& use) const {
    std::string text = fmt::format("{} {}", file_verb(use.access), use.path);
    const bool has_two = use.access == FileAccess::rename || use.access == FileAccess::link;
    return has_two ? text + (use.access == FileAccess::rename ? " to " : " as ") + use.other : text;
  }
  std::string operator()(const DeviceUse& use) const {
    static constexpr std::array<std::string_view, 3> kVerbs = {"read", "write", "make"};
    return fmt::format("{} the device {} ({} {}:{})", kVerbs.at(static_cast<std::size_t>(use.access)),
                       use.path.empty() ? "node" : use.path, use.is_block ? "block" : "char", use.major,
                       use.minor);
  }
  std::string operator()(const CapabilityUse& use) const {
    return fmt::format("use {}{}", use.name, use.during.empty() ? "" : " in " + use.during);
  }
  std::string operator()(const SocketUse& use) const {
    return fmt::format("open a socket {} {}", use.family, use.type);
  }
  std::string operator()(const BindUse& use) const {
    if (use.port == 0) return fmt::format("bind {} to a port that the kernel chooses", use.address);
    return fmt::format("bind {} port {}{}", use.address, use.port,
                       use.type == "SOCK_DGRAM" ? " (UDP)" : "");
  }
  std::string operator()(const PeerUse& use) const {
    static constexpr std::array<std::string_view, 3> kVerbs = {"connect to", "send to", "accept from"};
    return fmt::format("{} {} port {}", kVerbs.at(static_cast<std::size_t>(use.action)), use.address,
                       use.port);
  }
  std::string operator()(const UnixUse& use) const {
    static constexpr std::array<std::string_view, 3> kVerbs = {"bind", "connect to", "send to"};
    return fmt::format("{} the socket {}", kVerbs.at(static_cast<std::size_t>(use.action)), use.address);
  }
  std::string operator()(const DbusUse& use) const {
    return use.peer.empty() ? fmt::format("use the {} bus", use.bus)
                            : fmt::format("talk to {} on the {} bus", use.peer, use.bus);
  }
  std::string operator()(const MountUse& use) const { return fmt::format("{} {}", use.call, use.target); }
  std::string operator()(const SetIdExec& use) const {
    return fmt::format("gain the {} of {}", kWords<Gain>[static_cast<std::size_t>(use.gain)], use.path);
  }
  std::string operator()(const IdentityUse& use) const {
    if (use.what == IdKind::groups) return "set its supplementary groups";
    return fmt::format("become {} {}", use.what == IdKind::user ? "user" : "group", use.id);
  }
  std::string operator()(const ModeBits& use) const {
    return fmt::format("give {} the mode {:04o}", use.path, use.mode);
  }
  std::string operator()(const SysctlUse& use) const {
    return fmt::format("{} the kernel setting {}", use.write ? "change" : "read", use.name);
  }
  std::string operator()(const IpcUse& use) const {
    return fmt::format("{} {} {}{}", use.create ? "make" : "open",
                       kWords<IpcMechanism>[static_cast<std::size_t>(use.mechanism)], use.name,
                       use.outlives ? " that outlives it" : "");
  }
  std::string operator()(const ProcessUse& use) const {
    return fmt::format("read /proc/PID{}{} of {}", use.file.empty() ? "" : "/", use.file,
                       use.target.empty() ? "another process" : use.target);
  }
  std::string operator()(const SignalUse& use) const {
    return fmt::format("send signal {} to {}", use.signal,
                       !use.target.empty() ? use.target
                       : use.unit.empty()  ? "another process"
                                           : use.unit);
  }
  template <NeedKind kKind>
  std::string operator()(const CallUse<kKind>& use) const {
    const std::string in = use.call.empty() ? "" : " in " + use.call;
    switch (kKind) {
      case NeedKind::wx_memory:
        return fmt::format("make {} memory both writable and executable{}", use.what, in);
      case NeedKind::name_space:
        return fmt::format("make or enter a namespace of kind {}{}", use.what, in);
      case NeedKind::scheduling:
        return fmt::format("schedule itself: {} {}", use.call, use.what);
      case NeedKind::locked_memory:
        return "lock memory" + in;
      case NeedKind::limit:
        return fmt::format("set the limit {}", use.what);
      case NeedKind::personality:
        return fmt::format("change its personality to {}", use.what);
      default:
        return fmt::format("{} {} {}", kind_name(kKind), use.call, use.what);
    }
  }
};

}  // namespace

std::string need_word(const Need& need) {
  std::string word(kind_name(need.kind()));
  word += ':';
  if (const auto* bind = std::get_if<BindUse>(&need.detail))
    return word + std::to_string(bind->port) + (bind->type == "SOCK_DGRAM" ? "/udp" : "");
  if (const auto* id = std::get_if<IdentityUse>(&need.detail))
    return word + std::string(kWords<IdKind>[static_cast<std::size_t>(id->what)]) + ":" +
           std::to_string(id->id);
  std::visit(
      [&](const auto& use) {
        FirstWord first;
        visit_fields(use, first);
        word += first.word.empty() ? first.call : first.word;
      },
      need.detail);
  return word;
}

bool is_named_by(const Need& need, std::span<const std::string> words) {
  if (words.empty()) return false;
  const std::string word = need_word(need);
  return std::ranges::any_of(words, [&](const std::string& pattern) { return matches(pattern, word); });
}

std::string need_text(const Need& need) { return std::visit(Teller{}, need.detail); }

std::string evidence_text(const Need& need, const Recording& recording) {
  const Occurrence& one = need.first();
  if (is_predicted(need, recording)) return fmt::format("in the code of {}", one.first.comm);
  std::string text = one.first.comm.empty() ? "an unknown process" : one.first.comm;
  if (!one.first.exec_line.empty()) text = fmt::format("{} of {}", text, one.first.exec_line);
  const std::uint64_t count = need.count();
  text += count == 1 ? ", once" : fmt::format(", {} times", count);
  if (one.source >= recording.sources.size()) return text;
  const Source& source = recording.sources[one.source];
  if (one.first.at_ms >= source.started_ms && one.first.at_ms != 0)
    text += fmt::format(", first after {:.1f} s",
                        static_cast<double>(one.first.at_ms - source.started_ms) / 1000);
  if (recording.sources.size() > 1) text += fmt::format(", in recording {}", source.id.substr(0, 8));
  return text;
}

}  // namespace harden
