// SPDX-License-Identifier: LGPL-2.1-or-later
// What a unit's own text asks for: the rows of catalogue/implied.toml, each found by a line of the unit. A
// unit is read as it is written, so that every implied grant can name its line; what cannot be said as a
// grant (a path that only the machine knows) is left to the unit, whose own settings hold anyway.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "policy/closed.h"
#include "policy/policy.h"
#include "privileges/path_access.h"
#include "settings/command_line.h"
#include "unit/specifiers.h"
#include "unit/words.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Directive;
using catalogue::DirectiveId;
using catalogue::ImpliedFrom;
using catalogue::ImpliedGrant;
using catalogue::Kind;

constexpr std::array<std::string_view, 2> kPrivateFolders = {"/tmp", "/var/tmp"};

class ImpliedFinder {
 public:
  ImpliedFinder(const LoadedUnit& unit, const catalogue::Layout& layout) : unit_(unit), layout_(layout) {}

  std::vector<ImpliedUse> run() && {
    for (const ImpliedGrant& row : catalogue::implied_grants()) find(row);
    std::ranges::sort(found_, {}, &ImpliedUse::grant);
    return std::move(found_);
  }

 private:
  void find(const ImpliedGrant& row) {
    const bool holds = std::ranges::all_of(row.when,
                                           [&](const catalogue::Condition& condition) {
                                             return harden::holds(condition, unit_.settings);
                                           }) &&
                       std::ranges::all_of(row.written, [&](DirectiveId id) { return last_line(id); });
    if (!holds) return;
    switch (row.from) {
      case ImpliedFrom::condition:
        if (const Contribution* line = last_line(row.when.front().directive)) add(row, "", *line);
        break;
      case ImpliedFrom::items:
        find_items(row);
        break;
      case ImpliedFrom::programs:
      case ImpliedFrom::main_pid:
      case ImpliedFrom::keeps_root:
        find_in_commands(row);
        break;
      case ImpliedFrom::pid_file:
        find_pid_file(row);
        break;
      case ImpliedFrom::working_dir:
        find_working_dir(row);
        break;
      case ImpliedFrom::home_dir:
        if (strip(unit_.settings.text(DirectiveId::WorkingDirectory), "-") == "~")
          add(row, "", *last_line(DirectiveId::WorkingDirectory));
        break;
      case ImpliedFrom::tty:
        find_tty(row);
        break;
    }
  }

  [[nodiscard]] const Contribution* last_line(DirectiveId id) const {
    const Contribution* last = nullptr;
    for (const Contribution& one : unit_.contributions)
      if (one.directive == id && one.fate != Fate::dropped) last = &one;
    return last;
  }
  template <typename Each>
  void for_each_line(DirectiveId id, Each each) const {
    for (const Contribution& one : unit_.contributions)
      if (one.directive == id && one.fate == Fate::counts) each(one);
  }

  [[nodiscard]] SpecifierContext context() const {
    return {&unit_.unit.name, unit_.unit.fragment_real_path, unit_.systemd->version};
  }
  [[nodiscard]] std::optional<std::string> expanded(std::string_view text) const {
    const Expansion expansion = expand_specifiers(text, context());
    if (expansion.state > Expansion::State::instance) return std::nullopt;
    return expansion.text;
  }

  void add(const ImpliedGrant& row, std::string_view item, const Contribution& line) {
    for (const std::string_view pattern : row.grants) {
      std::string text(pattern);
      if (const std::size_t at = text.find("{item}"); at != std::string::npos)
        text.replace(at, std::string_view("{item}").size(), item);
      const auto grants = parse_grants(text, unit_.unit.name.kind() == UnitNameKind::template_);
      if (!grants) continue;
      // The first row, and the first line, that asks for it is the reason.
      for (const Grant& grant : *grants)
        if (std::ranges::find(found_, grant, &ImpliedUse::grant) == found_.end())
          found_.push_back({grant, {unit_.file_path(line.file), line.line}, row.reason});
    }
  }

  // The words that the unit itself gives the directive, as a grant's argument takes them.
  void find_items(const ImpliedGrant& row) {
    const Directive& directive = catalogue::directive(row.items);
    for_each_line(row.items, [&](const Contribution& line) {
      std::string_view text = strip(line.text);
      if (text.empty() || text.starts_with('~')) return;
      if (directive.kind == Kind::devices) {
        add(row, device_item(text), line);
        return;
      }
      if (directive.kind == Kind::text) {
        add_expanded(row, text, line);
        return;
      }
      for (const std::string& word : split_words(text).words) {
        // A path below another root is none that a profile says anything about.
        if (word.starts_with('+') || word.starts_with("-+")) continue;
        add_expanded(row, word, line);
      }
    });
  }
  void add_expanded(const ImpliedGrant& row, std::string_view word, const Contribution& line) {
    if (const auto item = expanded(word)) add(row, *item, line);
  }
  // "/dev/sda rw" → "/dev/sda:rw"; without access systemd gives all of it.
  static std::string device_item(std::string_view text) {
    const std::size_t blank = text.find_first_of(kWhitespace);
    if (blank == std::string_view::npos) return fmt::format("{}:rwm", text);
    return fmt::format("{}:{}", text.substr(0, blank), strip(text.substr(blank)));
  }

