// SPDX-License-Identifier: LGPL-2.1-or-later
// Units, targets and grants at random, for the laws of policies.
#pragma once

#include <fmt/format.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"
#include "privileges/privileges.h"
#include "privileges/test_settings.h"

namespace harden::testing {

// Each grant of the catalogue without an argument where it may be, with those of its examples, and with
// some that meet: paths below each other, ports, peers.
inline const std::vector<Grant>& all_grants() {
  static const std::vector<Grant> grants = [] {
    std::vector<Grant> all;
    const auto add = [&](std::string_view word) {
      if (const auto parsed = parse_grants(word)) all.insert(all.end(), parsed->begin(), parsed->end());
    };
    for (const catalogue::Grant& grant : catalogue::grants()) {
      if (grant.argument == catalogue::Argument::none || grant.optional) add(grant.name);
      for (const std::string_view example : grant.examples) add(example);
    }
    for (const std::string_view word :
         {"write:/srv",           "write:/srv/a",        "write:/srv/a/b",         "read:/srv/a",
          "exec:/srv/a",          "exec:/srv",           "write:/etc/a",           "exec:/etc/a",
          "write:/home/a",        "read:/home/a",        "exec:/home/a/b",         "write:/home/a/b",
          "read:/root",           "write:/root/a",       "write:/tmp/a",           "read:/tmp/a",
          "exec:/tmp/a",          "write:/var/tmp",      "write:/usr/local/a",     "exec:/usr/local",
          "exec:/lib/a",          "write:/proc/sys/net", "write:/sys/fs/cgroup/a", "write:/run/user/1",
          "write:-/srv/c",        "connect:any",         "listen:80/udp",          "listen:80@10.0.0.0/8",
          "listen:1024",          "device:/dev/null:r",  "device:/dev/null:rwm",   "cap:CAP_SYS_ADMIN",
          "cap:CAP_SYS_TIME",     "cap:CAP_SYS_MODULE",  "syscalls:@clock",        "syscalls:@raw-io",
          "syscalls:@privileged", "syscalls:chown",      "namespaces:net",         "family:AF_INET"})
      add(word);
    return normalized(std::move(all));
  }();
  return grants;
}

inline Grant any_grant() { return *rc::gen::elementOf(all_grants()); }

inline std::vector<Grant> any_grants(int most = 6) {
  std::vector<Grant> grants;
  for (int i = *rc::gen::inRange(0, most); i > 0; --i) grants.push_back(any_grant());
  return normalized(std::move(grants));
}

inline const catalogue::Profile& any_profile() {
  return catalogue::profiles()[*rc::gen::inRange<std::size_t>(0, catalogue::profiles().size())];
}

// A service with a few lines of its own, some of which come from its drop-in.
inline LoadedUnit any_unit(const catalogue::Systemd& systemd) {
  std::string main = "[Service]\nExecStart=/usr/bin/a\n";
  std::string drop_in = "[Service]\n";
  for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
    const auto& [key, texts] = *rc::gen::elementOf(sample_lines());
    if (catalogue::find_directive(key)->since > systemd.version) continue;
    const bool in_main = *rc::gen::arbitrary<bool>();
    (in_main ? main : drop_in).append(fmt::format("{}={}\n", key, *rc::gen::elementOf(texts)));
  }
  Unit unit{*parse_unit_name("a.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
  unit.fragment = parse_unit_file(std::move(main), "/etc/systemd/system/a.service");
  unit.drop_ins.push_back(parse_unit_file(std::move(drop_in), "/etc/systemd/system/a.service.d/1.conf"));
  return load_settings(std::move(unit), {&systemd, {}});
}

inline Target any_target(const LoadedUnit& unit) {
  // Where the unit's own program is one of the system's.
  const bool split = *rc::gen::arbitrary<bool>();
  return {unit.systemd, catalogue::find_layout(split ? "split-usr" : "usr"), runs_as_of(unit.settings), {}};
}

inline Target any_bare_target() {
  return {&any_systemd(),
          catalogue::find_layout(*rc::gen::element("usr", "split-usr", "nix")),
          *rc::gen::element(RunsAs::root, RunsAs::user, RunsAs::dynamic_user, RunsAs::any),
          {}};
}

inline Policy policy_of(const catalogue::Profile& profile, std::vector<Grant> grants) {
  return {&profile, normalized(std::move(grants)), {}, {}};
}

inline std::string texts_of(const std::vector<Grant>& grants) {
  std::string text;
  for (const Grant& grant : grants) text += grant.text() + " ";
  return text;
}

// Each word as a line.
inline std::vector<std::string> lines_of(const Compiled& compiled) {
  std::vector<std::string> lines;
  for (const Written& written : compiled.settings)
    for (const std::string& word : written.words)
      lines.push_back(fmt::format("{}={}", catalogue::directive(written.directive).name, word));
  return lines;
}

// A folder of the host that is shown may cover one of the service's own.
inline constexpr Rights kHostOnly =
    static_cast<Rights>(kAllRights & ~static_cast<unsigned>(Right::scratch));

}  // namespace harden::testing
