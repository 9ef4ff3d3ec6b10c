// SPDX-License-Identifier: LGPL-2.1-or-later
#include "advise/remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "catalogue/policy.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::DirectiveId;

template <typename Use, typename Test>
bool any_use(const Recording& recording, Test test) {
  return std::ranges::any_of(recording.needs, [&](const Need& need) {
    const auto* use = std::get_if<Use>(&need.detail);
    return use != nullptr && !need.failed() && test(*use);
  });
}

// Capabilities with which a service undoes what was shut, and how.
struct WayOut {
  std::string_view capability, how;
};
constexpr std::array kWaysOut = {
    WayOut{"CAP_SYS_ADMIN", "it may mount over its sandbox and enter other namespaces"},
    WayOut{"CAP_SYS_MODULE", "it may load code into the kernel"},
    WayOut{"CAP_SYS_RAWIO", "it may touch the hardware past the kernel"},
    WayOut{"CAP_SYS_PTRACE", "it may take over any process of the machine"},
    WayOut{"CAP_BPF", "it may load programs into the kernel"},
    WayOut{"CAP_MAC_ADMIN", "it may change the rules of the security modules"},
};

constexpr std::size_t kManyPrograms = 20;

}  // namespace

Classification classify(const Suggestion& suggestion, const Recording& recording, const Target& target,
                        const LoadedUnit& unit) {
  Classification result;
  const Trial trial(suggestion.policy, target, unit);
  const Sandbox box = trial.sandbox_with(suggestion.policy.grants);
  const auto grant_names = [&](std::string_view name) {
    return std::ranges::any_of(suggestion.grants,
                               [&](const SuggestedGrant& one) { return one.grant.row().name == name; });
  };
  const std::uint64_t held = box.is_root ? box.privileges.capabilities : box.privileges.ambient;
  for (const WayOut& way : kWaysOut) {
    const auto number = catalogue::find_capability(*target.systemd, way.capability);
    const bool is_granted =
        number && std::ranges::any_of(suggestion.grants, [&](const SuggestedGrant& one) {
          const Sandbox alone = trial.sandbox_with({one.grant});
          return ((box.is_root ? alone.privileges.capabilities : alone.privileges.ambient) >> *number &
                  1U) != 0;
        });
    if (is_granted && (held >> *number & 1U) != 0)
      result.reasons.push_back(fmt::format("{}: {}", way.capability, way.how));
  }
  if (box.settings.choice(DirectiveId::PrivateMounts).value_or(0) == 0 && grant_names("host-mounts"))
    result.reasons.emplace_back("host-mounts: no setting that is made of mounts is left");
  for (const auto& [name, how] :
       {std::pair<std::string_view, std::string_view>{
            "bus", "as root it may have systemd start what it wants, outside of the sandbox"},
        {"manager-sockets", "as root it gives orders to systemd itself"}})
    if (box.is_root && grant_names(name)) result.reasons.push_back(fmt::format("{}: {}", name, how));
  if (!result.reasons.empty()) result.sandboxing = Sandboxing::none;

  std::set<std::string_view> programs;
  for (const Need& need : recording.needs)
    if (const auto* use = std::get_if<FileUse>(&need.detail);
        use != nullptr && use->access == FileAccess::execute)
      programs.insert(use->path);
  const bool runs_shell = std::ranges::any_of(programs, [](std::string_view path) {
    const std::string_view name = base_name(path);
    return name == "sh" || name == "bash" || name == "dash";
  });
  std::vector<std::string> in_part;
  if (runs_shell && programs.size() >= kManyPrograms)
    in_part.push_back(fmt::format(
        "it runs {} programs and a shell: what they need tomorrow no recording tells", programs.size()));
  for (const SuggestedGrant& one : suggestion.grants)
    if (one.danger == catalogue::Danger::high)
      in_part.push_back(fmt::format("{}: {}", one.grant.text(), one.grant.row().opens));
  if (!in_part.empty() && result.sandboxing == Sandboxing::full) result.sandboxing = Sandboxing::part;
  std::ranges::move(in_part, std::back_inserter(result.reasons));
  return result;
}

