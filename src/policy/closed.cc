// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/closed.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "policy/paths.h"
#include "privileges/path_access.h"
#include "privileges/privileges.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Access;
using catalogue::Directive;
using catalogue::DirectiveId;
using catalogue::GrantEffect;
using catalogue::GrantOp;
using catalogue::Implication;
using catalogue::Kind;
using catalogue::Stage;

constexpr std::string_view kPrograms = "@programs";

unsigned parse_mode(std::string_view text) {
  unsigned mode = 0;
  std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  return mode;
}

std::uint8_t choice_index(const Directive& directive, std::string_view name) {
  const auto at = std::ranges::find(directive.values, name, &catalogue::ChoiceValue::name);
  return static_cast<std::uint8_t>(at - directive.values.begin());
}

// The tightest value up to `index` that the version has; the loosest if it has none.
std::uint8_t lowered(const Directive& directive, std::uint8_t index, unsigned version) {
  while (index > 0 && directive.values[index].since > version) --index;
  return index;
}

void note(Slot& slot, const Grant& grant) {
  if (std::ranges::find(slot.opened_by, grant) == slot.opened_by.end()) slot.opened_by.push_back(grant);
}

class Closer {
 public:
  Closer(const catalogue::Profile& profile, std::span<const DirectiveId> overrides, const Target& target,
         const LoadedUnit* unit)
      : profile_(profile), target_(target), unit_(unit) {
    closed_.version = version();
    closed_.own = unit == nullptr ? bare_settings(target) : unit->settings;
    if (unit != nullptr)
      for (const Contribution& one : unit->contributions)
        if (one.fate != Fate::dropped && std::ranges::find(overrides, one.directive) == overrides.end())
          closed_.stays.insert(one.directive);
    for (const catalogue::ProfileSetting& setting : profile.settings) shut(setting);
  }

  Closed run(std::span<const Grant> grants, std::span<const Grant> implied) && {
    for (const Grant& grant : grants) apply(grant, true);
    for (const Grant& grant : implied) apply(grant, false);
    spare();
    leave_behind();
    spare();   // what was left behind too
    drop_what_is_not_to_be_had();
    close_what_is_left();
    open_paths(closed_, paths_, target_, unit_);
    shut_mounts(closed_, target_);
    return std::move(closed_);
  }

 private:
  [[nodiscard]] unsigned version() const { return target_.systemd->version; }
  [[nodiscard]] bool is_root() const { return target_.runs_as == RunsAs::root; }
  Slot& slot(DirectiveId id) { return closed_.slots[id]; }

  void miss(DirectiveId id, std::string because) {
    closed_.unavailable.push_back({id, std::move(because)});
  }

  void shut(const catalogue::ProfileSetting& setting) {
    const Directive& directive = catalogue::directive(setting.directive);
    if (directive.since > version()) {
      miss(directive.id, fmt::format("systemd {} has no {}=, which came with {}", version(), directive.name,
                                     directive.since));
      return;
    }
    Slot made;
    made.in_profile = true;
    if (directive.kind == Kind::choice) {
      const std::uint8_t wanted = choice_index(directive, setting.words.front());
      made.choice = lowered(directive, wanted, version());
      if (*made.choice == 0) {
        miss(directive.id, fmt::format("systemd {} does not know {}={}", version(), directive.name,
                                       setting.words.front()));
        return;
      }
    } else if (directive.kind == Kind::mode) {
      made.mode = parse_mode(setting.words.front());
    } else {
      for (const std::string_view word : setting.words)
        if (word == kPrograms)
          made.base.insert(made.base.end(), target_.layout->programs.begin(),
                           target_.layout->programs.end());
        else if (word.starts_with('~'))
          made.denied.emplace_back(word.substr(1));
        else
          made.base.emplace_back(word);
    }
    slot(directive.id) = std::move(made);
  }

  [[nodiscard]] bool applies(const Implication& row) const {
    return (row.stage == Stage::load || row.stage == Stage::start) && row.since <= version() &&
           version() <= row.until && !(row.unless_root && is_root());
  }
  // Calls each(directive) for those that make `id` one of its tighter choices. A call that a filter denies
  // is no matter of the filter as a whole: who lifts `id` lets the call through.
  template <typename Each>
  void for_each_implying(DirectiveId id, Each each) {
    for (const Implication& row : catalogue::implications()) {
      const bool sets = std::ranges::any_of(row.effects, [&](const catalogue::Effect& effect) {
        return effect.kind == catalogue::EffectKind::set_choice && effect.directive == id &&
               effect.choice != 0;
      });
      if (!sets || !applies(row)) continue;
      for (const auto& conditions : {row.when, row.any})
        for (const catalogue::Condition& condition : conditions)
          if (condition.directive != id && condition.test != catalogue::Test::denies)
            each(condition.directive);
    }
  }

