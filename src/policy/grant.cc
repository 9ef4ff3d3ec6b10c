// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/grant.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include "settings/address.h"
#include "unit/specifiers.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Argument;

constexpr std::string_view kAny = "any";
constexpr unsigned kPortMax = 65535;
constexpr unsigned kFirstFreePort = 1024;   // below, CAP_NET_BIND_SERVICE is asked for

std::string to_upper(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

// The newest systemd knows all names that any does.
const catalogue::Systemd& newest() { return catalogue::systemds().back(); }

std::unexpected<Error> wrong(std::string_view word, std::string message, std::string hint) {
  return fail(Errc::invalid, fmt::format("grant `{}`: {}", word, message), {}, std::move(hint));
}

// Splits at commas that one of `starts` follows, so that a comma inside a path stays.
std::vector<std::string_view> split_before(std::string_view text,
                                           std::span<const std::string_view> starts) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == ',' && std::ranges::any_of(starts, [&](std::string_view start) {
          return text.substr(i + 1).starts_with(start);
        })) {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  parts.push_back(text.substr(begin));
  return parts;
}

// Absolute, without `.`, `..`, and doubled or trailing slashes; nothing if it cannot be that.
std::optional<std::string> normal_path(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  std::string normal;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return std::nullopt;
    normal += '/';
    normal += part;
  }
  return normal.empty() ? "/" : normal;
}

bool is_below(std::string_view path, std::string_view dir) {
  return path.starts_with(dir) && (path.size() == dir.size() || path[dir.size()] == '/');
}

// What systemd's own lists of paths, and of bind mounts, cannot hold without escapes of escapes.
constexpr std::string_view kHardCharacters = ":\"'\\";

bool are_of_instance(std::string_view text) {
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 2))
    if (i + 1 == text.size() || kInstanceSpecifiers.find(text[i + 1]) == std::string_view::npos)
      return false;
  return true;
}

Result<std::string> read_path(std::string_view word, const catalogue::Grant& row, std::string_view text,
                              bool of_template) {
  const bool optional = text.starts_with('-');
  if (optional) text.remove_prefix(1);
  if (text.find('%') != std::string_view::npos && !(of_template && are_of_instance(text)))
    return wrong(word, "only the running system can tell where the path is", "write the path itself");
  const auto path = normal_path(text);
  if (!path)
    return wrong(word, "not an absolute path without `..`", fmt::format("as in {}", row.examples.front()));
  if (path->find_first_of(kHardCharacters) != std::string::npos || escape_for_terminal(*path) != *path)
    return wrong(word, "a path with a colon, quote, backslash or a character that does not print",
                 "grant the folder that holds it");
  if (*path == "/") {
    if (row.name == "write") return wrong(word, "the whole system", "say system-write");
    if (row.name == "exec") return wrong(word, "everything", "say exec, with no path");
    return wrong(word, "the whole system can be read but for what has a grant of its own",
                 "say home-read for home folders");
  }
  if (is_below(*path, "/dev") && !is_below(*path, "/dev/shm"))
    return wrong(word, "a device takes more than a path", fmt::format("say device:{}", *path));
  return (optional ? "-" : "") + *path;
}

Result<std::string> read_device(std::string_view word, std::string_view text, bool of_template) {
  std::string access = "rw";
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    const std::string_view given = text.substr(colon + 1);
    if (given.empty() || given.find_first_not_of("rwm") != std::string_view::npos)
      return wrong(word, "the access to a device is of r, w and m", "as in device:/dev/sr0:r");
    access.clear();
    for (const char c : std::string_view("rwm"))
      if (given.find(c) != std::string_view::npos) access += c;
    text = text.substr(0, colon);
  }
  if (text.starts_with("char-") || text.starts_with("block-")) return fmt::format("{}:{}", text, access);
  const auto path = normal_path(text);
  if (!path || !is_below(*path, "/dev") || *path == "/dev" ||
      path->find_first_of(" \t\"'\\") != std::string::npos ||
      (path->find('%') != std::string::npos && !(of_template && are_of_instance(*path))))
    return wrong(word, "not a node below /dev, nor char-GROUP or block-GROUP", "as in device:/dev/ttyS0");
  return fmt::format("{}:{}", *path, access);
}

// Sorted, each once; empty for all.
Result<std::string> read_peers(std::string_view word, std::string_view text) {
  std::vector<std::string> peers;
  for (const std::string_view peer : split(text, ',')) {
    if (peer == kAny) return std::string();
    const std::vector<std::string> prefixes = parse_address_prefixes(peer);
    if (prefixes.empty())
      return wrong(word, fmt::format("`{}` is not an address", peer),
                   "an address, a prefix as 10.0.0.0/8, or localhost, link-local, multicast, any");
    // Words that stand for two prefixes stay words.
    peers.push_back(prefixes.size() == 1 ? prefixes.front() : std::string(peer));
  }
  std::ranges::sort(peers);
  const auto rest = std::ranges::unique(peers);
  peers.erase(rest.begin(), rest.end());
  return join(peers, ",");
}

