// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "policy/intersect.h"
#include "privileges/mounts.h"
#include "privileges/path_access.h"
#include "privileges/privileges.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Access;
using catalogue::DirectiveId;
using catalogue::Kind;

// As a word of a list of paths, which blanks do not end. A `%` is a specifier: no grant has another.
std::string path_word(std::string_view path, bool optional) {
  std::string word = fmt::format("{}{}", optional ? "-" : "", path);
  return word.find_first_of(" \t") == std::string::npos ? word : fmt::format("\"{}\"", word);
}

// Lists whose entries may show a path or leave it writable: of paths, of mounts, of a unit's own folders.
bool may_open_paths(const catalogue::Directive& directive) {
  return directive.kind == Kind::paths || directive.kind == Kind::words;
}

class Opener {
 public:
  Opener(Closed& closed, std::span<const OpenedPath> paths, const Target& target, const LoadedUnit* unit)
      : closed_(closed),
        paths_(paths),
        target_(target),
        unit_(unit),
        // Most units name none, and then there is nothing to work out.
        names_paths_(unit != nullptr && std::ranges::any_of(closed.own.ids(), [&](DirectiveId id) {
                       return may_open_paths(catalogue::directive(id));
                     })) {}

  void open();

 private:
  [[nodiscard]] bool holds(const catalogue::Condition& condition) const {
    const auto choice = closed_.choice(condition.directive);
    return choice && (condition.choices >> *choice & 1U) != 0;
  }
  [[nodiscard]] bool stands_in_the_way(const catalogue::Tree& tree, std::string_view path,
                                       bool of_policy) const {
    const auto is_in = [&](std::span<const std::string_view> dirs) {
      return std::ranges::any_of(dirs, [&](std::string_view dir) { return is_at_or_below(path, dir); });
    };
    if (of_policy && is_written(unit_, tree.when.directive)) return false;
    return is_in(tree.paths) && !is_in(tree.except) && holds(tree.when) &&
           !(tree.unless && holds(*tree.unless));
  }

  // Is the path opened as far by another that holds it? A mount more would only keep files from moving
  // between them. Beyond its own tree a path opens nothing: write:/var is not for a private /var/tmp.
  [[nodiscard]] bool is_opened_with(const catalogue::Tree& tree, std::string_view path,
                                    Access access) const {
    if (access != Access::read && is_opened_by_unit(tree, path)) return true;
    return std::ranges::any_of(paths_, [&](const OpenedPath& other) {
      const bool opens_more = other.access == Access::write && access != Access::write;
      return (opens_more || (other.access == access && access != Access::exec && other.path != path)) &&
             is_at_or_below(path, other.path) && stands_in_the_way(tree, other.path, other.implied);
    });
  }

  // To bind it read-only would take from the unit what it opens itself: BindPaths=/srv. To bind it writable
  // would be a mount more.
  [[nodiscard]] bool is_opened_by_unit(const catalogue::Tree& tree, std::string_view path) const {
    return names_paths_ && has_right(paths_of_unit(tree.when.directive).paths.at(path), Right::write);
  }
  // With the policy's choice of `closer`. That holds by now, and the same few are asked for with every
  // folder.
  [[nodiscard]] const PathPrivileges& paths_of_unit(DirectiveId closer) const {
    const auto known = of_unit_.find(closer);
    if (known != of_unit_.end()) return known->second;
    Settings both = closed_.own;
    const Slot* slot = closed_.find(closer);
    if (slot != nullptr && slot->is_closed() && slot->choice && !is_written(unit_, closer))
      both.set(closer, Choice{*slot->choice});
    return of_unit_.emplace(closer, interpret_paths(both, Reading::claimed)).first->second;
  }

  void open_trees(const OpenedPath& path, Access access) {
    for (const catalogue::Tree& tree : catalogue::trees()) {
      if (!stands_in_the_way(tree, path.path, path.implied) || is_opened_with(tree, path.path, path.access))
        continue;
      for (const catalogue::TreeAction& action : tree.actions) {
        if (action.access != access || catalogue::directive(action.directive).kind == Kind::choice)
          continue;
        closed_.add(action.directive, path_word(path.path, path.optional), *path.grant);
        if (path.named && !path.optional)
          closed_.add(DirectiveId::RequiresMountsFor, path_word(path.path, false), *path.grant);
      }
    }
  }
  // A program folder that a read-only tree would lose by being executable.
  void keep_read_only(std::string_view program) {
    for (const catalogue::Tree& tree : catalogue::trees()) {
      if (!stands_in_the_way(tree, strip_left(program, "-"), false) ||
          is_opened_with(tree, strip_left(program, "-"), Access::exec))
        continue;
      for (const catalogue::TreeAction& action : tree.actions)
        if (action.access == Access::exec && catalogue::directive(action.directive).kind != Kind::choice)
          closed_.slots[action.directive].granted.emplace(program);
    }
  }