  void apply(const Grant& grant, bool named) {
    const GrantArgument argument = read_argument(grant);
    for (const GrantEffect& effect : grant.row().effects) {
      const bool holds = std::ranges::all_of(effect.when, [&](const catalogue::GrantCondition& condition) {
        return is_open(condition.fact) || fact(condition.fact, grant, argument) != condition.negated;
      });
      if (!holds) continue;
      if (effect.op == GrantOp::path)
        add_path(grant, effect.word, argument, named);
      else
        for (const std::string& word : words_of(effect.word, argument))
          apply_effect(grant, effect, word, named);
    }
  }

  void add_path(const Grant& grant, std::string_view word, const GrantArgument& argument, bool named) {
    const std::size_t blank = word.find(' ');
    const Access access = access_of(word.substr(0, blank));
    const bool is_own = blank != std::string_view::npos;
    std::string path =
        is_own ? std::string(word.substr(blank + 1)) : real_path(*target_.layout, argument.path);
    if (!named && is_shut_by_unit(path, access)) return;
    // Paths of the catalogue's own: early at boot, or below another root, they may be missing.
    paths_.push_back(
        {&grant, access, std::move(path), is_own || argument.optional_path, named && !is_own, !named});
  }

  // What the unit itself shuts, its other lines do not open by what they imply.
  [[nodiscard]] bool is_shut_by_unit(std::string_view path, Access access) const {
    // By Access: what its grants open.
    constexpr std::array<Rights, 3> kRights = {static_cast<Rights>(Right::read), Right::read | Right::write,
                                               Right::read | Right::execute};
    const unsigned asked = kRights.at(static_cast<std::size_t>(access));
    return unit_ != nullptr && (asked & ~unsigned{paths_of_unit().at(path)}) != 0;
  }
  // Asked for with every path that is implied.
  [[nodiscard]] const PathAccess& paths_of_unit() const {
    if (!paths_of_unit_) paths_of_unit_ = interpret_paths(closed_.own, Reading::claimed).paths;
    return *paths_of_unit_;
  }
  [[nodiscard]] bool is_shut_by_unit(DirectiveId exceptions) const {
    const Directive& directive = catalogue::directive(exceptions);
    if (unit_ == nullptr || !directive.excepts) return false;
    const Value* closer = closed_.own.find(*directive.excepts);
    const auto* choice = closer == nullptr ? nullptr : std::get_if<Choice>(closer);
    // The first of its entries may be what shuts (DeviceAllow=).
    return (closer != nullptr && (choice == nullptr || choice->index != 0)) ||
           (directive.kind == Kind::devices && is_set(closed_.own, exceptions));
  }

  static bool is_for_root(const GrantEffect& effect) {
    return std::ranges::any_of(effect.when, [](const catalogue::GrantCondition& condition) {
      return condition.fact == catalogue::GrantFact::root && !condition.negated;
    });
  }
  // What either asks for is done then.
  [[nodiscard]] bool is_open(catalogue::GrantFact fact) const {
    return fact == catalogue::GrantFact::root && target_.runs_as == RunsAs::any;
  }
  [[nodiscard]] bool fact(catalogue::GrantFact fact, const Grant& grant,
                          const GrantArgument& argument) const {
    switch (fact) {
      case catalogue::GrantFact::argument:
        return !grant.argument.empty();
      case catalogue::GrantFact::peers:
        return !argument.peers.empty();
      case catalogue::GrantFact::low_port:
        return argument.low_port;
      case catalogue::GrantFact::root:
        return is_root();
    }
    return false;
  }

  static Access access_of(std::string_view word) {
    return static_cast<Access>(std::ranges::find(catalogue::kAccessNames, word) -
                               catalogue::kAccessNames.begin());
  }

  static std::vector<std::string> words_of(std::string_view pattern, const GrantArgument& argument) {
    if (pattern == "{peer}") return argument.peers;
    if (pattern == "{bind}") return {argument.bind};
    if (pattern == "{name}") return {argument.name};
    if (pattern == "{device}") return {argument.device};
    return {std::string(pattern)};
  }

