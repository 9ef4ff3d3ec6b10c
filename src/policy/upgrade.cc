// SPDX-License-Identifier: LGPL-2.1-or-later
// A question of the lattice: begin with every grant that could help, then leave out one after another as
// long as today's privileges stay below. Compiling is monotone in the grants, so what cannot be left out
// once cannot be left out later either, and no proper subset of what remains is enough. The order decides
// which of several such sets it is: what opens too much goes first, then the raw names that a grant with a
// meaning covers.
#include "policy/upgrade.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "policy/closed.h"

namespace harden {
namespace {

using catalogue::Argument;
using catalogue::DirectiveId;

// What a unit says of these the profile says instead, or a grant on it: the profile's own directives, and
// the lists of exceptions from them.
std::set<DirectiveId> replaced_by(const catalogue::Profile& profile) {
  std::set<DirectiveId> ids;
  for (const catalogue::ProfileSetting& setting : profile.settings) ids.insert(setting.directive);
  for (const catalogue::Directive& directive : catalogue::directives())
    if (directive.excepts && ids.contains(*directive.excepts)) ids.insert(directive.id);
  if (ids.contains(DirectiveId::ProtectSystem)) ids.insert(DirectiveId::ReadWritePaths);
  return ids;
}

class Upgrader {
 public:
  Upgrader(const Policy* today, const catalogue::Profile& to, const Target& target, const LoadedUnit& unit)
      : to_(to), target_(target), unit_(today == nullptr ? without_replaced(unit, to) : unit) {
    implied_ = find_implied_grants(unit_, *target.layout);
    const Settings now =
        today == nullptr ? unit.settings : merged_settings(compile(*today, target, &unit), target, &unit);
    today_ = read(now);
    if (today != nullptr) candidates_ = today->grants;
    if (today == nullptr)
      for (const Contribution& line : unit.contributions)
        if (!is_written(&unit_, line.directive)) replaced_.insert(line.directive);
    find_candidates(now);
  }

  [[nodiscard]] bool is_enough(const std::vector<Grant>& grants) const {
    return today_ <= privileges_with(grants);
  }

  Upgrade run() && {
    Upgrade result;
    result.replaced.assign(replaced_.begin(), replaced_.end());
    const Privileges most = privileges_with(candidates_);
    result.lost = excess(today_, most);
    if (!result.lost.empty()) return result;
    leave_out();
    const Privileges bare = join(today_, privileges_with({}));
    for (const Grant& grant : candidates_)
      result.grants.push_back({grant, !(privileges_with({grant}) <= bare)});
    return result;
  }

 private:
  [[nodiscard]] Privileges privileges_with(std::vector<Grant> grants) const {
    const Policy policy{&to_, normalized(std::move(grants)), {}, {}};
    const Compiled compiled = compile(policy, implied_, target_, &unit_);
    return read(merged_settings(compiled, target_, &unit_));
  }

  // What its author meant a unit to do, not what its settings undo of each other; of the names that mean
  // something on this machine.
  [[nodiscard]] Privileges read(const Settings& settings) const {
    Privileges all = interpret(settings, *target_.systemd, Reading::claimed);
    const std::size_t capabilities = target_.systemd->capabilities.size();
    if (capabilities < 64) all.capabilities &= (std::uint64_t{1} << capabilities) - 1;
    all.calls.named &= target_.systemd->native_syscalls;
    // Without new privileges nothing that it runs gets what it does not have at its start.
    const auto no_new_privileges = static_cast<std::size_t>(DirectiveId::NoNewPrivileges);
    if (target_.runs_as != RunsAs::root && all.choices.at(no_new_privileges) == 0)
      all.capabilities = all.ambient;
    PathAccess::Changes changes;
    for (const auto& [path, rights] : all.paths.changes()) {
      auto [at, fresh] = changes.try_emplace(real_path(*target_.layout, path), rights);
      if (!fresh) at->second = static_cast<Rights>(at->second | rights);
    }
    all.paths = PathAccess(std::move(changes));
    return all;
  }

  void add(std::string_view text) {
    if (auto grants = parse_grants(text))
      candidates_.insert(candidates_.end(), grants->begin(), grants->end());
  }

  void find_candidates(const Settings& now) {
    for (const catalogue::Grant& grant : catalogue::grants())
      if (grant.argument == Argument::none || grant.optional) candidates_.push_back({grant.id, {}});
    const Privileges shut = privileges_with({});
    add_names(shut);
    for (const auto& [path, rights] : today_.paths.changes()) {
      if (has_right(rights, Right::write)) add(fmt::format("write:{}{}", optional_mark(now, path), path));
      if (has_right(rights, Right::execute)) add(fmt::format("exec:{}", path));
      if (has_right(rights, Right::read)) add(fmt::format("read:{}", path));
    }
    std::map<std::string, std::string, std::less<>> devices;   // node → access
    for (const std::string& device : today_.devices.words) {
      const std::size_t blank = device.find(' ');
      if (blank != std::string::npos) devices[device.substr(0, blank)] += device.substr(blank + 1);
    }
    for (const auto& [node, access] : devices) add(fmt::format("device:{}:{}", node, access));
    if (const Value* peers = now.find(DirectiveId::IPAddressAllow))
      for (const std::string& peer : std::get<WordSet>(*peers).words) add(fmt::format("connect:{}", peer));
    if (const Words* ports = now.words(DirectiveId::SocketBindAllow))
      for (const std::string& rule : ports->words) add_port(rule);
    candidates_ = normalized(std::move(candidates_));
  }

