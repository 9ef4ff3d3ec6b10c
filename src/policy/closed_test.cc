// SPDX-License-Identifier: LGPL-2.1-or-later
// What profile and grants come to without a unit: for one directive of each case the words that are
// written.
#include "policy/closed.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "util/text.h"

namespace harden {
namespace {

using catalogue::DirectiveId;
using catalogue::Fact;

struct Case {
  std::string_view what;
  std::string_view profile, grants;  // grants by blanks
  RunsAs runs_as;
  unsigned systemd;
  DirectiveId directive;
  std::string_view words;  // by blanks; `""` an empty one
  std::string_view layout = "usr";
};

Policy policy_of(std::string_view profile, std::string_view grants) {
  Policy policy{catalogue::find_profile(profile), {}, {}, {}};
  for (const std::string_view word : split(grants, ' ')) {
    if (word.empty()) continue;
    const std::vector<Grant> more = parse_grants(word).value();
    policy.grants.insert(policy.grants.end(), more.begin(), more.end());
  }
  policy.grants = normalized(std::move(policy.grants));
  return policy;
}

std::string words_of(const Compiled& compiled, DirectiveId id) {
  const auto at = std::ranges::find(compiled.settings, id, &Written::directive);
  if (at == compiled.settings.end()) return "-";
  std::string text;
  for (const std::string& word : at->words)
    text += (text.empty() ? "" : " ") + (word.empty() ? "\"\"" : word);
  return text;
}

constexpr RunsAs kRoot = RunsAs::root;
constexpr RunsAs kUser = RunsAs::user;
using enum DirectiveId;

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"a home is bound into an empty folder", "strict@1", "write:/home/a", kUser, 257, ProtectHome,
       "tmpfs"},
      {"to write", "strict@1", "write:/home/a", kUser, 257, BindPaths, "/home/a"},
      {"to read", "strict@1", "read:/root/.netrc", kUser, 257, BindReadOnlyPaths, "/root/.netrc /usr"},
      {"homes to read leave one to write", "strict@1", "home-read write:/home/a", kUser, 257,
       ReadWritePaths, "/home/a"},
      {"beside a private /tmp the host's is bound", "strict@1", "write:/tmp/a", kUser, 257, BindPaths,
       "/tmp/a"},
      {"with the host's /tmp it is only writable", "strict@1", "tmp write:/tmp/a", kUser, 257,
       ReadWritePaths, "-/tmp -/var/tmp"},
      {"a light profile has no /tmp to open", "light@1", "write:/tmp/a", kUser, 257, BindPaths, "-"},
      {"/etc is read-only, and stays so to execute", "strict@1", "exec:/etc/a", kUser, 257,
       BindReadOnlyPaths, "/etc/a /usr"},
      {"where it may be executed", "strict@1", "exec:/etc/a", kUser, 257, ExecPaths, "/usr /etc/a"},
      {"and written only with a grant", "strict@1", "exec:/etc/a write:/etc/a", kUser, 257,
       BindReadOnlyPaths, "/usr"},
      {"whoever it is, what root needs is there", "strict@1", "chown", RunsAs::any, 257,
       CapabilityBoundingSet, "CAP_CHOWN"},
      {"and what another user needs, but no more", "strict@1", "listen:80 chown", RunsAs::any, 257,
       AmbientCapabilities, "CAP_NET_BIND_SERVICE"},
      {"and nothing that is a surprise to one of them", "light@1", "", RunsAs::any, 252, RestrictRealtime,
       "-"},
      {"a path below another is not listed", "strict@1", "write:/srv write:/srv/a/b", kUser, 257,
       ReadWritePaths, "/srv"},
      {"nor one to read below one to write", "strict@1", "write:/home/a read:/home/a/b", kUser, 257,
       BindReadOnlyPaths, "/usr"},
      {"but one to write below one to read is", "strict@1", "read:/home/a write:/home/a/b", kUser, 257,
       BindPaths, "/home/a/b"},
      {"another tree's opening is none", "strict@1", "write:/var write:/var/tmp/a", kUser, 257, BindPaths,
       "/var/tmp/a"},
      {"to read neither", "baseline@1", "read:/run read:/run/user/1", kUser, 257, BindReadOnlyPaths,
       "/run/user/1"},
      {"a path that may be absent keeps its mark", "strict@1", "write:-/srv/a", kUser, 257, ReadWritePaths,
       "-/srv/a"},
      {"and nothing waits for it", "strict@1", "write:-/srv/a", kUser, 257, RequiresMountsFor, "-"},
      {"others are waited for", "strict@1", "write:/srv/a read:/home/b", kUser, 257, RequiresMountsFor,
       "/home/b /srv/a"},
      {"if something is written for them", "light@1", "write:/srv/a", kUser, 257, RequiresMountsFor, "-"},
      {"blanks and % stay in a path", "strict@1", "write:/srv/a,b", kUser, 257, ReadWritePaths, "/srv/a,b"},
      {"/lib is a link into /usr", "strict@1", "write:/lib/a", kUser, 257, ReadWritePaths, "/usr/lib/a"},
      {"or a folder of its own", "strict@1", "write:/lib/a", kUser, 257, ReadWritePaths, "/lib/a",
       "split-usr"},
      {"programs lie where the layout has them", "strict@1", "", kUser, 257, ExecPaths, "/nix/store",
       "nix"},