std::optional<unsigned> read_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > kPortMax)
    return std::nullopt;
  return port;
}

// PORT[-PORT] or any, with /tcp or /udp behind it; tcp is left out.
Result<std::string> read_port_range(std::string_view word, std::string_view text) {
  constexpr std::string_view kForm = "as in listen:443, listen:53/udp, listen:8000-8010, listen:any";
  std::string_view protocol = "tcp";
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    protocol = text.substr(slash + 1);
    text = text.substr(0, slash);
    if (protocol != "tcp" && protocol != "udp")
      return wrong(word, fmt::format("`{}` is not tcp or udp", protocol), std::string(kForm));
  }
  std::string range;
  if (text == kAny) {
    range = text;
  } else {
    const std::size_t dash = text.find('-');
    const auto first = read_port(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : read_port(text.substr(dash + 1));
    if (!first || !last || *first > *last)
      return wrong(word, fmt::format("`{}` is not a port or a range of ports", text), std::string(kForm));
    range = *first == *last ? std::to_string(*first) : fmt::format("{}-{}", *first, *last);
  }
  return protocol == "tcp" ? range : range + "/udp";
}

Result<std::vector<std::string>> read_ports(std::string_view word, std::string_view text) {
  std::string suffix;
  if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
    HARDEN_TRY(const std::string peers, read_peers(word, text.substr(at + 1)));
    if (!peers.empty()) suffix = "@" + peers;
    text = text.substr(0, at);
  }
  std::vector<std::string> arguments;
  for (const std::string_view part : split(text, ',')) {
    HARDEN_TRY(const std::string range, read_port_range(word, part));
    arguments.push_back(range + suffix);
  }
  return arguments;
}

template <typename Range, typename Project>
std::string did_you_mean(std::string_view word, const Range& rows, Project project,
                         std::string_view otherwise) {
  std::vector<std::string_view> names;
  for (const auto& row : rows) names.push_back(project(row));
  const auto near = nearest(word, names);
  return near ? fmt::format("did you mean {}?", *near) : std::string(otherwise);
}

Result<std::string> read_family(std::string_view word, std::string_view text) {
  std::string name = to_upper(text);
  if (!name.starts_with("AF_")) name.insert(0, "AF_");
  const auto number = catalogue::find_family(newest(), name);
  if (!number)
    return wrong(
        word, "no address family of this name",
        did_you_mean(
            name, newest().families, [](const auto& row) { return row.name; }, "as in family:AF_VSOCK"));
  for (const auto& family : newest().families)
    if (family.number == *number) return std::string(family.name);
  return name;
}

Result<std::string> read_capability(std::string_view word, std::string_view text) {
  std::string name = to_upper(text);
  if (!name.starts_with("CAP_")) name.insert(0, "CAP_");
  if (std::ranges::find(newest().capabilities, name) == newest().capabilities.end())
    return wrong(word, "no capability of this name",
                 did_you_mean(
                     name, newest().capabilities, [](std::string_view known) { return known; },
                     "as in cap:CAP_NET_RAW"));
  return name;
}

Result<std::string> read_syscall(std::string_view word, std::string_view text) {
  if (text.starts_with('@') ? catalogue::find_group(newest(), text) != nullptr
                            : catalogue::find_syscall(text).has_value())
    return std::string(text);
  const std::string otherwise = "`systemd-analyze syscall-filter` lists them";
  return text.starts_with('@')
             ? wrong(word, "no group of system calls of this name",
                     did_you_mean(
                         text, newest().groups, [](const auto& row) { return row.name; }, otherwise))
             : wrong(word, "no system call of this name",
                     did_you_mean(
                         text, catalogue::syscalls(), [](const auto& row) { return row.name; }, otherwise));
}

Result<std::string> read_namespace(std::string_view word, std::string_view text) {
  const std::string name = to_lower(text);
  if (std::ranges::find(catalogue::kNamespaces, name, &catalogue::NamespaceKind::name) ==
      catalogue::kNamespaces.end())
    return wrong(word, fmt::format("`{}` is not a kind of namespace", text),
                 "one of cgroup, ipc, mnt, net, pid, user, uts");
  return name;
}

