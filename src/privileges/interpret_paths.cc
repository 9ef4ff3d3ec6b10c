// SPDX-License-Identifier: LGPL-2.1-or-later
// The directives about files as rules, and the rules as rights at each path. Three things are decided
// apart, each by the longest path at or above: what is there (the host's files, an empty folder of the
// service's own, nothing), whether it may be written, whether it may be executed. A path that is made
// inaccessible is gone with all below it. Of two rules for one path, read-only beats writable.
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "catalogue/policy.h"
#include "privileges/mounts.h"
#include "privileges/privileges.h"

namespace harden {
namespace {

using catalogue::DirectiveId;

enum class Layer : std::uint8_t { host, own, empty };

constexpr std::array<std::string_view, 3> kHomes = {"/home", "/root", "/run/user"};
// What ProtectSystem=strict leaves as it was.
constexpr std::array<std::string_view, 3> kKernelTrees = {"/dev", "/proc", "/sys"};
constexpr std::array<std::string_view, 3> kSystemTrees = {"/boot", "/efi", "/usr"};  // ProtectSystem=yes
constexpr std::array<std::string_view, 12> kTunables = {
    "/proc/acpi", "/proc/apm",           "/proc/asound",        "/proc/bus",
    "/proc/fs",   "/proc/irq",           "/proc/latency_stats", "/proc/mtrr",
    "/proc/sys",  "/proc/sysrq-trigger", "/proc/timer_stats",   "/sys"};
constexpr std::array<std::string_view, 2> kSecretTunables = {"/proc/kallsyms", "/proc/kcore"};
constexpr std::array<std::string_view, 2> kModules = {"/lib/modules", "/usr/lib/modules"};
constexpr std::array<std::string_view, 2> kKernelLogs = {"/dev/kmsg", "/proc/kmsg"};
constexpr std::string_view kControlGroups = "/sys/fs/cgroup";
constexpr std::string_view kSharedMemory = "/dev/shm";

class PathRules {
 public:
  PathRules(const Settings& settings, Reading reading) : settings_(settings), reading_(reading) {}

  PathPrivileges interpret() && {
    protect_system();
    protect_home();
    protect_kernel();
    private_trees();
    listed_paths();
    mounts();
    const WordNames mounted = changes_;
    own_directories();
    executables();
    if (reading_ == Reading::enforced) leave_mounts(mounted);
    PathAccess::Changes changes;
    for (const std::string& path : changes_) changes.emplace(path, rights_at(path));
    return {PathAccess(std::move(changes)), std::move(unknown_)};
  }

 private:
  template <typename T>
  using ByPath = std::map<std::string, T, std::less<>>;

  [[nodiscard]] std::size_t choice(DirectiveId id) const { return settings_.choice(id).value_or(0); }
  // By the word, so that the order of the catalogue's values may grow.
  [[nodiscard]] std::string_view chosen(DirectiveId id) const {
    return catalogue::directive(id).values[choice(id)].name;
  }

  void hide(std::string_view path) { hidden_.emplace(note(path)); }
  void lay(std::string_view path, Layer layer) { layers_.insert_or_assign(note(path), layer); }
  void write(std::string_view path, bool writable) {
    auto [at, fresh] = writable_.try_emplace(note(path), writable);
    if (!fresh) at->second = at->second && writable;
  }
  std::string note(std::string_view path) {
    std::string text(path);
    changes_.insert(text);
    return text;
  }

  void protect_system() {
    const std::string_view how = chosen(DirectiveId::ProtectSystem);
    if (how == "strict") {
      write("/", false);
      for (const std::string_view path : kHomes) write(path, true);
      for (const std::string_view path : kKernelTrees) write(path, true);
    } else if (how != "no") {
      for (const std::string_view path : kSystemTrees) write(path, false);
      if (how == "full") write("/etc", false);
    }
  }

  void protect_home() {
    const std::string_view how = chosen(DirectiveId::ProtectHome);
    for (const std::string_view path : kHomes) {
      if (how == "read-only") write(path, false);
      if (how == "tmpfs") lay(path, Layer::empty);
      if (how == "yes") hide(path);
    }
  }

  void protect_kernel() {
    if (choice(DirectiveId::ProtectKernelTunables) != 0) {
      for (const std::string_view path : kTunables) write(path, false);
      write(kControlGroups, true);
      for (const std::string_view path : kSecretTunables) hide(path);
    }
    if (choice(DirectiveId::ProtectKernelModules) != 0)
      for (const std::string_view path : kModules) hide(path);
    if (choice(DirectiveId::ProtectKernelLogs) != 0)
      for (const std::string_view path : kKernelLogs) hide(path);
    // `private` shows the service its own part of the real tree, and lets it write there.
    const std::string_view groups = chosen(DirectiveId::ProtectControlGroups);
    if (groups == "yes" || groups == "strict") write(kControlGroups, false);
  }

  void private_trees() {
    if (choice(DirectiveId::PrivateTmp) != 0)
      for (const std::string_view path : {"/tmp", "/var/tmp"}) {
        lay(path, Layer::own);
        write(path, true);
      }
    if (choice(DirectiveId::PrivateDevices) != 0) {
      lay("/dev", Layer::own);
      write("/dev", true);
      // The host's, moved into the new /dev as it was (measured on 252 and 257).
      lay(kSharedMemory, Layer::host);
      write(kSharedMemory, true);
    }
  }

  // Calls each(path) for every known one, without the prefixes; an unknown one that opens is noted.
  template <typename Each>
  void for_each_path(DirectiveId id, bool opens, Each each) {
    const Words* list = settings_.words(id);
    if (list == nullptr) return;
    for (std::string_view path : list->words) {
      while (path.starts_with('-') || path.starts_with('+')) path.remove_prefix(1);
      if (is_known_path(path))
        each(path);
      else if (opens)
        unknown_.emplace(path);
    }
  }

