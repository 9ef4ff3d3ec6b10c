// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/plugins.h"

#include <fmt/core.h>
#include <algorithm>
#include <array>
#include <set>

#include "util/text.h"

namespace harden::reach {
namespace {

constexpr std::size_t kConfigMax = 1U << 20U;

// A server whose configuration names modules: in files of `files`, a line with `directive` has the module's
// name or path; a name is a file of one of `dirs`.
struct ModuleConfig {
  std::string_view program;
  std::array<std::string_view, 4> files;  // the last component may be a pattern
  std::string_view directive;  // empty: any word that starts with `prefix`
  std::string_view prefix;
  std::array<std::string_view, 2> dirs;
  std::string_view always;  // names that it loads by itself, separated by blanks
};
constexpr ModuleConfig kModuleConfigs[] = {
    {"nginx",
     {"/etc/nginx/nginx.conf", "/etc/nginx/modules-enabled/*.conf"},
     "load_module",
     "",
     {"/usr/share/nginx", "/usr/lib/nginx/modules"},
     ""},
    {"lighttpd",
     {"/etc/lighttpd/lighttpd.conf", "/etc/lighttpd/conf-enabled/*.conf",
      "/etc/lighttpd/conf-available/*.conf"},
     "",
     "mod_",
     {"/usr/lib/lighttpd"},
     "mod_indexfile mod_dirlisting mod_staticfile mod_access mod_alias mod_redirect mod_rewrite mod_setenv "
     "mod_expire mod_simple_vhost mod_auth"},
    {"apache2",
     {"/etc/apache2/apache2.conf", "/etc/apache2/mods-enabled/*.load", "/etc/apache2/conf-enabled/*.conf"},
     "LoadModule",
     "",
     {"/usr/lib/apache2/modules"},
     ""},
    {"redis-server", {"/etc/redis/redis.conf"}, "loadmodule", "", {}, ""},
    {"redis-check-rdb", {"/etc/redis/redis.conf"}, "loadmodule", "", {}, ""},
    {"mosquitto", {"/etc/mosquitto/mosquitto.conf", "/etc/mosquitto/conf.d/*.conf"}, "plugin", "", {}, ""},
    {"rsyslogd",
     {"/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf"},
     "",
     "im",
     {"/usr/lib/x86_64-linux-gnu/rsyslog"},
     "lmnet lmregexp lmtcpsrv lmnetstrms lmnsd_ptcp lmzlibw lmtcpclt fmhttp"},
    {"rsyslogd",
     {"/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf"},
     "",
     "om",
     {"/usr/lib/x86_64-linux-gnu/rsyslog"},
     ""},
};

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr CharSet kSeparators(" \t\r\"'(),;=<>{}");
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = kSeparators.find_in(line, at);
    if (end > at) words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

class Guesser {
 public:
  Guesser(const FileSystem& fs, const Closure& closure, const Graph& graph)
      : fs_(fs), closure_(closure), graph_(graph) {
    for (std::uint32_t i = 0; i < closure.modules().size(); ++i)
      if (closure.modules()[i]->header.soname == "libc.so.6") libc_ = i;
  }

  std::vector<PluginGuess> run() {
    if (libc_ != Graph::npos) {
      add_name_service();
      add_unwinder();
    }
    add_pam();
    add_configured();
    add_opened();
    add_python();
    return std::move(found_);
  }

 private:
  void add(std::string name, std::string reason, bool is_required) {
    if (seen_.insert(name).second) found_.push_back({std::move(name), std::move(reason), is_required});
  }
  [[nodiscard]] bool reaches(std::string_view function) const {
    const Place at = graph_.find_in(libc_, function);
    return at.module != Graph::npos && at.vertex != Import::kNone && graph_.is_reached(at);
  }
  [[nodiscard]] bool reaches_any(std::initializer_list<std::string_view> functions) const {
    return std::ranges::any_of(functions, [&](std::string_view one) { return reaches(one); });
  }

