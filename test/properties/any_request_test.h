// SPDX-License-Identifier: LGPL-2.1-or-later
// What asks for something, at random: grants with arguments of their grammar, units whose own text implies
// grants, targets with facts of the machine.
#pragma once

#include <fmt/format.h>
#include <rapidcheck.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "properties/any_policy_test.h"

namespace harden::testing {

inline std::string any_of(std::vector<std::string_view> texts) {
  return std::string(*rc::gen::elementOf(std::move(texts)));
}

// Folders that something in the catalogue speaks of, their neighbours, and what is hard to write.
// Not the very paths that a directive names: what is read-only at a path stays so whatever is listed for
// the same path. policy/closed_test.cc has these.
inline std::string any_path() {
  std::string path =
      any_of({"/srv",       "/srv/a",     "/srv/a b",      "/srv/a,b",     "/srv/ä",
              "/home/b",    "/home/a",    "/homes/a",      "/root/a",      "/run/user/1000",
              "/run/a",     "/tmp/a",     "/tmp",          "/var/tmp",     "/var",
              "/var/lib",   "/var/lib/a", "/etc/b",        "/etc/a",       "/usr/lib/modules",
              "/usr/local", "/lib/a",     "/lib64",        "/bin/a",       "/opt/v",
              "/boot/a",    "/efi/a",     "/proc/sys/net", "/proc",        "/proc/a",
              "/sys/b",     "/sys/a",     "/dev/shm",      "/nix/store/a", "/sys/fs/cgroup/a",
              "/nix",       "/dev/shm/a"});
  if (*rc::gen::arbitrary<bool>()) path += any_of({"/a", "/b", "/a/b", "/-c"});
  return path;
}

inline std::string any_peers() {
  std::string peers =
      any_of({"10.0.0.0/8", "10.1.2.3", "localhost", "link-local", "multicast", "::1", "fd00::/8"});
  if (*rc::gen::arbitrary<bool>()) peers += "," + any_of({"192.168.0.0/16", "127.0.0.1", "2001:db8::1"});
  return peers;
}

inline std::string any_port() {
  const unsigned first = *rc::gen::element(1U, 53U, 80U, 443U, 1023U, 1024U, 8000U, 65535U);
  const unsigned last = *rc::gen::inRange(first, 65536U);
  std::string port = any_of({"one", "range", "any"});
  if (port == "one") port = fmt::format("{}", first);
  if (port == "range") port = fmt::format("{}-{}", first, last);
  port += any_of({"", "/udp", "/tcp"});
  if (*rc::gen::arbitrary<bool>()) port += "@" + any_peers();
  return port;
}

inline std::string any_device() {
  return any_of({"/dev/null", "/dev/ttyS0", "/dev/disk/by-id/a", "/dev/sda", "char-drm", "block-loop",
                 "char-*", "block-*"}) +
         any_of({"", ":r", ":w", ":rw", ":m", ":rwm"});
}

inline std::string any_argument(catalogue::Argument argument) {
  using catalogue::Argument;
  const catalogue::Systemd& newest = catalogue::systemds().back();
  const auto index = [](std::size_t size) { return *rc::gen::inRange<std::size_t>(0, size); };
  switch (argument) {
    case Argument::path:
      return any_of({"", "-"}) + any_path();
    case Argument::peers:
      return any_peers();
    case Argument::ports:
      return any_port();
    case Argument::device:
      return any_device();
    case Argument::family:
      return std::string(newest.families[index(newest.families.size())].name);
    case Argument::capability:
      return std::string(newest.capabilities[index(newest.capabilities.size())]);
    case Argument::syscall:
      return std::string(*rc::gen::arbitrary<bool>()
                             ? newest.groups[index(newest.groups.size())].name
                             : catalogue::syscalls()[index(catalogue::syscalls().size())].name);
    case Argument::namespaces:
      return std::string(catalogue::kNamespaces.at(index(catalogue::kNamespaces.size())).name);
    case Argument::none:
      break;
  }
  return {};
}

// As somebody may write it: `listen:443/tcp`.
inline std::string any_grant_word() {
  const catalogue::Grant& row =
      catalogue::grants()[*rc::gen::inRange<std::size_t>(0, catalogue::grants().size())];
  const bool bare = row.optional && *rc::gen::inRange(0, 4) == 0;
  if (row.argument == catalogue::Argument::none || bare) return std::string(row.name);
  return fmt::format("{}:{}", row.name, any_argument(row.argument));
}

// Half of them with an argument, as they are what meets.
inline std::vector<Grant> any_requests(int most = 6) {
  std::vector<Grant> grants;
  for (int i = *rc::gen::inRange(0, most); i > 0; --i) {
    std::string word = any_grant_word();
    if (*rc::gen::arbitrary<bool>())
      word = any_of({"read", "write", "exec"}) + ":" + any_argument(catalogue::Argument::path);
    // One that no grammar forbids may still be refused for what it names: device nodes as paths.
    if (const auto parsed = parse_grants(word)) grants.insert(grants.end(), parsed->begin(), parsed->end());
  }
  return normalized(std::move(grants));
}

// Lines that imply grants, or stand in the way of what is implied.
inline const std::vector<std::pair<std::string_view, std::vector<std::string_view>>>& asking_lines() {
  static const std::vector<std::pair<std::string_view, std::vector<std::string_view>>> lines = {
      {"Type", {"simple", "forking", "dbus", "notify"}},
      {"BusName", {"org.example.A"}},
      {"PIDFile", {"/run/a.pid", "a/a.pid", "/var/run/a/b.pid", "/srv/a/pid"}},
      {"RuntimeDirectory", {"", "a", "a/b"}},
      {"ExecStartPre",
       {"/opt/v/bin/a", "/srv/a/run", "+/opt/x", "!/usr/bin/a", "/home/a/bin/x", "-/bin/a"}},
      {"ExecReload", {"/bin/kill -HUP $MAINPID", "/usr/bin/a ${MAINPID}"}},
      {"StandardInput", {"null", "tty", "tty-force"}},
      {"TTYPath", {"/dev/tty9", "/dev/console"}},
      {"PAMName", {"", "login"}},
      {"WorkingDirectory", {"", "/srv/a", "~", "-/home/a", "/var/tmp/a", "/root"}},
      {"RootDirectory", {"", "/srv/root"}},
      {"MountFlags", {"shared", "slave", "private"}},
      {"NetworkNamespacePath", {"", "/run/netns/a"}},
      {"IPCNamespacePath", {"", "/run/ipcns/a"}},
      {"ReadWritePaths", {"/srv/a", "/home/a /tmp/a", "-/etc/a", "%S/a", "+/b", "/usr/local"}},
      {"ReadOnlyPaths", {"/srv/a", "/home/a", "/tmp/a"}},
      {"ExecPaths", {"/srv/a", "/home/a", "/tmp/a", "/usr /opt"}},
      {"LoadCredentialEncrypted", {"", "a:/srv/a"}},
  };
  return lines;
}

inline LoadedUnit any_asking_unit(const catalogue::Systemd& systemd) {
  std::string text = "[Service]\nExecStart=" + any_of({"/usr/bin/a", "/opt/v/bin/a", "!/usr/bin/a"}) + "\n";
  for (int i = *rc::gen::inRange(0, 10); i > 0; --i) {
    const auto& [key, texts] =
        *rc::gen::elementOf(*rc::gen::arbitrary<bool>() ? asking_lines() : sample_lines());
    const catalogue::Directive* directive = catalogue::find_directive(key);
    if (directive == nullptr || directive->since > systemd.version) continue;
    text += fmt::format("{}={}\n", key, *rc::gen::elementOf(texts));
  }
  Unit unit{*parse_unit_name("a.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file(std::move(text), "/etc/systemd/system/a.service");
  return load_settings(std::move(unit), {&systemd, {}});
}

inline std::vector<catalogue::Fact> any_facts() {
  std::vector<catalogue::Fact> facts;
  for (const catalogue::Fact fact :
       {catalogue::Fact::no_bpf_lsm, catalogue::Fact::container, catalogue::Fact::nested,
        catalogue::Fact::cgroup_v1, catalogue::Fact::user_manager})
    if (*rc::gen::inRange(0, 5) == 0) facts.push_back(fact);
  return facts;
}

inline Target any_place(Target target) {
  target.layout = catalogue::find_layout(any_of({"usr", "split-usr", "nix"}));
  target.facts = any_facts();
  return target;
}

// The grants and what they were written beside, for a case that fails.
inline std::string story(const Compiled& compiled, const Target& target, const LoadedUnit* unit) {
  std::string text =
      fmt::format("{} on {}, {}, as {}, with {}\n", compiled.policy.profile->name, target.systemd->version,
                  target.layout->name, static_cast<int>(target.runs_as), texts_of(compiled.policy.grants));
  for (const catalogue::Fact fact : target.facts)
    text += fmt::format("fact {}\n", catalogue::kFactNames.at(static_cast<std::size_t>(fact)));
  if (unit != nullptr) text += unit->unit.fragment->text();
  text += "implied:";
  for (const ImpliedUse& use : compiled.implied) text += " " + use.grant.text();
  text += "\n-- written:\n";
  for (const std::string& line : lines_of(compiled)) text += line + "\n";
  return text;
}

}  // namespace harden::testing