  void apply_effect(const Grant& grant, const GrantEffect& effect, const std::string& word, bool named) {
    switch (effect.op) {
      case GrantOp::lift:
        closed_.lift(effect.directive, grant);
        break;
      case GrantOp::lift_implying:
        closed_.lift(effect.directive, grant);
        // Lists that only open are written for what stays shut, and not at all where nothing does.
        for_each_implying(effect.directive, [&](DirectiveId id) {
          if (!is_opening_list(catalogue::directive(id))) closed_.lift(id, grant);
        });
        break;
      case GrantOp::set:
        closed_.loosen(effect.directive, word, grant);
        break;
      case GrantOp::add:
        if (named || !is_shut_by_unit(effect.directive)) closed_.add(effect.directive, word, grant);
        break;
      case GrantOp::remove:
        closed_.remove(effect.directive, word, grant);
        break;
      case GrantOp::capability:
        closed_.add(DirectiveId::CapabilityBoundingSet, word, grant);
        // What the unit's user may have, the unit's own line says; a command behind a `!` runs as root.
        if (named && !is_root() && !is_for_root(effect))
          closed_.add(DirectiveId::AmbientCapabilities, word, grant);
        closed_.lift(DirectiveId::PrivateUsers, grant);
        break;
      case GrantOp::device:
        if (named || !is_shut_by_unit(DirectiveId::DeviceAllow))
          closed_.add(DirectiveId::DeviceAllow, word, grant);
        closed_.lift(DirectiveId::PrivateDevices, grant);
        break;
      case GrantOp::path:
        break;  // open_paths()
    }
  }

  // A directive that is lifted takes with it what it implied: capabilities, calls and other directives that
  // the profile shut through it and that no grant has opened. These get a word of their own.
  void leave_behind() {
    for (const Implication& row : catalogue::implications()) {
      if (!applies(row)) continue;
      const bool gone = std::ranges::any_of(row.when, [&](const catalogue::Condition& condition) {
        const Slot* lifted = closed_.find(condition.directive);
        return lifted != nullptr && lifted->in_profile && lifted->lifted && lifted->choice &&
               !is_written(unit_, condition.directive) && condition.test == catalogue::Test::choice &&
               (condition.choices >> *lifted->choice & 1U) != 0;
      });
      // What else such a row asks for is a device policy, without which the lines it adds mean nothing.
      if (gone) keep_effects(row);
    }
  }
  void keep_effects(const Implication& row) {
    for (const catalogue::Effect& effect : row.effects) {
      const Slot* before = closed_.find(effect.directive);
      // An allow list has what it allows.
      const bool is_allow_list =
          before != nullptr && before->in_profile && (before->denied.empty() || !before->base.empty());
      switch (effect.kind) {
        case catalogue::EffectKind::set_choice:
          if (before == nullptr || (!before->in_profile && !before->lifted)) {
            Slot& kept = slot(effect.directive);
            kept.in_profile = true;
            kept.choice = effect.choice;
          }
          break;
        case catalogue::EffectKind::drop_capabilities:
          if (!is_allow_list)
            for (unsigned bit = 0; bit < target_.systemd->capabilities.size(); ++bit)
              if ((effect.capabilities >> bit & 1U) != 0)
                deny(effect.directive, target_.systemd->capabilities[bit]);
          break;
        case catalogue::EffectKind::deny_syscalls:
          if (!is_allow_list) deny(effect.directive, effect.text);
          break;
        case catalogue::EffectKind::append_line:
          slot(effect.directive).granted.emplace(effect.text);
          break;
      }
    }
  }
  void deny(DirectiveId id, std::string_view word) {
    Slot& kept = slot(id);
    kept.in_profile = true;
    if (std::ranges::find(kept.denied, word) == kept.denied.end()) kept.denied.emplace_back(word);
  }

  // What brings in a directive that the profile spares is not written, unless that one is there already.
  void spare() {
    Settings at_start = closed_.own;
    apply_implications(at_start, *target_.systemd, Stage::start, nullptr);
    for (const DirectiveId spared : profile_.spares) {
      if (at_start.choice(spared).value_or(0) != 0) continue;
      for_each_implying(spared, [&](DirectiveId id) {
        const auto at = closed_.slots.find(id);
        if (at == closed_.slots.end() || !at->second.in_profile) return;
        at->second.in_profile = false;
        if (at->second.lifted) return;
        miss(id, fmt::format("systemd {} would set {}= too, for a service that is not root", version(),
                             catalogue::directive(spared).name));
      });
    }
  }

  [[nodiscard]] bool is_met(const catalogue::Limit& limit) const {
    return concerns(limit, target_) && !(limit.unless && !slot_words(closed_, *limit.unless).empty());
  }