  void find_in_commands(const ImpliedGrant& row) {
    for (const Directive& directive : catalogue::directives()) {
      if (directive.kind != Kind::commands) continue;
      for_each_line(directive.id, [&](const Contribution& line) { find_in_command(row, line); });
    }
  }
  void find_in_command(const ImpliedGrant& row, const Contribution& line) {
    for (const ExecCommand& command : parse_command_line(line.text, context()).commands) {
      // Outside of the sandbox there is nothing to grant.
      if (command.full_privileges) continue;
      if (row.from == ImpliedFrom::main_pid) {
        if (command.text.find("$MAINPID") != std::string::npos ||
            command.text.find("${MAINPID}") != std::string::npos)
          add(row, "", line);
      } else if (row.from == ImpliedFrom::keeps_root) {
        if (command.keep_user && !runs_as_root(unit_.settings)) add(row, "", line);
      } else if (const std::string program = single_slashes(command.program);
                 program.starts_with('/') && !is_program(layout_, program)) {
        add(row, program_tree(program), line);
      }
    }
  }
  static std::string single_slashes(std::string path) {
    const auto rest = std::ranges::unique(path, [](char a, char b) { return a == '/' && b == '/'; });
    path.erase(rest.begin(), rest.end());
    return path;
  }
  // Software below /opt has its libraries beside its programs.
  static std::string program_tree(const std::string& path) {
    constexpr std::string_view kOpt = "/opt/";
    if (!path.starts_with(kOpt)) return path;
    const std::size_t slash = path.find('/', kOpt.size());
    return path.substr(0, slash);
  }

  [[nodiscard]] bool is_own_folder(std::string_view path) const {
    const auto is_in = [&](DirectiveId id, std::string_view parent) {
      const Words* list = unit_.settings.words(id);
      return list != nullptr && std::ranges::any_of(list->words, [&](const std::string& name) {
               return is_at_or_below(path, fmt::format("{}/{}", parent, name.substr(0, name.find(':'))));
             });
    };
    return std::ranges::any_of(catalogue::mounts(), [&](const catalogue::Mount& row) {
      return !row.below.empty() &&
             std::ranges::any_of(row.lists, [&](DirectiveId id) { return is_in(id, row.below); });
    });
  }
  // Its folder, since the file is made anew; unless systemd makes the folder for the service.
  void find_pid_file(const ImpliedGrant& row) {
    const Contribution* line = last_line(DirectiveId::PIDFile);
    if (line == nullptr) return;
    auto path = expanded(unit_.settings.text(DirectiveId::PIDFile));
    if (!path || path->empty()) return;
    if (!path->starts_with('/')) path->insert(0, "/run/");
    if (path->starts_with("/var/run/")) path->erase(0, std::string_view("/var").size());
    const std::string dir = path->substr(0, path->rfind('/'));
    if (dir.empty() || is_own_folder(dir)) return;
    add(row, dir == "/run" ? dir : "-" + dir, *line);
  }

  void find_working_dir(const ImpliedGrant& row) {
    const Contribution* line = last_line(DirectiveId::WorkingDirectory);
    if (line == nullptr) return;
    const auto path = expanded(unit_.settings.text(DirectiveId::WorkingDirectory));
    if (!path || std::ranges::find(kPrivateFolders, strip(*path, "-")) != kPrivateFolders.end()) return;
    add(row, *path, *line);
  }

  void find_tty(const ImpliedGrant& row) {
    const std::string_view input = unit_.settings.text(DirectiveId::StandardInput);
    const Contribution* path = last_line(DirectiveId::TTYPath);
    const Contribution* line = path != nullptr ? path : last_line(DirectiveId::StandardInput);
    if (line == nullptr || (path == nullptr && !input.starts_with("tty"))) return;
    const std::string_view node =
        path == nullptr ? "/dev/console" : unit_.settings.text(DirectiveId::TTYPath);
    if (const auto item = expanded(node)) add(row, *item, *line);
  }

  const LoadedUnit& unit_;
  const catalogue::Layout& layout_;
  std::vector<ImpliedUse> found_;
};

}  // namespace

std::vector<ImpliedUse> find_implied_grants(const LoadedUnit& unit, const catalogue::Layout& layout) {
  return ImpliedFinder(unit, layout).run();
}

}  // namespace harden
