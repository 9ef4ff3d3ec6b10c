// SPDX-License-Identifier: LGPL-2.1-or-later
#include "advise/candidates.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "catalogue/policy.h"
#include "unit/words.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Argument;
using catalogue::Danger;
using catalogue::DirectiveId;
using catalogue::GrantOp;

// So many addresses of machines stand for any.
constexpr std::size_t kManyPeers = 4;
// So many ports of one protocol, none of which takes a capability, stand for all of these.
constexpr std::size_t kManyPorts = 8;
constexpr std::uint16_t kFirstFreePort = 1024;

enum class PeerKind : std::uint8_t { loopback, local, world };
PeerKind peer_kind(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  const std::string plain = address.substr(0, address.find('%'));
  if (inet_pton(AF_INET, plain.c_str(), bytes.data()) == 1) {
    if (bytes[0] == 127) return PeerKind::loopback;
    const bool is_local = bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0U) == 16) ||
                          (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 169 && bytes[1] == 254);
    return is_local ? PeerKind::local : PeerKind::world;
  }
  if (inet_pton(AF_INET6, plain.c_str(), bytes.data()) != 1) return PeerKind::world;
  const bool is_loopback =
      std::all_of(bytes.begin(), bytes.end() - 1, [](unsigned char b) { return b == 0; }) &&
      bytes.back() == 1;
  if (is_loopback) return PeerKind::loopback;
  const bool is_local = (bytes[0] & 0xfeU) == 0xfc || (bytes[0] == 0xfe && (bytes[1] & 0xc0U) == 0x80);
  return is_local ? PeerKind::local : PeerKind::world;
}

class Finder {
 public:
  Finder(const DemandMap& unmet, const DemandMap& all, const OwnNames& names, const Sandbox& shut)
      : unmet_(unmet), all_(all), names_(names), shut_(shut) {}

  std::vector<Candidate> run() && {
    for (const catalogue::Grant& grant : catalogue::grants())
      if (grant.argument == Argument::none || grant.optional) keep({{grant.id, {}}});
    for (const auto& [demand, needs] : unmet_)
      std::visit([&](const auto& one) { take(one, needs); }, demand);
    // Where this systemd cannot tell ports apart, what is missing is the network; the port is its name.
    for (const auto& [demand, needs] : all_)
      if (const auto* port = std::get_if<PortDemand>(&demand); port != nullptr && port->port != 0)
        take(*port, needs);
    find_moves();
    add_paths();
    add_devices();
    add_ports();
    add_peers();
    add_groups();
    std::vector<Candidate> all;
    for (auto& [grant, candidate] : found_) all.push_back(std::move(candidate));
    return all;
  }

 private:
  void keep(Candidate candidate) {
    const auto [at, fresh] = found_.try_emplace(candidate.grant, candidate);
    // What is offered as more than the thing recorded stays so.
    if (!fresh && at->second.exact && !candidate.exact) at->second = std::move(candidate);
  }
  bool offer(const std::string& word, bool exact = false, std::string_view caution = {}) {
    const auto grants = parse_grants(word);
    if (!grants || grants->size() != 1) return false;
    keep({grants->front(), exact, caution});
    return true;
  }
  // The path or, where it cannot be written in a policy, the nearest folder above that can.
  void offer_path(std::string_view name, std::string path, bool exact, std::string_view caution) {
    // What is read may come and go, and the unit has to start without it, too.
    const std::string_view if_there = name == "read" ? "-" : "";
    while (path != "/" && !offer(fmt::format("{}:{}{}", name, if_there, path), exact, caution))
      path = folder_of(path);
  }

  // --- What the demands name ---------------------------------------------------------------------------

  using Needs = std::vector<const Judged*>;