  void drop_what_is_not_to_be_had() {
    for (const catalogue::Limit& limit : catalogue::limits()) {
      if (limit.write || !is_met(limit)) continue;
      for (const DirectiveId id : limit.directives) {
        const auto at = closed_.slots.find(id);
        if (at == closed_.slots.end() || !at->second.is_closed()) continue;
        at->second.in_profile = false;
        miss(id, std::string(limit.reason));
      }
    }
  }

  // Where a directive of the profile does not hold by itself, and a word more makes it.
  void close_what_is_left() {
    for (const catalogue::Limit& limit : catalogue::limits()) {
      if (!limit.closed_by || !is_met(limit)) continue;
      if (std::ranges::any_of(limit.directives,
                              [&](DirectiveId id) { return !slot_words(closed_, id).empty(); }))
        slot(*limit.closed_by).granted.emplace(limit.closing_word);
    }
  }

  const catalogue::Profile& profile_;
  const Target& target_;
  const LoadedUnit* unit_;
  Closed closed_;
  std::vector<OpenedPath> paths_;
  mutable std::optional<PathAccess> paths_of_unit_;
};

std::vector<std::string> with_tilde(const Slot& slot) {
  std::vector<std::string> words;
  for (const std::string& word : slot.denied)
    if (!slot.granted.contains(word)) words.push_back("~" + word);
  return words;
}

// What the profile lets through, then what the grants do.
std::vector<std::string> all_words(const Slot& slot) {
  std::vector<std::string> words = slot.base;
  for (const std::string& word : slot.granted)
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  return words;
}

// An allow list takes lines in order: what is allowed, less what is denied, and what the grants allow. A
// deny list the same without the first.
std::vector<std::string> filter_words(const Slot& slot) {
  std::vector<std::string> words = slot.base;
  const std::vector<std::string> denied = with_tilde(slot);
  words.insert(words.end(), denied.begin(), denied.end());
  if (words.empty()) return words;
  for (const std::string& word : slot.granted)
    if (std::ranges::find(slot.base, word) == slot.base.end()) words.push_back(word);
  return words;
}

std::vector<std::string> mask_words(const Slot& slot, std::string_view nothing) {
  if (!slot.denied.empty()) return with_tilde(slot);
  std::vector<std::string> words = all_words(slot);
  std::ranges::sort(words);
  if (words.empty()) words.emplace_back(nothing);
  return words;
}

}  // namespace

Settings bare_settings(const Target& target) {
  Settings settings;
  if (target.runs_as == RunsAs::user || target.runs_as == RunsAs::any)
    settings.set(DirectiveId::User, Text{"bare"});
  if (target.runs_as == RunsAs::dynamic_user) settings.set(DirectiveId::DynamicUser, Choice{1});
  apply_implications(settings, *target.systemd, Stage::load, nullptr);
  return settings;
}

const Slot* Closed::find(DirectiveId id) const {
  const auto at = slots.find(id);
  return at == slots.end() ? nullptr : &at->second;
}

std::optional<std::uint8_t> Closed::choice(DirectiveId id) const {
  const Slot* slot = find(id);
  const std::optional<std::uint8_t> own_choice = own.choice(id);
  if (stays.contains(id) || slot == nullptr || !slot->is_closed() || !slot->choice) return own_choice;
  return std::max(*slot->choice, own_choice.value_or(0));
}

void Closed::lift(DirectiveId id, const Grant& grant) {
  Slot& slot = slots[id];
  slot.lifted = true;
  note(slot, grant);
}

void Closed::loosen(DirectiveId id, std::string_view word, const Grant& grant) {
  const Directive& directive = catalogue::directive(id);
  const Slot* said = find(id);
  Slot slot = said == nullptr ? Slot{} : *said;
  if (!slot.in_profile) {  // what a profile leaves to systemd may be tighter than the word all the same
    slot.in_profile = true;
    slot.choice = directive.default_choice;
    slot.mode = parse_mode(directive.default_text);
  }
  if (directive.kind == Kind::mode) {
    const unsigned mode = parse_mode(word);
    if ((slot.mode.value_or(0) & ~mode) == 0) return;
    slot.mode = slot.mode.value_or(0) & mode;
  } else {
    const std::uint8_t index = lowered(directive, choice_index(directive, word), version);
    if (index >= slot.choice.value_or(0)) return;
    slot.choice = index;
  }
  note(slot, grant);
  slots[id] = std::move(slot);
}

void Closed::add(DirectiveId id, std::string word, const Grant& grant) {
  Slot& slot = slots[id];
  note(slot, grant);
  slot.granted.insert(std::move(word));
}