      {"what has a mount of its own is named", "baseline@1", "", kUser, 257, NoExecPaths,
       "/ -/dev/shm -/var/tmp /dev /run /tmp"},
      {"a path that is opened too", "strict@1", "write:/srv/a", kUser, 257, NoExecPaths,
       "/ -/dev/shm -/var/tmp /dev /run /srv/a /tmp"},
      {"but none that may be executed", "strict@1", "write:/srv/a exec:/srv", kUser, 257, NoExecPaths,
       "/ -/dev/shm -/var/tmp /dev /run /tmp"},
      {"nor what is no mount any more", "baseline@1", "tmp", kUser, 257, NoExecPaths,
       "/ -/dev/shm /dev /run"},
      {"a tree that is read-only leaves /run out", "strict@1", "", kUser, 257, ReadOnlyPaths, "/run"},
      {"one that is not does not", "baseline@1", "", kUser, 257, ReadOnlyPaths, "-"},
      {"nor if it is opened", "strict@1", "write:/run", kUser, 257, ReadOnlyPaths, "-"},
      {"a place in it is opened by itself", "strict@1", "write:/run/a", kUser, 257, ReadOnlyPaths, "/run"},

      {"a low port takes its capability", "strict@1", "listen:80", kRoot, 257, CapabilityBoundingSet,
       "CAP_NET_BIND_SERVICE"},
      {"which root has by itself", "strict@1", "listen:80", kRoot, 257, AmbientCapabilities, "-"},
      {"and another user does not", "strict@1", "listen:80", kUser, 257, AmbientCapabilities,
       "CAP_NET_BIND_SERVICE"},
      {"in the host's user namespace", "strict@1", "listen:80", kUser, 257, PrivateUsers, "-"},
      {"a high port takes none", "strict@1", "listen:8080", kUser, 257, CapabilityBoundingSet, "\"\""},
      {"nor the host's users", "strict@1", "listen:8080", kUser, 257, PrivateUsers, "yes"},
      {"ports add up", "strict@1", "listen:8080 listen:53/udp", kUser, 257, SocketBindAllow,
       "tcp:8080 udp:53"},
      {"any port is no exception", "strict@1", "listen listen:8080", kUser, 257, SocketBindAllow, "-"},
      {"peers add up", "strict@1", "connect:10.0.0.0/8 listen:8080@localhost", kUser, 257, IPAddressAllow,
       "10.0.0.0/8 localhost"},
      {"until all are let through", "strict@1", "connect connect:10.0.0.0/8", kUser, 257, IPAddressDeny,
       "-"},
      {"then none is named", "strict@1", "connect connect:10.0.0.0/8", kUser, 257, IPAddressAllow, "-"},

