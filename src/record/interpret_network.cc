// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "catalogue/catalogue.h"
#include "record/interpret.h"

namespace harden::record {
namespace {

std::string numbered(unsigned number) { return "#" + std::to_string(number); }

std::optional<int> error_of(const Seen& seen) {
  return seen.ret >= 0 || seen.ret == -EINPROGRESS ? 0 : static_cast<int>(-seen.ret);
}

std::uint16_t port_at(const std::string& bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[2]) << 8U |
                                    static_cast<unsigned char>(bytes[3]));
}

// A unix socket's name from its bytes: a path up to its zero, or an abstract name whole.
std::string unix_name(const std::string& bytes) {
  const std::string name = bytes.substr(offsetof(sockaddr_un, sun_path));
  if (name.empty()) return {};
  if (name[0] == '\0') return "@" + name.substr(1);
  return name.substr(0, name.find('\0'));
}

void add_unix(const Seen& seen, UnixAction action, const std::string& bytes, std::vector<Finding>& out) {
  std::string name = unix_name(bytes);
  if (name.empty()) return;   // autobind
  if (name[0] != '@' && name[0] != '/' && !seen.from1.empty())
    name = normalize_path(seen.from1 + "/" + name);
  const auto error = error_of(seen);
  if (action == UnixAction::bind && name[0] == '/')
    out.push_back({FileUse{FileAccess::create, NodeType::socket, name, {}, true}, error});
  if (action == UnixAction::connect) {
    const bool is_system =
        name == "/run/dbus/system_bus_socket" || name == "/var/run/dbus/system_bus_socket";
    const bool is_session = name.starts_with("/run/user/") && name.ends_with("/bus");
    if (is_system || is_session) out.push_back({DbusUse{is_system ? "system" : "session", {}}, error});
  }
  out.push_back({UnixUse{action, socket_type_name(seen.type), std::move(name)}, error});
}

// bind, connect and the sends: the address is in name1.
void add_address(const Seen& seen, std::vector<Finding>& out) {
  const std::string& bytes = seen.name1;
  if (bytes.size() < 2) return;
  std::uint16_t family = 0;
  std::memcpy(&family, bytes.data(), sizeof(family));
  const bool is_bind = seen.call == "bind";
  const bool is_connect = seen.call == "connect";
  if (family == AF_UNIX) {
    add_unix(seen,
             is_bind      ? UnixAction::bind
             : is_connect ? UnixAction::connect
                          : UnixAction::send,
             bytes, out);
    return;
  }
  constexpr std::size_t kSize4 = 8;
  constexpr std::size_t kSize6 = 24;
  if ((family != AF_INET || bytes.size() < kSize4) && (family != AF_INET6 || bytes.size() < kSize6)) return;
  const std::size_t at = family == AF_INET ? 4 : 8;
  const std::string address =
      address_text(family, reinterpret_cast<const std::uint8_t*>(bytes.data()) + at);
  if (is_bind)
    out.push_back({BindUse{family_name(family), socket_type_name(seen.type), address, port_at(bytes)},
                   error_of(seen)});
  else
    out.push_back({PeerUse{is_connect ? PeerAction::connect : PeerAction::send, family_name(family),
                           socket_type_name(seen.type), address, port_at(bytes)},
                   error_of(seen)});
}

}  // namespace

std::string family_name(unsigned number) {
  const auto families = catalogue::nearest_systemd(catalogue::kVersions.back()).families;
  const auto at = std::ranges::find(families, number, &catalogue::AddressFamily::number);
  return at == families.end() ? numbered(number) : std::string(at->name);
}

std::string socket_type_name(unsigned type) {
  switch (type & 0xfU) {   // above are flags
    case SOCK_STREAM:
      return "SOCK_STREAM";
    case SOCK_DGRAM:
      return "SOCK_DGRAM";
    case SOCK_RAW:
      return "SOCK_RAW";
    case SOCK_RDM:
      return "SOCK_RDM";
    case SOCK_SEQPACKET:
      return "SOCK_SEQPACKET";
    case SOCK_DCCP:
      return "SOCK_DCCP";
    case SOCK_PACKET:
      return "SOCK_PACKET";
    default:
      return numbered(type & 0xfU);
  }
}

std::string address_text(unsigned family, const std::uint8_t* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const char* done = ::inet_ntop(static_cast<int>(family), bytes, text.data(), text.size());
  return done != nullptr ? done : "";
}

bool interpret_socket_call(const Seen& seen, std::vector<Finding>& out) {
  if (seen.call == "socket" || seen.call == "socketpair") {
    out.push_back({SocketUse{family_name(static_cast<unsigned>(seen.arg[0])),
                             socket_type_name(static_cast<unsigned>(seen.arg[1])),
                             static_cast<std::int32_t>(seen.arg[2])},
                   error_of(seen)});
    return true;
  }
  if (seen.call == "bind" || seen.call == "connect" || seen.call == "sendto" || seen.call == "sendmsg") {
    add_address(seen, out);
    return true;
  }
  if (seen.call == "accept" || seen.call == "accept4") {
    if (seen.family == AF_INET || seen.family == AF_INET6)
      out.push_back({PeerUse{PeerAction::accept, family_name(seen.family), socket_type_name(seen.type),
                             address_text(seen.family, seen.address.data()), seen.port},
                     0});
    return true;
  }
  if (seen.call == "listen") {
    // Known only that it has a port now: one that was bound is recorded as such, too.
    if (seen.family == AF_INET || seen.family == AF_INET6)
      out.push_back({BindUse{family_name(seen.family), socket_type_name(seen.type),
                             address_text(seen.family, seen.address.data()), seen.port},
                     0});
    return true;
  }
  return false;
}

}  // namespace harden::record
