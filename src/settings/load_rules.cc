// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/load_rules.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace harden {
namespace {

using catalogue::DirectiveId;

class Rules {
 public:
  explicit Rules(const LoadedUnit& loaded)
      : settings_(loaded.settings), version_(loaded.systemd->version) {}

  // The reason for a refusal, or nullptr.
  [[nodiscard]] const char* broken() const {
    const std::size_t starts = count(DirectiveId::ExecStart);
    const bool success_action = is_set_action(DirectiveId::SuccessAction);
    if (starts == 0 && count(DirectiveId::ExecStop) == 0 && !success_action)
      return "the service has no ExecStart=, ExecStop= or SuccessAction=";
    const std::string_view type = service_type();
    const bool oneshot = type == "oneshot";
    if (!oneshot && starts == 0)
      return "the service has no ExecStart=, which only Type=oneshot can do without";
    if (starts == 0 && !success_action && !is_on(DirectiveId::RemainAfterExit))
      return "the service has neither ExecStart= nor SuccessAction= nor RemainAfterExit=yes";
    if (!oneshot && starts > 1) return "the service has several ExecStart=, which only Type=oneshot may";
    const std::string_view restart = choice(DirectiveId::Restart);
    if (oneshot && (restart == "always" || restart == "on-success"))
      return "a Type=oneshot service cannot have this Restart=";
    if (oneshot && version_ < 254 && has_exit_status(DirectiveId::RestartForceExitStatus))
      return "a Type=oneshot service cannot have RestartForceExitStatus=";
    if (oneshot && choice(DirectiveId::ExitType) == "cgroup")
      return "a Type=oneshot service cannot have ExitType=cgroup";
    if (type == "dbus" && settings_.find(DirectiveId::BusName) == nullptr)
      return "a Type=dbus service needs a BusName=";
    const std::string_view kill_mode = choice(DirectiveId::KillMode);
    if (settings_.find(DirectiveId::PAMName) != nullptr && kill_mode != "control-group" &&
        kill_mode != "mixed")
      return "a service with PAMName= needs KillMode=control-group or mixed";
    if (type == "forking" && is_on(DirectiveId::PrivatePIDs))
      return "a Type=forking service cannot have PrivatePIDs=yes";
    return nullptr;
  }

 private:
  [[nodiscard]] std::string_view choice(DirectiveId id) const {
    const auto index = settings_.choice(id);
    return index ? catalogue::directive(id).values[*index].name : std::string_view{};
  }
  [[nodiscard]] bool is_on(DirectiveId id) const { return choice(id) == "yes"; }
  [[nodiscard]] bool is_set_action(DirectiveId id) const {
    const std::string_view action = choice(id);
    return !action.empty() && action != "none";
  }
  [[nodiscard]] std::size_t count(DirectiveId id) const {
    const Words* words = settings_.words(id);
    return words == nullptr ? 0 : words->words.size();
  }
  // Words that can be an exit code, or the name of one or of a signal; systemd drops others.
  [[nodiscard]] bool has_exit_status(DirectiveId id) const {
    const Words* words = settings_.words(id);
    return words != nullptr && std::ranges::any_of(words->words, [](const std::string& word) {
             constexpr int kCodeMax = 255;
             int code = 0;
             const char* end = word.data() + word.size();
             const auto [last, status] = std::from_chars(word.data(), end, code);
             if (status == std::errc{} && last == end) return code >= 0 && code <= kCodeMax;
             return word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+") == std::string::npos;
           });
  }
  // The type systemd gives a service that names none.
  [[nodiscard]] std::string_view service_type() const {
    if (settings_.find(DirectiveId::Type) != nullptr) return choice(DirectiveId::Type);
    if (settings_.find(DirectiveId::BusName) != nullptr) return "dbus";
    return count(DirectiveId::ExecStart) > 0 ? "simple" : "oneshot";
  }

  const Settings& settings_;
  unsigned version_;
};

}  // namespace

std::optional<Error> check_loadable(const LoadedUnit& loaded) {
  if (loaded.unit.name.type() != "service") return std::nullopt;
  const char* reason = Rules(loaded).broken();
  if (reason == nullptr) return std::nullopt;
  SourcePos where{loaded.unit.name.text(), 0};
  if (loaded.unit.fragment) where.file = loaded.unit.fragment->path();
  return Error{
      Errc::refused, std::string(reason) + "; systemd does not load the unit", 0, std::move(where), {}};
}

}  // namespace harden