  void take(const CapabilityDemand& demand, const Needs&) {
    const auto& names = catalogue::systemds().back().capabilities;
    if (demand.number < names.size()) offer(fmt::format("cap:{}", names[demand.number]), true);
  }
  void take(const CallDemand& demand, const Needs&) {
    if (const auto id = catalogue::find_syscall(demand.name)) calls_.set(*id);
    offer(fmt::format("syscalls:{}", demand.name), true);
  }
  void take(const FamilyDemand& demand, const Needs&) {
    offer(fmt::format("family:{}", demand.name), true);
  }
  void take(const PathDemand& demand, const Needs& needs) {
    if (demand.use == PathUse::scratch) return take(PathDemand{demand.path, PathUse::write}, needs);
    const bool is_write = demand.use == PathUse::write;
    const bool is_read = demand.use == PathUse::read;
    // A write to a file is to the file; what makes, removes or moves one is to its folder.
    const bool is_file = std::ranges::any_of(needs, [&](const Judged* one) {
      const auto* use = std::get_if<FileUse>(&one->need->detail);
      return use != nullptr && use->path == demand.path && use->type != NodeType::directory;
    });
    (is_write ? writes_ : is_read ? reads_ : executes_).push_back({demand.path, is_file || !is_write});
    offer_path(is_write ? "write" : is_read ? "read" : "exec", demand.path, true, caution(demand.path));
  }
  void take(const MoveDemand&, const Needs&) {}  // find_moves() looks at those that are met, too
  void take(const DeviceDemand& demand, const Needs&) {
    std::string& access = devices_[demand.path];
    if (access.find(demand.access) == std::string::npos) access += demand.access;
  }
  void take(const PeerDemand& demand, const Needs&) { peers_.insert(demand.address); }
  void take(const PortDemand& demand, const Needs& needs) {
    const std::string_view suffix = demand.is_udp ? "/udp" : "";
    if (demand.port == 0) {
      // SocketBindAllow= has no word for a port that is not known yet, but for all.
      offer(fmt::format("listen:any{}", suffix), false,
            "the kernel chose the port, and no rule says so but for all ports");
      return;
    }
    const bool is_local = std::ranges::all_of(needs, [](const Judged* one) {
      const auto* use = std::get_if<BindUse>(&one->need->detail);
      return use != nullptr && peer_kind(use->address) == PeerKind::loopback;
    });
    auto [at, fresh] = ports_[demand.is_udp].try_emplace(demand.port, is_local);
    at->second = at->second && is_local;
  }
  void take(const NamespaceDemand& demand, const Needs&) {
    for (const catalogue::NamespaceKind& kind : catalogue::namespaces())
      if (kind.bit == demand.bit) offer(fmt::format("namespaces:{}", kind.name), true);
  }
  void take(const ChoiceDemand&, const Needs&) {}  // grants with a word of their own

  // --- And what an expert makes of them ------------------------------------------------------------------

  [[nodiscard]] std::string_view caution(std::string_view path) const { return caution_of(path, names_); }

  // Folders between which files move, by their common parent, if one of them has to be opened.
  void find_moves() {
    const auto is_unmet = [&](const std::string& folder) {
      return unmet_.contains(PathDemand{folder, PathUse::write});
    };
    for (const auto& [demand, needs] : all_)
      if (const auto* move = std::get_if<MoveDemand>(&demand);
          move != nullptr && (unmet_.contains(demand) || is_unmet(move->from) || is_unmet(move->to)))
        moves_.insert(common_folder(move->from, move->to));
  }

  void add_paths() {
    for (const Place& place : generalize(writes_, names_))
      offer_path("write", place.path, false, place.caution);
    for (const std::string& folder : moves_) offer_path("write", folder, false, caution(folder));
    // Between two folders of one that is moved in there may be no mount.
    std::erase_if(found_, [&](const auto& entry) {
      const catalogue::Grant& row = entry.first.row();
      if (row.argument != Argument::path || entry.first.argument.empty()) return false;
      return std::ranges::any_of(moves_, [&](const std::string& folder) {
        return folder != "/" && entry.first.argument != folder &&
               is_at_or_below(entry.first.argument, folder);
      });
    });
    std::set<std::string> homes;
    for (const Spot& spot : reads_)
      if (spot.path.starts_with("/home/")) homes.insert(spot.path.substr(0, spot.path.find('/', 6)));
    for (const Place& place : read_places(homes)) offer_path("read", place.path, false, {});
    for (const Place& place : generalize(executes_, names_)) offer_path("exec", place.path, false, {});
  }
  // Of one user's files the folder; of several users' only home-read, which is offered anyway.
  [[nodiscard]] std::vector<Place> read_places(const std::set<std::string>& homes) {
    if (homes.size() > 1) {
      std::erase_if(reads_, [](const Spot& spot) { return spot.path.starts_with("/home/"); });
      std::erase_if(found_, [](const auto& entry) {
        return entry.first.row().name == "read" && entry.first.argument.starts_with("-/home/");
      });
    }
    std::map<std::string, std::size_t> per_folder;
    for (const Spot& spot : reads_) ++per_folder[folder_of(spot.path)];
    std::vector<Spot> spots;
    for (const Spot& spot : reads_) {
      const std::string folder = folder_of(spot.path);
      const bool is_alone = per_folder[folder] < 2 || is_shared_folder(folder);
      spots.push_back({is_alone ? spot.path : folder, false});
    }
    return generalize(spots, names_);
  }

  void add_devices() {
    for (const auto& [path, access] : devices_)
      if (!path.empty()) offer(fmt::format("device:{}:{}", path, access), true);
  }

  void add_ports() {
    for (const auto& [is_udp, ports] : ports_) {
      const std::string_view suffix = is_udp ? "/udp" : "";
      const auto is_free = [](const auto& entry) { return entry.first >= kFirstFreePort; };
      const bool are_many = std::ranges::count_if(ports, is_free) > static_cast<std::ptrdiff_t>(kManyPorts);
      if (are_many)
        offer(fmt::format("listen:{}-65535{}", kFirstFreePort, suffix), false,
              "it binds so many ports that they seem to be chosen at random");
      for (const auto& entry : ports)
        if (!are_many || !is_free(entry))
          offer(fmt::format("listen:{}{}{}", entry.first, suffix, entry.second ? "@localhost" : ""));
    }
  }