  // Source: nsswitch.conf(5); a database without a line has glibc's default, which needs no module.
  void add_name_service() {
    const bool asks_hosts =
        reaches_any({"getaddrinfo", "gethostbyname", "gethostbyname_r", "gethostbyname2_r",
                     "gethostbyaddr_r", "getnameinfo", "gethostbyname2", "gethostbyaddr"});
    const bool asks_users =
        reaches_any({"getpwnam", "getpwnam_r", "getpwuid", "getpwuid_r", "getgrnam", "getgrnam_r",
                     "getgrgid", "getgrgid_r", "initgroups", "getgrouplist", "getpwent", "getgrent",
                     "getspnam", "getspnam_r", "getpwent_r", "getgrent_r", "getspent"});
    const bool asks_others = reaches_any({"getservbyname", "getservbyname_r", "getservbyport_r",
                                          "getprotobyname", "getprotobyname_r", "getnetbyname"});
    if (!asks_hosts && !asks_users && !asks_others) return;
    const auto text = fs_.read_file("/etc/nsswitch.conf", kConfigMax);
    if (!text) return;
    for (std::string_view line : split(*text, '\n')) {
      line = strip(line.substr(0, line.find('#')));
      const std::size_t colon = line.find(':');
      if (colon == std::string_view::npos) continue;
      const std::string_view database = strip(line.substr(0, colon));
      const bool is_hosts = database == "hosts" || database == "networks";
      const bool is_users = database == "passwd" || database == "group" || database == "shadow" ||
                            database == "gshadow" || database == "initgroups";
      if (is_hosts ? !asks_hosts : is_users ? !asks_users : !asks_others) continue;
      bool in_action = false;
      for (const std::string_view word : words_of(line.substr(colon + 1))) {
        in_action = in_action || word.starts_with('[');
        if (!in_action && word != "files" && word != "dns")
          add(fmt::format("libnss_{}.so.2", word),
              fmt::format("/etc/nsswitch.conf has {} for {}", word, database), false);
        if (word.ends_with(']')) in_action = false;
      }
    }
  }

  // glibc opens it to unwind a cancelled or exiting thread, and for backtrace().
  void add_unwinder() {
    if (reaches_any({"pthread_exit", "pthread_cancel", "pthread_create", "backtrace"}))
      add("libgcc_s.so.1", "the C library opens it to unwind a thread's stack", false);
  }

  void add_pam() {
    if (!closure_.has_library("libpam.so.0")) return;
    const std::string_view program = base_name(closure_.modules()[0]->path);
    const std::string own = "/etc/pam.d/" + std::string(program);
    if (fs_.stat_type(own)) return read_pam_file(own, 0);
    for (const std::string& file : matching_files(fs_, "/etc/pam.d/*")) read_pam_file(file, 0);
  }
  void read_pam_file(const std::string& path, int depth) {
    constexpr int kDepthMax = 8;
    if (depth > kDepthMax || !pam_files_.insert(path).second) return;
    const auto text = fs_.read_file(path, kConfigMax);
    if (!text) return;
    for (std::string_view line : split(*text, '\n')) {
      line = strip(line.substr(0, line.find('#')));
      const std::vector<std::string_view> words = words_of(line);
      for (std::size_t i = 0; i < words.size(); ++i) {
        const bool includes = words[i] == "@include" || words[i] == "include" || words[i] == "substack";
        if (includes && i + 1 < words.size())
          read_pam_file("/etc/pam.d/" + std::string(words[i + 1]), depth + 1);
        if (!words[i].ends_with(".so")) continue;
        const bool is_path = words[i].starts_with('/');
        const std::string module =
            is_path ? std::string(words[i]) : "/lib/x86_64-linux-gnu/security/" + std::string(words[i]);
        add(module, fmt::format("{} names it", path), false);
        break;
      }
    }
  }