std::vector<std::string> find_unexercised(const Recording& recording, const LoadedUnit& unit) {
  std::vector<std::string> clauses = objections(recording);
  const auto seen = [&](bool Source::* flag) { return std::ranges::any_of(recording.sources, flag); };
  if (!seen(&Source::reload_seen)) clauses.emplace_back("no reload");
  if (!seen(&Source::stop_seen)) clauses.emplace_back("no stop");
  std::set<std::string, std::less<>> lines;
  for (const Need& need : recording.needs)
    for (const Occurrence& one : need.seen) lines.insert(one.first.exec_line);
  lines.erase("");
  if (!lines.empty()) {
    std::set<std::string> missing;
    for (const Contribution& line : unit.contributions) {
      const std::string_view name = catalogue::directive(line.directive).name;
      if (!name.starts_with("Exec") || line.fate != Fate::counts || lines.contains(name)) continue;
      const auto& directive = catalogue::directive(line.directive);
      if (directive.kind == catalogue::Kind::commands && name != "ExecReload") missing.emplace(name);
    }
    for (const std::string& name : missing) clauses.push_back(fmt::format("no {}=", name));
  }
  const auto is_log = [](const FileUse& use) { return is_at_or_below(use.path, "/var/log"); };
  const bool writes_logs = any_use<FileUse>(recording, [&](const FileUse& use) {
    return is_log(use) && (use.access == FileAccess::write || use.access == FileAccess::create);
  });
  const bool rotates = any_use<FileUse>(
      recording, [&](const FileUse& use) { return is_log(use) && use.access == FileAccess::rename; });
  if (writes_logs && !rotates && !seen(&Source::reload_seen))
    clauses.emplace_back("no rotation of its logs");
  const bool has_tls = any_use<FileUse>(recording, [](const FileUse& use) {
    const std::string_view name = base_name(use.path);
    return use.access == FileAccess::map_execute &&
           (name.starts_with("libssl.") || name.starts_with("libgnutls.") || name.starts_with("libnss3."));
  });
  const bool reads_keys = any_use<FileUse>(recording, [](const FileUse& use) {
    return use.access == FileAccess::read &&
           (is_at_or_below(use.path, "/etc/ssl/certs") || is_at_or_below(use.path, "/etc/ssl/private") ||
            use.path.ends_with(".pem") || use.path.ends_with(".crt") || use.path.ends_with(".key"));
  });
  if (has_tls && !reads_keys)
    clauses.emplace_back("no TLS: its library is loaded, and no certificate or key was read");
  if (std::ranges::none_of(recording.needs, [](const Need& need) { return need.failed(); }))
    clauses.emplace_back("no error at all");
  return clauses;
}

std::vector<Advice> find_advice(const Suggestion& suggestion, const Recording& recording,
                                const LoadedUnit& unit) {
  std::vector<Advice> advice;
  const OwnNames names = own_names(unit, recording);
  bool low_port = false;
  bool switches = false;
  std::set<std::string_view> takes_root;
  for (const SuggestedGrant& one : suggestion.grants) {
    const GrantArgument argument = read_argument(one.grant);
    low_port = low_port || argument.low_port;
    switches = switches || one.grant.row().name == "switch-user";
    const bool only_starts = one.grant.row().name == "switch-user" || one.grant.row().name == "chown" ||
                             one.grant.row().name == "listen";
    const bool has_capability = std::ranges::any_of(
        one.grant.row().effects,
        [](const catalogue::GrantEffect& effect) { return effect.op == catalogue::GrantOp::capability; });
    if (has_capability && !only_starts) takes_root.insert(one.grant.row().name);
    if (argument.path.empty() || one.grant.row().name != "write") continue;
    for (const catalogue::Mount& row : catalogue::mounts()) {
      if (row.below.empty() || row.lists.empty()) continue;
      const std::string_view directive = catalogue::directive(row.lists.front()).name;
      // Its own folder, or one that it makes in the shared one.
      if (argument.path == row.below) {
        for (const Judged* need : one.evidence) {
          const auto* use = std::get_if<FileUse>(&need->need->detail);
          if (use == nullptr || use->access != FileAccess::create || folder_of(use->path) != row.below)
            continue;
          advice.push_back({fmt::format("{}={}", directive, unit.unit.name.prefix()),
                            fmt::format("a folder of its own would do for {}, in place of {}", use->path,
                                        one.grant.text())});
          break;
        }
      } else if (folder_of(argument.path) == row.below && caution_of(argument.path, names).empty()) {
        advice.push_back({fmt::format("{}={}", directive, base_name(argument.path)),
                          fmt::format("systemd would make the folder and hand it over, in place of {}",
                                      one.grant.text())});
      }
    }
  }
  if (low_port)
    advice.push_back({"a socket unit",
                      "systemd would bind the low port, and neither the service nor its policy had to"});
  if (!runs_as_root(unit.settings)) return advice;
  if (switches)
    advice.push_back({"User=",
                      "started as the user that it becomes, it would not need switch-user, if it knows how "
                      "to do without"});
  else if (takes_root.empty())
    advice.push_back({"DynamicUser=yes or User=",
                      "it runs as root, and nothing that was recorded takes root; as root it may write "
                      "whatever root owns"});
  return advice;
}

}  // namespace harden