  void add_peers() {
    std::set<std::string> local;
    for (const std::string& address : peers_) {
      const PeerKind kind = peer_kind(address);
      if (kind == PeerKind::loopback) offer("connect:localhost");
      if (kind == PeerKind::local) local.insert(address);
    }
    // An address of the world is behind a name that may move; all of them is what can be said.
    if (local.size() > kManyPeers) return;
    for (const std::string& address : local)
      offer(fmt::format("connect:{}", address.substr(0, address.find('%'))));
  }

  // Groups of calls all of which are called or open already.
  void add_groups() {
    const catalogue::Systemd& systemd = *shut_.systemd;
    const catalogue::SyscallSet open = shut_.privileges.calls.named;
    for (const catalogue::SyscallGroup& group : systemd.groups) {
      const catalogue::SyscallSet native = group.calls & systemd.native_syscalls;
      if ((native & calls_).count() > 1 && native.is_subset_of(open | calls_))
        offer(fmt::format("syscalls:{}", group.name));
    }
  }

  const DemandMap& unmet_;
  const DemandMap& all_;
  const OwnNames& names_;
  const Sandbox& shut_;
  std::map<Grant, Candidate> found_;
  std::vector<Spot> writes_, reads_, executes_;
  std::set<std::string> moves_, peers_;
  std::map<std::string, std::string> devices_;
  std::map<bool, std::map<std::uint16_t, bool>> ports_;  // UDP → port → bound to this machine only
  catalogue::SyscallSet calls_;
};

// Does the grant open what the raw one names? Whether it opens more is not asked.
bool gives(const catalogue::Grant& row, const Grant& raw, const catalogue::Systemd& systemd) {
  const auto call = catalogue::find_syscall(raw.argument);
  return std::ranges::any_of(row.effects, [&](const catalogue::GrantEffect& effect) {
    switch (raw.row().argument) {
      case Argument::capability:
        return effect.op == GrantOp::capability && effect.word == raw.argument;
      case Argument::family:
        return effect.op == GrantOp::add && effect.directive == DirectiveId::RestrictAddressFamilies &&
               effect.word == raw.argument;
      default:
        break;
    }
    if (effect.op != GrantOp::add || effect.directive != DirectiveId::SystemCallFilter) return false;
    if (effect.word == raw.argument) return true;
    const auto* group = catalogue::find_group(systemd, effect.word);
    return group != nullptr && call && group->calls.test(*call);
  });
}

}  // namespace

DemandMap collect_demands(std::span<const Judged> needs, bool with_doubtful) {
  DemandMap demands;
  for (const Judged& one : needs)
    if (one.standing == Standing::needed || (with_doubtful && one.standing == Standing::doubtful))
      for (const Demand& demand : one.demands) demands[demand].push_back(&one);
  return demands;
}

std::vector<Candidate> find_candidates(const DemandMap& unmet, const DemandMap& all, const OwnNames& names,
                                       const Sandbox& shut) {
  return Finder(unmet, all, names, shut).run();
}

OwnNames own_names(const LoadedUnit& unit, const Recording& recording) {
  OwnNames names;
  const auto add = [&](std::string_view word) {
    std::string name(word);
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (!name.empty() && name != "root") names.insert(std::move(name));
  };
  add(unit.unit.name.prefix());
  add(unit.settings.text(DirectiveId::User));
  for (const Contribution& line : unit.contributions) {
    if (!catalogue::directive(line.directive).name.starts_with("Exec") || line.fate != Fate::counts)
      continue;
    const std::string_view command =
        line.text.substr(std::min(line.text.find_first_not_of("@-:+!|"), line.text.size()));
    add(base_name(command.substr(0, command.find_first_of(" \t"))));
  }
  // Of a command that has no unit, what it starts.
  for (const Source& source : recording.sources)
    if (!source.command.empty()) add(base_name(source.command.front()));
  // Interpreters and shells are nobody's name.
  for (const std::string_view common :
       {"sh", "bash", "dash", "env", "perl", "python3", "php", "java", "node"})
    names.erase(std::string(common));
  return names;
}

bool is_raw(const Grant& grant) {
  const Argument argument = grant.row().argument;
  return !grant.argument.empty() && (argument == Argument::syscall || argument == Argument::capability ||
                                     argument == Argument::family);
}

Danger danger_of(const Grant& grant, const catalogue::Systemd& systemd) {
  if (!is_raw(grant)) return grant.row().danger;
  std::optional<Danger> mildest;
  for (const catalogue::Grant& row : catalogue::grants())
    if (row.id != grant.id && gives(row, grant, systemd))
      mildest = mildest ? std::min(*mildest, row.danger) : row.danger;
  return mildest.value_or(grant.row().danger);
}

Compiled Trial::compile_with(std::vector<Grant> grants) const {
  return compile(Policy{policy_.profile, normalized(std::move(grants)), policy_.overrides, policy_.ignores},
                 implied_, target_, &unit_);
}

Sandbox Trial::sandbox_with(std::vector<Grant> grants) const {
  return make_sandbox(merged_settings(compile_with(std::move(grants)), target_, &unit_), *target_.systemd);
}

}  // namespace harden