Result<std::vector<std::string>> read_arguments(std::string_view word, const catalogue::Grant& row,
                                                std::string_view text, bool of_template) {
  static constexpr std::array<std::string_view, 2> kPathStarts = {"/", "-/"};
  static constexpr std::array<std::string_view, 3> kDeviceStarts = {"/", "char-", "block-"};
  const auto each = [&](const std::vector<std::string_view>& parts, auto read) {
    std::vector<std::string> arguments;
    for (const std::string_view part : parts) {
      auto argument = read(part);
      if (!argument) return Result<std::vector<std::string>>(std::unexpected(argument.error()));
      arguments.push_back(std::move(*argument));
    }
    return Result<std::vector<std::string>>(std::move(arguments));
  };
  const auto by_comma = [&](Result<std::string> (*read)(std::string_view, std::string_view)) {
    return each(split(text, ','), [&](std::string_view part) { return read(word, part); });
  };
  switch (row.argument) {
    case Argument::none:
      break;
    case Argument::path:
      return each(split_before(text, kPathStarts),
                  [&](std::string_view part) { return read_path(word, row, part, of_template); });
    case Argument::device:
      return each(split_before(text, kDeviceStarts),
                  [&](std::string_view part) { return read_device(word, part, of_template); });
    case Argument::peers: {
      HARDEN_TRY(std::string peers, read_peers(word, text));
      std::vector<std::string> each_peer;
      for (const std::string_view peer : split(peers, ',')) each_peer.emplace_back(peer);
      return each_peer;
    }
    case Argument::ports:
      return read_ports(word, text);
    case Argument::family:
      return by_comma(read_family);
    case Argument::capability:
      return by_comma(read_capability);
    case Argument::syscall:
      return by_comma(read_syscall);
    case Argument::namespaces:
      return by_comma(read_namespace);
  }
  return wrong(word, fmt::format("{} takes no argument", row.name), fmt::format("say {}", row.name));
}

}  // namespace

std::string Grant::text() const {
  return argument.empty() ? std::string(row().name) : fmt::format("{}:{}", row().name, argument);
}

std::string joined_texts(std::span<const Grant> grants) {
  std::string text;
  for (const Grant& grant : grants) text += (text.empty() ? "" : ", ") + grant.text();
  return text;
}

Result<std::vector<Grant>> parse_grants(std::string_view word, bool of_template) {
  const std::size_t colon = word.find(':');
  const std::string_view name = word.substr(0, colon);
  const catalogue::Grant* row = catalogue::find_grant(name);
  if (row == nullptr)
    return wrong(word, "no grant of this name",
                 did_you_mean(
                     name, catalogue::grants(), [](const auto& one) { return one.name; },
                     "`harden grants` lists them"));
  if (colon == std::string_view::npos) {
    if (row->argument != Argument::none && !row->optional)
      return wrong(word, fmt::format("{} takes an argument", name),
                   fmt::format("as in {}", row->examples.front()));
    return std::vector<Grant>{{row->id, {}}};
  }
  HARDEN_TRY(std::vector<std::string> arguments,
             read_arguments(word, *row, word.substr(colon + 1), of_template));
  std::vector<Grant> grants;
  for (std::string& argument : arguments) grants.push_back({row->id, std::move(argument)});
  return grants;
}

GrantArgument read_argument(const Grant& grant) {
  GrantArgument result;
  std::string_view text = grant.argument;
  const auto read_peer_list = [&](std::string_view list) {
    for (const std::string_view peer : split(list, ',')) result.peers.emplace_back(peer);
  };
  switch (grant.row().argument) {
    case Argument::none:
      break;
    case Argument::path:
      result.optional_path = text.starts_with('-');
      result.path = text.substr(result.optional_path ? 1 : 0);
      break;
    case Argument::device: {
      const std::size_t colon = text.rfind(':');
      if (colon != std::string_view::npos)
        result.device = fmt::format("{} {}", text.substr(0, colon), text.substr(colon + 1));
      break;
    }
    case Argument::peers:
      if (!text.empty()) read_peer_list(text);
      break;
    case Argument::ports: {
      if (const std::size_t at = text.find('@'); at != std::string_view::npos) {
        read_peer_list(text.substr(at + 1));
        text = text.substr(0, at);
      }
      if (text.empty()) {
        result.low_port = true;
        break;
      }
      const bool udp = text.ends_with("/udp");
      if (udp) text.remove_suffix(std::string_view("/udp").size());
      result.bind = udp ? "udp" : "tcp";
      if (text == kAny) {
        result.low_port = true;
      } else {
        result.bind += fmt::format(":{}", text);
        result.low_port = read_port(text.substr(0, text.find('-'))).value_or(0) < kFirstFreePort;
      }
      break;
    }
    case Argument::family:
    case Argument::capability:
    case Argument::syscall:
    case Argument::namespaces:
      result.name = text;
      break;
  }
  return result;
}

std::vector<Grant> normalized(std::vector<Grant> grants) {
  std::ranges::sort(grants);
  const auto rest = std::ranges::unique(grants);
  grants.erase(rest.begin(), rest.end());
  return grants;
}

}  // namespace harden