      {"a device shows /dev", "strict@1", "gpu", kUser, 257, PrivateDevices, "-"},
      {"whose other nodes stay shut", "baseline@1", "gpu", kUser, 257, DevicePolicy, "closed"},
      {"but for the one named", "baseline@1", "gpu", kUser, 257, DeviceAllow, "char-drm rw"},
      {"a profile without device policy needs no rule", "light@1", "gpu", kUser, 257, DeviceAllow, "-"},
      {"what PrivateDevices= denied stays denied", "baseline@1", "gpu syscalls", kUser, 257,
       SystemCallFilter, "-"},

      {"the module folders alone", "light@1", "module-files", kRoot, 257, ProtectKernelModules, "-"},
      {"leave the capability away", "light@1", "module-files", kRoot, 257, CapabilityBoundingSet,
       "~CAP_SYS_MODULE"},
      {"and the calls", "light@1", "module-files", kRoot, 257, SystemCallFilter, "~@module"},
      {"which modules opens", "light@1", "modules", kRoot, 257, SystemCallFilter, "-"},
      {"both in whatever order", "light@1", "modules module-files", kRoot, 257, CapabilityBoundingSet, "-"},

      {"light@1 spares NoNewPrivileges= of a user on 252", "light@1", "", kUser, 252, LockPersonality, "-"},
      {"with every filter", "light@1", "", kUser, 252, SystemCallArchitectures, "-"},
      {"also such as stay behind", "light@1", "module-files", kUser, 252, SystemCallFilter, "-"},
      {"and keeps what is none", "light@1", "", kUser, 252, ProtectControlGroups, "yes"},
      {"of root nothing", "light@1", "", kRoot, 252, LockPersonality, "yes"},
      {"on 257 nothing", "light@1", "", kUser, 257, LockPersonality, "yes"},

      {"set-id programs need capset on 257", "strict@1", "setuid-programs", kUser, 257, SystemCallFilter,
       "@system-service ~@privileged ~@resources ~io_uring_enter ~io_uring_register ~io_uring_setup "
       "~memfd_create capset"},
      {"set-id programs go with every filter of a user on 252", "strict@1", "setuid-programs", kUser, 252,
       SystemCallFilter, "-"},
      {"of any kind", "strict@1", "setuid-programs", kUser, 252, LockPersonality, "-"},
      {"and leave what is none", "strict@1", "setuid-programs", kUser, 252, ProtectSystem, "strict"},
      {"on 257 filters stay", "strict@1", "setuid-programs", kUser, 257, LockPersonality, "yes"},
      {"only new privileges", "strict@1", "setuid-programs", kUser, 257, NoNewPrivileges, "-"},
      {"and other users come", "strict@1", "setuid-programs", kUser, 257, PrivateUsers, "-"},
      {"as for root on 252", "strict@1", "setuid-programs", kRoot, 252, SystemCallArchitectures, "native"},

      {"252 has no PrivatePIDs=", "strict@1", "", kRoot, 252, PrivatePIDs, "-"},
      {"and was built without BPF", "strict@1", "", kRoot, 252, SocketBindDeny, "-"},
      {"so has no exceptions from it", "strict@1", "listen:8080", kRoot, 252, SocketBindAllow, "-"},
      {"a private ProtectControlGroups= is not asked for", "strict@1", "", kRoot, 257, ProtectControlGroups,
       "yes"},
      {"what an allow list lacks can be granted", "strict@1", "syscalls:@mount", kRoot, 257,
       SystemCallErrorNumber, "EPERM"},
      {"a call that is denied by name is no longer", "strict@1", "jit", kUser, 257, SystemCallFilter,
       "@system-service ~@privileged ~@resources ~io_uring_enter ~io_uring_register ~io_uring_setup "
       "memfd_create"},
      {"kinds of namespaces add up", "strict@1", "namespaces:user namespaces:net", kUser, 257,
       RestrictNamespaces, "net user"},
      {"a mask is the join of two", "strict@1", "group-readable group-writable", kUser, 257, UMask, "0007"},
      {"with the world's", "strict@1", "group-writable world-readable", kUser, 257, UMask, "0002"},
      {"what a profile leaves to systemd is its default", "light@1", "group-writable", kUser, 257, UMask,
       "0002"},
      {"which may be as loose already", "light@1", "world-readable", kUser, 257, UMask, "-"},
      {"also of a choice", "baseline@1", "keyring", kRoot, 257, KeyringMode, "shared"},
      {"the bus is shown, the manager's doors are not", "strict@1", "bus", kRoot, 257, InaccessiblePaths,
       "-/run/systemd/io.systemd.Manager -/run/systemd/private"},
      {"with both nothing is hidden", "strict@1", "bus manager-sockets", kRoot, 257, InaccessiblePaths,
       "-"},
  };
  return all;
}

