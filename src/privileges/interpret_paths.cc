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

struct OwnDirectories {
  DirectiveId directive;
  std::string_view parent;
};
constexpr std::array<OwnDirectories, 5> kOwnDirectories = {{{DirectiveId::RuntimeDirectory, "/run"},
                                                            {DirectiveId::StateDirectory, "/var/lib"},
                                                            {DirectiveId::CacheDirectory, "/var/cache"},
                                                            {DirectiveId::LogsDirectory, "/var/log"},
                                                            {DirectiveId::ConfigurationDirectory, "/etc"}}};

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
    own_directories();
    executables();
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
      if (is_known(path))
        each(path);
      else if (opens)
        unknown_.emplace(path);
    }
  }
  // Absolute, and without a specifier that only the machine can expand.
  [[nodiscard]] static bool is_known(std::string_view path) {
    return path.starts_with('/') && path.find('%') == std::string_view::npos;
  }

  void listed_paths() {
    for_each_path(DirectiveId::ReadWritePaths, true, [&](std::string_view path) { write(path, true); });
    for_each_path(DirectiveId::ReadOnlyPaths, false, [&](std::string_view path) { write(path, false); });
    for_each_path(DirectiveId::InaccessiblePaths, false, [&](std::string_view path) { hide(path); });
  }

  // SOURCE[:DESTINATION[:OPTIONS]] with `-` and `\:`; the destination, which may be unknown.
  [[nodiscard]] static std::string destination_of(std::string_view mount) {
    if (mount.starts_with('-')) mount.remove_prefix(1);
    std::array<std::string, 2> parts;
    std::size_t part = 0;
    for (std::size_t i = 0; i < mount.size() && part < parts.size(); ++i) {
      if (mount[i] == '\\' && i + 1 < mount.size() && mount[i + 1] == ':')
        parts.at(part) += mount[++i];
      else if (mount[i] == ':')
        ++part;
      else
        parts.at(part) += mount[i];
    }
    std::string path = parts[1].empty() ? parts[0] : parts[1];
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
  }

  void mounts() {
    for (const DirectiveId id : {DirectiveId::BindPaths, DirectiveId::BindReadOnlyPaths}) {
      const Words* list = settings_.words(id);
      if (list == nullptr) continue;
      for (const std::string& mount : list->words) {
        const std::string path = destination_of(mount);
        if (!is_known(path)) {
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
      if (!is_known(path)) continue;
      layers_.try_emplace(note(path), Layer::own);  // a bind mount at the same place covers it
      const std::string options = colon == std::string::npos ? "" : "," + mount.substr(colon + 1) + ",";
      write(path, options.find(",ro,") == std::string::npos);
    }
  }

  // NAME[:LINK[:FLAGS]], writable holes in whatever is above. Those of a dynamic user lie in `private` and
  // are linked to; for others there is nothing there.
  void own_directories() {
    for (const auto& [directive, parent] : kOwnDirectories) {
      const Words* list = settings_.words(directive);
      if (list == nullptr) continue;
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
  }
  void open_directory(const std::string& path) {
    lay(path, Layer::host);
    write(path, true);
  }

  // The pass that makes a tree read-only leaves out each path of these two lists with all below it, unless
  // the very path is made read-only too; and the pass that makes a tree not executable leaves out each path
  // with a mount of its own, whatever that is for, unless the very path is in one of the lists (measured on
  // 252 and 257, unchanged in 262). Where 252 is tighter this says more than there is.
  void executables() {
    const WordNames mounts = changes_;
    const auto open = [&](std::string_view path, bool executable) {
      auto [at, fresh] = executable_.try_emplace(note(path), executable);
      if (!fresh) at->second = at->second || executable;
      if (reading_ == Reading::enforced) writable_.try_emplace(note(path), true);
    };
    for_each_path(DirectiveId::NoExecPaths, false, [&](std::string_view path) { open(path, false); });
    for_each_path(DirectiveId::ExecPaths, true, [&](std::string_view path) { open(path, true); });
    const bool is_private = choice(DirectiveId::PrivateDevices) != 0;
    const bool reaches_shared_memory =
        reading_ == Reading::claimed || !is_private || executable_.contains("/dev");
    if (is_private)
      executable_.try_emplace(note(kSharedMemory),
                              !reaches_shared_memory || nearest(executable_, kSharedMemory, true));
    if (is_private) executable_.try_emplace(note("/dev"), false);
    if (reading_ == Reading::enforced)
      for (const std::string& path : mounts) executable_.try_emplace(path, true);
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