void Closed::remove(DirectiveId id, std::string_view word, const Grant& grant) {
  const auto at = slots.find(id);
  if (at == slots.end()) return;
  std::erase(at->second.base, word);
  note(at->second, grant);
}

bool is_written(const LoadedUnit* unit, DirectiveId id) {
  return unit != nullptr && std::ranges::any_of(unit->contributions, [&](const Contribution& one) {
           return one.directive == id && one.fate != Fate::dropped;
         });
}

std::string real_path(const catalogue::Layout& layout, std::string_view path) {
  const bool is_link =
      std::ranges::any_of(layout.links, [&](std::string_view link) { return is_at_or_below(path, link); });
  return fmt::format("{}{}", is_link ? "/usr" : "", path);
}

bool is_program(const catalogue::Layout& layout, std::string_view path) {
  const std::string real = real_path(layout, path);
  return std::ranges::any_of(
      layout.programs, [&](std::string_view dir) { return is_at_or_below(real, strip_left(dir, "-")); });
}

bool is_opening_list(const Directive& directive) {
  switch (directive.kind) {
    case Kind::capabilities:
      return !directive.mask_starts_full;
    case Kind::addresses:
    case Kind::devices:
    case Kind::paths:
    case Kind::words:
    case Kind::lines:
      return directive.list != catalogue::ListEffect::closes;
    default:
      return false;
  }
}

bool fact_holds(catalogue::Fact fact, const Target& target) {
  if (fact == catalogue::Fact::root) return target.runs_as == RunsAs::root || target.runs_as == RunsAs::any;
  // A build without it knows no groups of file systems to restrict.
  if (fact == catalogue::Fact::no_bpf_framework) return target.systemd->filesystem_groups.empty();
  return std::ranges::find(target.facts, fact) != target.facts.end();
}

bool concerns(const catalogue::Limit& limit, const Target& target) {
  const unsigned version = target.systemd->version;
  return limit.since <= version && version <= limit.until &&
         (!limit.fact || fact_holds(*limit.fact, target));
}

bool is_shut(const Closed& closed, DirectiveId closer) {
  const auto writes = [&](DirectiveId id) {
    return !closed.stays.contains(id) && !slot_words(closed, id).empty();
  };
  if (writes(closer)) return true;
  if (const Value* value = closed.own.find(closer)) {
    const auto* choice = std::get_if<Choice>(value);
    if (choice == nullptr || choice->index != 0) return true;
  }
  // PrivateDevices= brings DevicePolicy= in.
  return std::ranges::any_of(catalogue::implications(), [&](const Implication& row) {
    return row.stage == Stage::load && row.since <= closed.version && closed.version <= row.until &&
           std::ranges::any_of(row.effects,
                               [&](const catalogue::Effect& effect) {
                                 return effect.kind == catalogue::EffectKind::set_choice &&
                                        effect.directive == closer && effect.choice != 0;
                               }) &&
           std::ranges::any_of(row.when, [&](const catalogue::Condition& condition) {
             return condition.directive != closer && writes(condition.directive);
           });
  });
}

Closed close_with(const catalogue::Profile& profile, std::span<const Grant> grants,
                  std::span<const Grant> implied, std::span<const DirectiveId> overrides,
                  const Target& target, const LoadedUnit* unit) {
  return Closer(profile, overrides, target, unit).run(grants, implied);
}

std::vector<std::string> slot_words(const Closed& closed, DirectiveId id) {
  const auto at = closed.slots.find(id);
  if (at == closed.slots.end() || at->second.lifted) return {};
  const Slot& slot = at->second;
  const Directive& directive = catalogue::directive(id);
  if (is_opening_list(directive)) {
    // Where the unit has entries of its own, the first of them may be what shuts (DeviceAllow=).
    if (directive.excepts && closed.own.find(id) == nullptr && !is_shut(closed, *directive.excepts))
      return {};
    return all_words(slot);
  }
  if (!slot.in_profile) return {};
  switch (directive.kind) {
    case Kind::choice: {
      const std::uint8_t choice = slot.choice.value_or(0);
      if (choice == 0 && directive.default_choice == 0) return {};
      return {std::string(directive.values[choice].name)};
    }
    case Kind::mode:
      return {fmt::format("{:04o}", slot.mode.value_or(0))};
    case Kind::capabilities:
      return mask_words(slot, "");
    case Kind::families:
      return mask_words(slot, "none");
    case Kind::namespaces:
      return slot.granted.empty() ? slot.base
                                  : std::vector<std::string>(slot.granted.begin(), slot.granted.end());
    case Kind::syscalls:
      return filter_words(slot);
    default:
      return all_words(slot);
  }
}

}  // namespace harden