TEST(Closed, WritesForEachDirective) {
  for (const Case& one : cases()) {
    const Target target{
        catalogue::find_systemd(one.systemd), catalogue::find_layout(one.layout), one.runs_as, {}, {}};
    const Compiled compiled = compile(policy_of(one.profile, one.grants), {}, target, nullptr);
    EXPECT_EQ(words_of(compiled, one.directive), one.words)
        << one.what << ": " << one.profile << " " << one.grants << ", "
        << catalogue::directive(one.directive).name << "=";
  }
}

bool is_missed(const Compiled& compiled, DirectiveId id) {
  return std::ranges::find(compiled.unavailable, id, &Unavailable::directive) != compiled.unavailable.end();
}

TEST(Closed, SaysWhatIsNotToBeHad) {
  const auto missed = [](unsigned systemd, RunsAs runs_as, std::vector<Fact> facts,
                         std::string_view profile, DirectiveId id) {
    const Target target{
        catalogue::find_systemd(systemd), catalogue::find_layout("usr"), runs_as, std::move(facts), {}};
    return is_missed(compile(policy_of(profile, ""), {}, target, nullptr), id);
  };
  EXPECT_TRUE(missed(252, kRoot, {}, "strict@1", PrivatePIDs));
  EXPECT_TRUE(missed(257, kRoot, {}, "strict@1", PrivatePIDs));
  EXPECT_TRUE(missed(257, kRoot, {Fact::container}, "strict@1", PrivatePIDs));
  EXPECT_TRUE(missed(252, kRoot, {}, "strict@1", SocketBindDeny));
  EXPECT_FALSE(missed(257, kRoot, {}, "strict@1", SocketBindDeny));
  EXPECT_TRUE(missed(257, kUser, {Fact::user_manager}, "baseline@1", CapabilityBoundingSet));
  EXPECT_FALSE(missed(257, kUser, {}, "baseline@1", CapabilityBoundingSet));
  EXPECT_TRUE(missed(252, kUser, {}, "light@1", RestrictRealtime));
  EXPECT_FALSE(missed(252, kRoot, {}, "light@1", RestrictRealtime));
  EXPECT_FALSE(missed(252, kUser, {}, "strict@1", RestrictRealtime));
}

// Where it is a container, ProtectKernelTunables= alone leaves /sys writable on 257.
TEST(Closed, ClosesSysInAContainer) {
  const auto closes = [](unsigned systemd, std::vector<Fact> facts, std::string_view profile,
                         std::string_view grants) {
    const Target target{
        catalogue::find_systemd(systemd), catalogue::find_layout("usr"), kRoot, std::move(facts), {}};
    const Compiled compiled = compile(policy_of(profile, grants), {}, target, nullptr);
    const bool is_void =
        std::ranges::find(compiled.voids, ProtectKernelTunables, &Void::directive) != compiled.voids.end();
    EXPECT_FALSE(is_void);
    return std::ranges::any_of(compiled.settings, [](const Written& written) {
      return written.directive == BindReadOnlyPaths &&
             std::ranges::find(written.words, "/sys") != written.words.end();
    });
  };
  EXPECT_TRUE(closes(257, {Fact::nested}, "light@1", ""));
  EXPECT_TRUE(closes(257, {Fact::nested}, "strict@1", "connect"));
  EXPECT_FALSE(closes(257, {Fact::nested}, "strict@1", ""));        // PrivateNetwork= does it
  EXPECT_FALSE(closes(257, {Fact::nested}, "light@1", "sysctl"));  // it is to be open
  EXPECT_FALSE(closes(257, {}, "light@1", ""));
  EXPECT_FALSE(closes(252, {Fact::nested}, "light@1", ""));
}

}  // namespace
}  // namespace harden
