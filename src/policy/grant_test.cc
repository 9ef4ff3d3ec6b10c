// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/grant.h"

#include <gtest/gtest.h>

#include <array>

namespace harden {
namespace {

std::string texts(std::string_view word) {
  const auto grants = parse_grants(word);
  if (!grants) return "error: " + grants.error().hint;
  std::string text;
  for (const Grant& grant : *grants) text += (text.empty() ? "" : " ") + grant.text();
  return text;
}

TEST(ParseGrants, GivesOneSpellingToEachGrant) {
  const std::array<std::pair<std::string_view, std::string_view>, 22> cases = {{
      {"jit", "jit"},
      {"listen:443", "listen:443"},
      {"listen:443/tcp", "listen:443"},
      {"listen:80,443", "listen:80 listen:443"},
      {"listen:53/udp,53", "listen:53/udp listen:53"},
      {"listen:8000-8010", "listen:8000-8010"},
      {"listen:80,443@10.1.2.3/8,localhost",
       "listen:80@10.0.0.0/8,localhost listen:443@10.0.0.0/8,localhost"},
      {"listen:any@any", "listen:any"},
      {"connect", "connect"},
      {"connect:any", "connect"},
      {"connect:localhost,10.0.0.0/8", "connect:10.0.0.0/8 connect:localhost"},
      {"write:/srv//x/,/srv/y", "write:/srv/x write:/srv/y"},
      {"write:-/srv/a,b", "write:-/srv/a,b"},
      {"exec", "exec"},
      {"device:/dev/sr0", "device:/dev/sr0:rw"},
      {"device:/dev/sr0:mr,char-drm:r", "device:/dev/sr0:rm device:char-drm:r"},
      {"cap:net_raw,CAP_CHOWN", "cap:CAP_NET_RAW cap:CAP_CHOWN"},
      {"family:vsock", "family:AF_VSOCK"},
      {"family:AF_LOCAL", "family:AF_UNIX"},
      {"syscalls:@mount,bpf", "syscalls:@mount syscalls:bpf"},
      {"namespaces:user,MNT", "namespaces:user namespaces:mnt"},
      {"namespaces", "namespaces"},
  }};
  for (const auto& [word, expected] : cases) EXPECT_EQ(texts(word), expected) << word;
}

TEST(ParseGrants, NamesTheWayOut) {
  const std::array<std::pair<std::string_view, std::string_view>, 17> cases = {{
      {"lisen:443", "error: did you mean listen?"},
      {"write", "error: as in write:/srv/www"},
      {"jit:yes", "error: say jit"},
      {"listen:0", "error: as in listen:443, listen:53/udp, listen:8000-8010, listen:any"},
      {"listen:70000", "error: as in listen:443, listen:53/udp, listen:8000-8010, listen:any"},
      {"listen:9-8", "error: as in listen:443, listen:53/udp, listen:8000-8010, listen:any"},
      {"listen:53/sctp", "error: as in listen:443, listen:53/udp, listen:8000-8010, listen:any"},
      {"connect:example.org",
       "error: an address, a prefix as 10.0.0.0/8, or localhost, link-local, multicast, any"},
      {"write:srv", "error: as in write:/srv/www"},
      {"write:/srv/../etc", "error: as in write:/srv/www"},
      {"write:/", "error: say system-write"},
      {"write:/dev/sda", "error: say device:/dev/sda"},
      {"device:sda", "error: as in device:/dev/ttyS0"},
      {"device:/dev/sda:x", "error: as in device:/dev/sr0:r"},
      {"cap:CAP_NET_BIND_SERVCE", "error: did you mean CAP_NET_BIND_SERVICE?"},
      {"syscalls:@system-servic", "error: did you mean @system-service?"},
      {"namespaces:time", "error: one of cgroup, ipc, mnt, net, pid, user, uts"},
  }};
  for (const auto& [word, expected] : cases) EXPECT_EQ(texts(word), expected) << word;
}

TEST(ParseGrants, TakesEveryExampleOfTheCatalogue) {
  for (const catalogue::Grant& row : catalogue::grants())
    for (const std::string_view example : row.examples) {
      const auto grants = parse_grants(example);
      ASSERT_TRUE(grants) << example;
      for (const Grant& grant : *grants) {
        const auto again = parse_grants(grant.text());
        ASSERT_TRUE(again) << grant.text();
        EXPECT_EQ(*again, std::vector<Grant>{grant});
      }
    }
}

}  // namespace
}  // namespace harden
