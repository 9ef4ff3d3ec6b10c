// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/settings.h"

#include <algorithm>
#include <cassert>

#include "settings/load_rules.h"

namespace harden {

using catalogue::Context;
using catalogue::DirectiveId;
using catalogue::Stage;

const Value* Settings::find(DirectiveId id) const {
  const std::uint8_t slot = slots_[static_cast<std::size_t>(id)];
  return slot == 0 ? nullptr : &*values_[slot - 1U];
}

std::optional<std::uint8_t> Settings::choice(DirectiveId id) const {
  if (const Value* value = find(id)) return std::get<Choice>(*value).index;
  const catalogue::Directive& directive = catalogue::directive(id);
  return outside_service_ ? directive.default_outside_service : directive.default_choice;
}

const Words* Settings::words(DirectiveId id) const {
  const Value* value = find(id);
  return value == nullptr ? nullptr : &std::get<Words>(*value);
}

std::string_view Settings::text(DirectiveId id) const {
  const Value* value = find(id);
  return value == nullptr ? std::string_view{} : std::string_view(std::get<Text>(*value).text);
}

std::optional<Value>& Settings::place(DirectiveId id) {
  constexpr std::size_t kUsual = 12;
  std::uint8_t& slot = slots_[static_cast<std::size_t>(id)];
  if (slot == 0) {
    if (values_.empty()) values_.reserve(kUsual);
    values_.emplace_back();
    assert(values_.size() < 256);
    slot = static_cast<std::uint8_t>(values_.size());
  }
  return values_[slot - 1U];
}

void Settings::set(DirectiveId id, Value value) { place(id) = std::move(value); }

std::optional<Value> Settings::take(DirectiveId id) {
  const std::uint8_t slot = slots_[static_cast<std::size_t>(id)];
  if (slot == 0) return std::nullopt;
  std::optional<Value> taken = std::move(values_[slot - 1U]);
  erase(id);
  return taken;
}

void Settings::erase(DirectiveId id) {
  std::uint8_t& slot = slots_[static_cast<std::size_t>(id)];
  // The last value moves into the gap, so that setting and taking again and again grows nothing.
  const auto last = static_cast<std::uint8_t>(values_.size());
  if (slot != last) {
    values_[slot - 1U] = std::move(values_.back());
    *std::ranges::find(slots_, last) = slot;
  }
  values_.pop_back();
  slot = 0;
}

std::vector<DirectiveId> Settings::ids() const {
  std::vector<DirectiveId> result;
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i] != 0) result.push_back(static_cast<DirectiveId>(i));
  return result;
}

bool operator==(const Settings& a, const Settings& b) {
  for (std::size_t i = 0; i < a.slots_.size(); ++i) {
    const Value* left = a.find(static_cast<DirectiveId>(i));
    const Value* right = b.find(static_cast<DirectiveId>(i));
    if ((left == nullptr) != (right == nullptr) || (left != nullptr && *left != *right)) return false;
  }
  return true;
}

const std::string& LoadedUnit::file_path(std::uint16_t file) const {
  return file == 0 ? unit.fragment->path() : unit.drop_ins[file - 1U].path();
}

namespace {

bool has_context(std::string_view type, Context context) {
  switch (context) {
    case Context::exec:
      return runs_processes(type);
    case Context::kill:
      return runs_processes(type) || type == "scope";
    case Context::cgroup:
      return runs_processes(type) || type == "slice" || type == "scope";
    case Context::service:
      return type == "service";
    case Context::unit:
      return true;
  }
  return false;
}

class Merger {
 public:
  Merger(LoadedUnit& loaded, const LoadOptions& options)
      : loaded_(loaded),
        systemd_(*options.systemd),
        type_(loaded.unit.name.type()),
        section_(section_of_type(type_)) {
    context_.systemd = &systemd_;
    context_.specifiers = {&loaded.unit.name, {}, systemd_.version};
    context_.specifiers.fragment_path = loaded.unit.fragment_real_path;
    context_.hints = options.hints;
    context_.diagnostics = &loaded.diagnostics;
  }

  void merge_file(const UnitFile& file, std::uint16_t index) {
    context_.where.file = file.path();
    context_.in_drop_in = index != 0;
    // What voids a unit in its main file only ends the reading of a drop-in.
    for (const Entry& entry : file.entries())
      if (entry.kind == EntryKind::assignment && !merge_assignment(entry, index)) break;
    std::ranges::copy(file.diagnostics(), std::back_inserter(loaded_.diagnostics));
    if (file.stopped()) {
      const Error& stop = *file.stopped();
      loaded_.diagnostics.push_back({Severity::error, "file-stopped", stop.where, stop.message, stop.hint});
    }
  }

