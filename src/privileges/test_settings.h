// SPDX-License-Identifier: LGPL-2.1-or-later
// Settings for tests: from the lines of a unit file, and made at random.
#pragma once

#include <rapidcheck.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settings/settings.h"

namespace harden::testing {

inline const catalogue::Systemd& systemd(unsigned version = 257) {
  return *catalogue::find_systemd(version);
}

inline void assign(Settings& settings, std::string_view key, std::string_view text,
                   const catalogue::Systemd& systemd) {
  const catalogue::Directive* directive = catalogue::find_directive(key);
  static const UnitName name = *parse_unit_name("test.service");
  Diagnostics diagnostics;
  std::optional<Value> value = settings.take(directive->id);
  (void)assign_value(*directive, text, value,
                     {&systemd, {&name, {}, systemd.version}, {}, false, &diagnostics});
  if (value) settings.set(directive->id, std::move(*value));
}

// "ProtectHome=yes\nPrivateTmp=yes"
inline Settings settings_of(std::string_view lines,
                            const catalogue::Systemd& systemd = testing::systemd()) {
  Settings settings;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos)
      assign(settings, line.substr(0, equals), line.substr(equals + 1), systemd);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
  }
  return settings;
}

// Lines that have something to do with each other, so that random values often compare.
inline const std::vector<std::pair<std::string_view, std::vector<std::string_view>>>& sample_lines() {
  static const std::vector<std::pair<std::string_view, std::vector<std::string_view>>> lines = {
      {"User", {"", "alice", "bob", "root", "0"}},
      {"Group", {"", "alice", "root"}},
      {"DynamicUser", {"no", "yes"}},
      {"SupplementaryGroups", {"", "audio", "video", "audio video"}},
      {"CapabilityBoundingSet",
       {"", "~", "~CAP_SYS_ADMIN", "CAP_CHOWN CAP_KILL", "CAP_CHOWN", "~CAP_SYS_ADMIN CAP_SYS_TIME",
        "CAP_SETUID"}},
      {"AmbientCapabilities", {"", "CAP_CHOWN", "CAP_CHOWN CAP_KILL"}},
      {"NoNewPrivileges", {"no", "yes"}},
      {"UMask", {"0022", "0077", "0027", "0002", "0000"}},
      {"KeyringMode", {"inherit", "shared", "private"}},
      {"RemoveIPC", {"no", "yes"}},
      {"LockPersonality", {"no", "yes"}},
      {"ProtectSystem", {"no", "yes", "full", "strict"}},
      {"ProtectHome", {"no", "read-only", "tmpfs", "yes"}},
      {"ReadWritePaths", {"", "/srv", "/var/lib/a", "-/etc/a /srv", "/etc", "/home/a"}},
      {"ReadOnlyPaths", {"", "/srv", "-/srv", "/etc /usr", "/var", "/var/lib/a"}},
      {"InaccessiblePaths", {"", "/srv", "-/srv", "/etc/a", "/run/dbus"}},
      {"ExecPaths", {"", "/usr", "/usr /opt", "/srv/bin"}},
      {"NoExecPaths", {"", "/", "/var", "/srv"}},
      {"TemporaryFileSystem", {"", "/var", "/srv:ro", "/var:ro"}},
      {"BindPaths", {"", "/srv", "/srv:/mnt"}},
      {"BindReadOnlyPaths", {"", "/srv", "/usr", "/srv:/mnt"}},
      {"PrivateTmp", {"no", "yes", "disconnected"}},
      {"PrivateMounts", {"no", "yes"}},
      {"StateDirectory", {"", "a", "a b"}},
      {"StateDirectoryMode", {"0755", "0700", "0750"}},
      {"PrivateDevices", {"no", "yes"}},
      {"ProtectKernelTunables", {"no", "yes"}},
      {"ProtectKernelModules", {"no", "yes"}},
      {"ProtectKernelLogs", {"no", "yes"}},
      {"ProtectClock", {"no", "yes"}},
      {"ProtectControlGroups", {"no", "yes", "private", "strict"}},
      {"ProtectProc", {"default", "noaccess", "invisible", "ptraceable"}},
      {"ProcSubset", {"all", "pid"}},
      {"PrivateNetwork", {"no", "yes"}},
      {"PrivateIPC", {"no", "yes"}},
      {"PrivateUsers", {"no", "yes", "identity"}},
      {"ProtectHostname", {"no", "yes"}},
      {"RestrictNamespaces", {"no", "yes", "user", "~user", "net mnt", "~net", "user net mnt"}},
      {"SystemCallFilter",
       {"", "@system-service", "~@clock", "~@clock @mount", "@system-service @mount", "~@resources",
        "read write", "~chown:EIO", "@basic-io"}},
      {"SystemCallErrorNumber", {"", "EPERM", "EACCES"}},
      {"SystemCallArchitectures", {"", "native", "x86", "native x86"}},
      {"RestrictAddressFamilies",
       {"", "none", "AF_UNIX", "AF_UNIX AF_INET", "~AF_PACKET", "~AF_PACKET AF_NETLINK"}},
      {"RestrictNetworkInterfaces", {"", "lo", "lo eth0", "~eth0"}},
      {"MemoryDenyWriteExecute", {"no", "yes"}},
      {"RestrictRealtime", {"no", "yes"}},
      {"RestrictSUIDSGID", {"no", "yes"}},
      {"DevicePolicy", {"auto", "closed", "strict"}},
      {"DeviceAllow", {"", "/dev/null rw", "/dev/null r", "char-rtc", "block-loop rwm"}},
      {"IPAddressAllow", {"", "localhost", "10.0.0.0/8", "10.1.0.0/16", "any"}},
      {"IPAddressDeny", {"", "any", "10.0.0.0/8", "10.1.2.3"}},
      {"SocketBindAllow", {"", "tcp:80", "80-90", "ipv4:tcp:80"}},
      {"SocketBindDeny", {"", "any", "udp", "tcp:80", "ipv6"}},
      {"Delegate", {"no", "yes", "", "cpu", "cpu memory"}},
      {"NotifyAccess", {"all", "exec", "main", "none"}},
  };
  return lines;
}

inline void assign_any(Settings& settings, const catalogue::Systemd& systemd) {
  const auto& [key, texts] = *rc::gen::elementOf(sample_lines());
  if (catalogue::find_directive(key)->since > systemd.version) return;
  const std::string_view text = *rc::gen::elementOf(texts);
  assign(settings, key, text, systemd);
}

// Some directives, each from up to two of its lines.
inline Settings any_settings(const catalogue::Systemd& systemd, int most = 12) {
  Settings settings;
  const int count = *rc::gen::inRange(0, most);
  for (int i = 0; i < count; ++i) assign_any(settings, systemd);
  return settings;
}

inline const catalogue::Systemd& any_systemd() { return testing::systemd(*rc::gen::element(252U, 257U)); }

}  // namespace harden::testing