  void add_configured() {
    const std::string_view program = base_name(closure_.modules()[0]->path);
    for (const ModuleConfig& config : kModuleConfigs) {
      if (config.program != program) continue;
      for (const std::string_view name : words_of(config.always))
        add_module(config, name, "loaded without being named");
      for (const std::string_view pattern : config.files)
        for (const std::string& file : matching_files(fs_, pattern)) read_config(config, file);
    }
  }
  void read_config(const ModuleConfig& config, const std::string& file) {
    const auto text = fs_.read_file(file, kConfigMax);
    if (!text) return;
    for (std::string_view line : split(*text, '\n')) {
      line = strip(line.substr(0, line.find('#')));
      const std::vector<std::string_view> words = words_of(line);
      if (config.directive.empty()) {
        for (const std::string_view word : words)
          if (word.starts_with(config.prefix)) add_module(config, word, file + " names it");
      } else if (words.size() > 1 && words[0] == config.directive) {
        // Apache has a name before the path.
        add_module(config, words[words.size() > 2 && config.directive == "LoadModule" ? 2 : 1],
                   file + " names it");
      }
    }
  }
  void add_module(const ModuleConfig& config, std::string_view name, const std::string& reason) {
    if (name.starts_with('/')) return add(std::string(name), reason, true);
    const std::string file = std::string(name) + (name.ends_with(".so") ? "" : ".so");
    for (const std::string_view dir : config.dirs)
      if (!dir.empty() && fs_.stat_type(fmt::format("{}/{}", dir, file)))
        add(fmt::format("{}/{}", dir, file), reason, false);
  }

  // Names of libraries in the data of a module that opens some.
  void add_opened() {
    for (std::uint32_t i = 0; i < closure_.modules().size(); ++i) {
      const Module& module = *closure_.modules()[i];
      if (i == libc_ || module.is_loader || !opens(module.summary)) continue;
      for (const std::string& name : module.summary.libraries) {
        if (name == base_name(module.path) || name == module.header.soname) continue;
        if (name.find('/') != std::string::npos && !name.starts_with('/')) continue;
        if (std::ranges::find(module.header.needed, name) != module.header.needed.end()) continue;
        add(name, fmt::format("its name stands in {}, which opens libraries", module.path), false);
      }
    }
  }
  [[nodiscard]] static bool opens(const Summary& summary) {
    return std::ranges::any_of(summary.imports, [&](const Import& one) {
      const std::string_view name = summary.text_of(one.name);
      return name == "dlopen" || name == "dlmopen" || name == "lt_dlopen" || name == "g_module_open";
    });
  }

  // The extension modules of Python's own library; those of a script's packages cannot be told.
  void add_python() {
    for (const auto& module : closure_.modules()) {
      if (exported_entry(module->summary, "Py_InitializeFromConfig") == Import::kNone) continue;
      const auto dirs = fs_.list_dir("/usr/lib");
      if (!dirs) return;
      for (const DirEntry& dir : *dirs)
        if (dir.name.starts_with("python3."))
          for (const std::string& file : matching_files(fs_, "/usr/lib/" + dir.name + "/lib-dynload/*.so"))
            add(file, "an extension module of Python's own library", false);
      return;
    }
  }
  [[nodiscard]] static std::uint32_t exported_entry(const Summary& summary, std::string_view name) {
    for (const Export& one : summary.exports)
      if (summary.text_of(one.name) == name) return one.vertex;
    return Import::kNone;
  }

  const FileSystem& fs_;
  const Closure& closure_;
  const Graph& graph_;
  std::uint32_t libc_ = Graph::npos;
  std::set<std::string> seen_, pam_files_;
  std::vector<PluginGuess> found_;
};

}  // namespace

std::vector<PluginGuess> guess_plugins(const FileSystem& fs, const Closure& closure, const Graph& graph) {
  return Guesser(fs, closure, graph).run();
}

bool is_plugin_entry(std::string_view plugin_path, std::string_view symbol) {
  const std::string_view name = base_name(plugin_path);
  if (name.starts_with("libnss_")) return symbol.starts_with("_nss_");
  if (plugin_path.find("/security/pam_") != std::string_view::npos) return symbol.starts_with("pam_sm_");
  return true;
}

}  // namespace harden::reach