 private:
  // False if systemd reads no further in this file.
  bool merge_assignment(const Entry& entry, std::uint16_t file) {
    const bool own = entry.section == section_;
    if (!own && entry.section != "Unit") return true;
    const catalogue::Directive* directive = catalogue::find_directive(entry.key);
    if (directive == nullptr || directive->since > systemd_.version) return true;
    if ((directive->context == Context::unit) == own || !has_context(type_, directive->context))
      return true;

    context_.where.line = entry.line;
    const std::size_t said = loaded_.diagnostics.size();
    const Assigned assigned = loaded_.settings.edit(directive->id, [&](std::optional<Value>& value) {
      return assign_value(*directive, entry.value, value, context_);
    });

    Fate fate = Fate::counts;
    switch (assigned) {
      case Assigned::added:
        break;
      case Assigned::replaced:
        override_earlier(directive->id);
        break;
      case Assigned::reset:
        override_earlier(directive->id);
        fate = Fate::resets;
        break;
      case Assigned::dropped:
        fate = Fate::dropped;
        break;
      case Assigned::refused:
        fate = Fate::dropped;
        if (file == 0 && !loaded_.refusal) {
          loaded_.refusal = Error{Errc::refused,
                                  std::string(directive->name) + "= has a value that systemd cannot read",
                                  0,
                                  context_.where,
                                  {}};
          // Past the limit nothing more is said.
          if (loaded_.diagnostics.size() > said && loaded_.diagnostics.back().severity == Severity::error) {
            loaded_.refusal->message = loaded_.diagnostics.back().message;
            loaded_.refusal->hint = loaded_.diagnostics.back().hint;
          }
        }
        break;
    }
    std::size_t& last = last_live_[static_cast<std::size_t>(directive->id)];
    before_.push_back(last);
    if (fate == Fate::counts) last = before_.size();
    loaded_.contributions.push_back({directive->id, file, entry.line, entry.value, fate});
    return assigned != Assigned::refused;
  }

  void override_earlier(DirectiveId id) {
    std::size_t& last = last_live_[static_cast<std::size_t>(id)];
    for (; last != 0; last = before_[last - 1]) loaded_.contributions[last - 1].fate = Fate::overridden;
  }

  LoadedUnit& loaded_;
  const catalogue::Systemd& systemd_;
  std::string_view type_;
  std::string section_;
  AssignContext context_;
  // Contributions that count so far, chained by directive: the place of the last, counted from 1, and for
  // each the place of the one before. 0: none.
  std::array<std::size_t, catalogue::kDirectiveCount> last_live_{};
  std::vector<std::size_t> before_;
};

std::optional<Error> state_refusal(const Unit& unit) {
  switch (unit.state) {
    case LoadState::loaded:
      return std::nullopt;
    case LoadState::masked:
      return Error{Errc::refused, "the unit is masked", 0, {unit.name.text(), 0}, {}};
    case LoadState::not_found:
      return Error{Errc::not_found, "there is no such unit", 0, {unit.name.text(), 0}, {}};
    case LoadState::refused:
      return unit.refusal;
  }
  return std::nullopt;
}

}  // namespace

bool runs_as_root(const Settings& settings) {
  const std::string_view user = settings.text(DirectiveId::User);
  if (user == "root" || user == "0") return true;
  return user.empty() && settings.choice(DirectiveId::DynamicUser).value_or(0) == 0;
}

LoadedUnit load_settings(Unit unit, const LoadOptions& options) {
  assert(options.systemd != nullptr);
  LoadedUnit loaded{std::move(unit), options.systemd, {}, {}, {}, {}, {}};
  loaded.diagnostics = loaded.unit.diagnostics;
  loaded.refusal = state_refusal(loaded.unit);

  loaded.settings.set_outside_service(loaded.unit.name.type() != "service");

  Merger merger(loaded, options);
  if (loaded.unit.fragment) merger.merge_file(*loaded.unit.fragment, 0);
  std::uint16_t index = 0;
  for (const UnitFile& drop_in : loaded.unit.drop_ins) merger.merge_file(drop_in, ++index);

  apply_implications(loaded.settings, *options.systemd, Stage::load, &loaded.implied);
  if (!loaded.refusal) loaded.refusal = check_loadable(loaded);
  for (const Stage stage : options.further_stages)
    apply_implications(loaded.settings, *options.systemd, stage, &loaded.implied);
  return loaded;
}

}  // namespace harden