  // "-" for a path that the unit takes as it may be absent: it need not be there tomorrow either.
  static std::string_view optional_mark(const Settings& now, std::string_view path) {
    const Words* list = now.words(DirectiveId::ReadWritePaths);
    const std::string marked = fmt::format("-{}", path);
    return list != nullptr && std::ranges::find(list->words, marked) != list->words.end() ? "-" : "";
  }

  void add_names(const Privileges& shut) {
    const auto& names = target_.systemd->capabilities;
    for (unsigned bit = 0; bit < names.size(); ++bit)
      if (((today_.capabilities & ~shut.capabilities) >> bit & 1U) != 0 ||
          ((today_.ambient & ~shut.ambient) >> bit & 1U) != 0)
        add(fmt::format("cap:{}", names[bit]));
    for (const catalogue::AddressFamily& family : target_.systemd->families)
      if (today_.families.contains(family.name) && !shut.families.contains(family.name))
        add(fmt::format("family:{}", family.name));
    for (const catalogue::NamespaceKind& kind : catalogue::namespaces())
      if ((today_.namespaces & ~shut.namespaces & kind.bit) != 0)
        add(fmt::format("namespaces:{}", kind.name));
    if (today_.calls.others)
      return;   // without a filter, or with a deny list, only the filter's end will do
    const catalogue::SyscallSet missing = today_.calls.named & ~shut.calls.named;
    for (const catalogue::SyscallGroup& group : target_.systemd->groups) {
      const catalogue::SyscallSet native = group.calls & target_.systemd->native_syscalls;
      if ((native & missing).count() > 1 && native.is_subset_of(today_.calls.named))
        add(fmt::format("syscalls:{}", group.name));
    }
    for (const std::uint16_t call : missing)
      add(fmt::format("syscalls:{}", catalogue::syscalls()[call].name));
  }

  // "tcp:80", "ipv4:udp:53", "any"
  void add_port(std::string_view rule) {
    std::string_view protocol;
    std::string_view port = "any";
    while (!rule.empty()) {
      const std::size_t colon = rule.find(':');
      const std::string_view part = rule.substr(0, colon);
      if (part == "tcp" || part == "udp")
        protocol = part;
      else if (part != "ipv4" && part != "ipv6")
        port = part;
      rule.remove_prefix(colon == std::string_view::npos ? rule.size() : colon + 1);
    }
    if (protocol != "udp") add(fmt::format("listen:{}", port));
    if (protocol != "tcp") add(fmt::format("listen:{}/udp", port));
  }

  // How late a grant is left out. What opens too much goes first, the worst of it before all; then names
  // that one with a meaning covers; last what stands for many, such as all capabilities.
  struct Rank {
    bool exact = false;
    int safety = 0;
    int breadth = 0;
    Grant grant;
    friend auto operator<=>(const Rank&, const Rank&) = default;
  };
  [[nodiscard]] static Rank rank(const Grant& grant, bool exceeds) {
    const Argument argument = grant.row().argument;
    const bool is_raw =
        argument == Argument::syscall || argument == Argument::capability || argument == Argument::family;
    const bool stands_for_all = grant.row().optional && grant.argument.empty();
    int breadth = 2;
    if (is_raw) breadth = grant.argument.starts_with('@') ? 1 : 0;
    if (stands_for_all) breadth = 3;
    if (!exceeds) return {true, 0, breadth, grant};
    return {false, -static_cast<int>(grant.row().danger), -breadth, grant};
  }

  void leave_out() {
    const Privileges bare = join(today_, privileges_with({}));
    std::vector<Rank> order;
    order.reserve(candidates_.size());
    for (const Grant& grant : candidates_)
      order.push_back(rank(grant, !(privileges_with({grant}) <= bare)));
    std::ranges::sort(order);
    for (const Rank& one : order) {
      std::vector<Grant> without = candidates_;
      std::erase(without, one.grant);
      if (is_enough(without)) candidates_ = std::move(without);
    }
  }

  const catalogue::Profile& to_;
  const Target& target_;
  LoadedUnit unit_;
  std::vector<ImpliedUse> implied_;
  Privileges today_;
  std::vector<Grant> candidates_;
  std::set<DirectiveId> replaced_;
};

}  // namespace

LoadedUnit without_replaced(const LoadedUnit& unit, const catalogue::Profile& profile) {
  const std::set<DirectiveId> ids = replaced_by(profile);
  LoadedUnit stripped = unit;
  for (const DirectiveId id : ids) (void)stripped.settings.take(id);
  std::erase_if(stripped.contributions,
                [&](const Contribution& line) { return ids.contains(line.directive); });
  apply_implications(stripped.settings, *stripped.systemd, catalogue::Stage::load, nullptr);
  return stripped;
}

Upgrade upgrade(const Policy* today, const catalogue::Profile& to, const Target& target,
                const LoadedUnit& unit) {
  return Upgrader(today, to, target, unit).run();
}

bool keeps_all(const Policy* today, const catalogue::Profile& to, const std::vector<Grant>& grants,
               const Target& target, const LoadedUnit& unit) {
  return Upgrader(today, to, target, unit).is_enough(grants);
}

}  // namespace harden
