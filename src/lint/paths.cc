// SPDX-License-Identifier: LGPL-2.1-or-later
// Paths that a unit names and the tree does not have. Only trees that packages fill are judged: what is
// below /run, /var, /tmp and the like comes and goes, or is made by the service's own directories.
#include <algorithm>
#include <array>
#include <string>

#include "lint/lint.h"
#include "settings/command_line.h"

namespace harden {
namespace {

using catalogue::Kind;

constexpr std::array<std::string_view, 7> kPackagedTrees = {"/usr/", "/etc/",   "/bin/", "/sbin/",
                                                            "/lib/", "/lib64/", "/opt/"};

bool is_packaged(std::string_view path) {
  return std::ranges::any_of(kPackagedTrees,
                             [path](std::string_view tree) { return path.starts_with(tree); });
}

bool is_missing(const FileSystem& tree, std::string_view path) {
  const auto type = tree.stat_type(path);
  return !type && type.error().code == Errc::not_found;
}

// A partial tree (a package unpacked alone, unit files without programs) says nothing of paths whose folder
// it lacks, or has only as a way to other folders.
bool holds_files(const FileSystem& tree, std::string_view dir) {
  const auto entries = tree.list_dir(dir);
  return entries && std::ranges::any_of(*entries, [](const DirEntry& entry) {
           return entry.type == FileType::regular || entry.type == FileType::symlink;
         });
}

bool is_known_missing(const FileSystem& tree, std::string_view path) {
  if (!is_packaged(path) || path.find('%') != std::string_view::npos || !is_missing(tree, path))
    return false;
  const std::size_t slash = path.rfind('/');
  return slash != 0 && holds_files(tree, path.substr(0, slash));
}

class PathChecker {
 public:
  PathChecker(const LoadedUnit& loaded, const FileSystem& tree, Diagnostics& out)
      : loaded_(loaded), tree_(tree), out_(out) {
    specifiers_ = {&loaded.unit.name, {}, loaded.systemd->version};
  }

  void check(const Contribution& line) {
    if (line.fate != Fate::counts) return;
    const catalogue::Directive& directive = catalogue::directive(line.directive);
    if (directive.kind == Kind::paths)
      check_paths(directive, line);
    else if (directive.kind == Kind::commands)
      check_commands(line);
  }

 private:
  void check_paths(const catalogue::Directive& directive, const Contribution& line) {
    AssignContext context;
    Diagnostics ignored;
    context.systemd = loaded_.systemd;
    context.specifiers = specifiers_;
    context.diagnostics = &ignored;
    std::optional<Value> value;
    (void)assign_value(directive, line.text, value, context);  // what it drops has been reported already
    if (!value) return;
    for (const std::string& word : std::get<Words>(*value).words) {
      const bool optional = word.starts_with('-');
      const std::string path = word.substr(word.find('/'));
      if (!is_known_missing(tree_, path)) continue;
      if (optional)
        say("dead-path", Severity::note, line,
            std::string(directive.name) + "=" + word +
                ": there is no such path; if it appears after the start, the line does not cover it");
      else
        say("dead-path", Severity::warning, line,
            std::string(directive.name) + "=" + word +
                ": there is no such path; the service will not start (226/NAMESPACE)",
            "write '-" + path + "' if it may be missing");
    }
  }

  void check_commands(const Contribution& line) {
    for (const ExecCommand& command : parse_command_line(line.text, specifiers_).commands) {
      if (!command.program.starts_with('/') || command.ignore_failure) continue;
      if (is_known_missing(tree_, command.program))
        say("dead-program", Severity::warning, line,
            "there is no " + command.program + "; the command fails (203/EXEC)");
    }
  }

  void say(std::string_view id, Severity severity, const Contribution& line, std::string message,
           std::string hint = {}) {
    add_diagnostic(
        out_,
        {severity, id, {loaded_.file_path(line.file), line.line}, std::move(message), std::move(hint)});
  }

  const LoadedUnit& loaded_;
  const FileSystem& tree_;
  Diagnostics& out_;
  SpecifierContext specifiers_;
};

}  // namespace

void lint_paths(const LoadedUnit& loaded, const FileSystem& tree, Diagnostics& out) {
  PathChecker checker(loaded, tree, out);
  for (const Contribution& line : loaded.contributions) checker.check(line);
}

}  // namespace harden