  void listed_paths() {
    for_each_path(DirectiveId::ReadWritePaths, true, [&](std::string_view path) { write(path, true); });
    for_each_path(DirectiveId::ReadOnlyPaths, false, [&](std::string_view path) { write(path, false); });
    for_each_path(DirectiveId::InaccessiblePaths, false, [&](std::string_view path) { hide(path); });
  }

  void mounts() {
    for (const DirectiveId id : {DirectiveId::BindPaths, DirectiveId::BindReadOnlyPaths}) {
      const Words* list = settings_.words(id);
      if (list == nullptr) continue;
      for (const std::string& mount : list->words) {
        const std::string path = mount_destination(mount);
        if (!is_known_path(path)) {
          unknown_.insert(path);
          continue;
        }
        lay(path, Layer::host);
        write(path, id == DirectiveId::BindPaths);
      }
    }
    const Words* list = settings_.words(DirectiveId::TemporaryFileSystem);
    if (list == nullptr) return;
    for (const std::string& mount : list->words) {
      const std::size_t colon = mount.find(':');
      const std::string path = mount.substr(0, colon);
      if (!is_known_path(path)) continue;
      layers_.try_emplace(note(path), Layer::own);  // a bind mount at the same place covers it
      const std::string options = colon == std::string::npos ? "" : "," + mount.substr(colon + 1) + ",";
      write(path, options.find(",ro,") == std::string::npos);
    }
  }

  // NAME[:LINK[:FLAGS]], writable holes in whatever is above. Those of a dynamic user lie in `private` and
  // are linked to; for others there is nothing there.
  void own_directories() {
    for (const catalogue::Mount& row : catalogue::mounts())
      if (!row.below.empty())
        for (const DirectiveId id : row.lists) open_directories(id, row.below);
  }
  void open_directories(DirectiveId id, std::string_view parent) {
    const Words* list = settings_.words(id);
    if (list == nullptr) return;
    for (const std::string& word : list->words) {
      const std::string name = word.substr(0, word.find(':'));
      if (name.empty() || name.find('%') != std::string::npos) {
        unknown_.insert(std::string(parent) + "/" + name);
        continue;
      }
      open_directory(std::string(parent) + "/" + name);
      open_directory(std::string(parent) + "/private/" + name);
    }
  }
  void open_directory(const std::string& path) {
    lay(path, Layer::host);
    write(path, true);
  }

  // The pass that makes a tree read-only leaves out each path of these two lists with all below it, unless
  // the very path is made read-only too (measured on 252 and 257, unchanged in 262). Where 252 is tighter
  // this says more than there is.
  void executables() {
    const auto open = [&](std::string_view path, bool executable) {
      auto [at, fresh] = executable_.try_emplace(note(path), executable);
      if (!fresh) at->second = at->second || executable;
      if (reading_ == Reading::enforced) writable_.try_emplace(note(path), true);
    };
    for_each_path(DirectiveId::NoExecPaths, false, [&](std::string_view path) { open(path, false); });
    for_each_path(DirectiveId::ExecPaths, true, [&](std::string_view path) { open(path, true); });
    if (choice(DirectiveId::PrivateDevices) == 0) return;
    const bool reaches_shared_memory = reading_ == Reading::claimed || executable_.contains("/dev");
    executable_.try_emplace(note(kSharedMemory),
                            !reaches_shared_memory || nearest(executable_, kSharedMemory, true));
    executable_.try_emplace(note("/dev"), false);
  }
  // What both passes leave out: each path with a mount of its own, whatever that is for, unless the very
  // path is listed.
  void leave_mounts(const WordNames& mounted) {
    const auto is_kernel_tree = [](std::string_view path) {  // nobody puts a program there
      return is_at_or_below(path, "/proc") || is_at_or_below(path, "/sys");
    };
    for (const std::string& path : mounted)
      if (!is_kernel_tree(path)) executable_.try_emplace(path, true);
    for (const OwnMount& mount : own_mounts(settings_)) {
      executable_.try_emplace(note(mount.path), true);
      if (mount.writable) writable_.try_emplace(mount.path, true);
    }
  }

  template <typename T>
  [[nodiscard]] static T nearest(const ByPath<T>& rules, std::string_view path, T otherwise) {
    for (;;) {
      if (const auto at = rules.find(path); at != rules.end()) return at->second;
      if (path.size() <= 1) return otherwise;
      const std::size_t slash = path.rfind('/');
      path = slash == 0 ? "/" : path.substr(0, slash);
    }
  }

  [[nodiscard]] Rights rights_at(std::string_view path) const {
    for (const std::string& hidden : hidden_)
      if (is_at_or_below(path, hidden)) return 0;
    const Layer layer = nearest(layers_, path, Layer::host);
    if (layer == Layer::empty) return 0;
    const bool writable = nearest(writable_, path, true);
    unsigned rights = layer == Layer::host ? static_cast<unsigned>(Right::read) : 0U;
    if (writable) rights |= static_cast<unsigned>(Right::scratch);
    if (writable && layer == Layer::host) rights |= static_cast<unsigned>(Right::write);
    if (nearest(executable_, path, true)) rights |= static_cast<unsigned>(Right::execute);
    return static_cast<Rights>(rights);
  }

  const Settings& settings_;
  Reading reading_;
  WordNames hidden_, changes_, unknown_;
  ByPath<Layer> layers_;
  ByPath<bool> writable_, executable_;
};

}  // namespace

PathPrivileges interpret_paths(const Settings& settings, Reading reading) {
  return PathRules(settings, reading).interpret();
}

}  // namespace harden