  Closed& closed_;
  std::span<const OpenedPath> paths_;
  const Target& target_;
  const LoadedUnit* unit_;
  bool names_paths_;
  mutable std::map<DirectiveId, PathPrivileges> of_unit_;
};

void Opener::open() {
  // First the choices, so that all words are for those that hold in the end.
  for (const OpenedPath& path : paths_)
    for (const catalogue::Tree& tree : catalogue::trees())
      if (stands_in_the_way(tree, path.path, path.implied))
        for (const catalogue::TreeAction& action : tree.actions)
          if (action.access == path.access && catalogue::directive(action.directive).kind == Kind::choice)
            closed_.loosen(action.directive, action.word, *path.grant);

  const bool restricts_execution = is_shut(closed_, DirectiveId::NoExecPaths);
  for (const OpenedPath& path : paths_) {
    if (path.access != Access::exec) {
      open_trees(path, path.access);
      continue;
    }
    if (is_program(*target_.layout, path.path)) continue;
    if (restricts_execution)
      closed_.add(DirectiveId::ExecPaths, path_word(path.path, path.optional), *path.grant);
    open_trees(path, restricts_execution ? Access::exec : Access::read);
  }
  const Slot* executable = closed_.find(DirectiveId::ExecPaths);
  if (!restricts_execution || executable == nullptr || !executable->is_closed()) return;
  // With NoExecPaths= the profile's folders of programs come, whatever the unit adds to them.
  if (!is_written(unit_, DirectiveId::NoExecPaths))
    closed_.slots[DirectiveId::ExecPaths].granted.insert(executable->base.begin(), executable->base.end());
  for (const std::string_view program : target_.layout->programs) keep_read_only(program);
}

// The settings that mounts depend on, with the policy's part of them.
Settings with_policy(const Closed& closed, const Target& target) {
  Settings settings = closed.own;
  for (const auto& [id, slot] : closed.slots) {
    const catalogue::Directive& directive = catalogue::directive(id);
    if (directive.kind == Kind::choice) {
      if (const auto choice = closed.choice(id)) settings.set(id, Choice{*choice});
    } else if (is_opening_list(directive)) {
      assign_words(settings, id, slot_words(closed, id), *target.systemd);
    }
  }
  return settings;
}

// Does a path of the list hold it?
bool lists(const Settings& settings, DirectiveId id, std::string_view path) {
  const Words* list = settings.words(id);
  return list != nullptr && std::ranges::any_of(list->words, [&](std::string_view entry) {
           return is_at_or_below(path, strip_left(entry, "-+"));
         });
}

}  // namespace

void open_paths(Closed& closed, std::span<const OpenedPath> paths, const Target& target,
                const LoadedUnit* unit) {
  Opener(closed, paths, target, unit).open();
}

void shut_mounts(Closed& closed, const Target& target) {
  const auto is_ours = [&](DirectiveId id) {
    const Slot* slot = closed.find(id);
    return slot != nullptr && slot->is_closed() && !closed.stays.contains(id);
  };
  const bool is_not_executable = is_ours(DirectiveId::NoExecPaths);
  const auto system = closed.choice(DirectiveId::ProtectSystem);
  const bool is_read_only =
      system && catalogue::directive(DirectiveId::ProtectSystem).values[*system].name == "strict";
  if (!is_read_only && !is_not_executable) return;
  const Settings settings = with_policy(closed, target);
  // Of a tree that the unit itself makes read-only this keeps what the policy's mounts would open.
  const std::vector<OwnMount> before =
      is_ours(DirectiveId::ProtectSystem) ? std::vector<OwnMount>{} : own_mounts(closed.own);
  for (const OwnMount& mount : own_mounts(settings)) {
    const std::string word = path_word(mount.path, mount.optional);
    if (is_not_executable && !lists(settings, DirectiveId::ExecPaths, mount.path))
      closed.slots[DirectiveId::NoExecPaths].granted.insert(word);
    if (is_read_only && mount.writable && std::ranges::find(before, mount) == before.end() &&
        !lists(settings, DirectiveId::ReadWritePaths, mount.path)) {
      Slot& slot = closed.slots[DirectiveId::ReadOnlyPaths];
      slot.in_profile = true;
      slot.granted.insert(word);
    }
  }
}

}  // namespace harden
