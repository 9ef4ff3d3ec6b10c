// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden show --json`; docs/schema/show.schema.json describes it.
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "emit/compile_json.h"
#include "emit/json.h"
#include "emit/show_report.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

ordered_json place(const SourcePos& where) {
  ordered_json json = {{"file", nullptr}, {"line", nullptr}};
  if (!where.file.empty()) json["file"] = where.file;
  if (where.line != 0) json["line"] = where.line;
  return json;
}

ordered_json origin(const LoadedUnit& loaded, const Contribution& one) {
  return place({loaded.file_path(one.file), one.line});
}

ordered_json setting(const LoadedUnit& loaded, const SettingView& view) {
  ordered_json origins = ordered_json::array();
  for (const Contribution* one : view.origins) origins.push_back(origin(loaded, *one));
  std::string reason;
  for (const std::string_view one : view.reasons) reason.append(reason.empty() ? "" : "; ").append(one);
  ordered_json implied = nullptr;
  if (!reason.empty()) implied = reason;
  return {{"directive", view.directive->name},
          {"value", view.value},
          {"origin", origins},
          {"implied", implied},
          {"at_start", view.only_at_start},
          {"default", view.is_default}};
}

ordered_json overridden(const LoadedUnit& loaded, const Override& one) {
  ordered_json by = nullptr;
  if (one.by != nullptr) {
    by = origin(loaded, *one.by);
    by["resets"] = one.by->fate == Fate::resets;
  }
  ordered_json json = {{"directive", catalogue::directive(one.earlier->directive).name},
                       {"value", one.earlier->text}};
  json.update(origin(loaded, *one.earlier));
  json["by"] = by;
  return json;
}

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

ordered_json diagnostic(const Diagnostic& one) {
  ordered_json json = {{"severity", severity_name(one.severity)}, {"id", one.id}};
  json.update(place(one.where));
  json["message"] = one.message;
  json["hint"] = nullptr;
  if (!one.hint.empty()) json["hint"] = one.hint;
  return json;
}

ordered_json row(const RowScore& one) {
  ordered_json json = {{"json_field", one.name->json_field},
                       {"weight", one.weight},
                       {"range", one.range},
                       {"badness", nullptr},
                       {"set", nullptr}};
  if (one.badness) {
    json["badness"] = *one.badness;
    json["set"] = *one.badness == 0;
  }
  return json;
}

ordered_json policy(const PolicyView& view) {
  constexpr std::array kOrigins = {"none", "unit", "shipped", "default"};  // as PolicyOrigin has them
  ordered_json json = {{"origin", kOrigins.at(static_cast<std::size_t>(view.origin))},
                       {"enabled", view.own.is_enabled},
                       {"errors", ordered_json::array()}};
  for (const Diagnostic& one : view.own.diagnostics) json["errors"].push_back(diagnostic(one));
  json["compiled"] = nullptr;
  json["exposure_tenths"] = nullptr;
  if (view.compiled) {
    json["compiled"] = ordered_json::object();
    add_compiled(json["compiled"], *view.compiled);
  }
  if (view.exposure) json["exposure_tenths"] = view.exposure->tenths;
  return json;
}

}  // namespace

std::string show_json(const ShowReport& report) {
  const LoadedUnit& loaded = *report.loaded;
  ordered_json files = ordered_json::array();
  if (loaded.unit.fragment) files.push_back(loaded.unit.fragment->path());
  for (const UnitFile& file : loaded.unit.drop_ins) files.push_back(file.path());
  ordered_json aliases = ordered_json::array();
  for (const UnitName& alias : loaded.unit.aliases) aliases.push_back(alias.text());
  ordered_json settings = ordered_json::array();
  for (const SettingView& view : setting_views(report)) settings.push_back(setting(loaded, view));
  ordered_json overrides = ordered_json::array();
  for (const Override& one : list_overrides(loaded)) overrides.push_back(overridden(loaded, one));
  ordered_json diagnostics = ordered_json::array();
  for (const Diagnostic& one : loaded.diagnostics) diagnostics.push_back(diagnostic(one));

  ordered_json caveats = ordered_json::array();
  for (const Diagnostic& one : report.caveats) caveats.push_back(diagnostic(one));

  ordered_json json = {{"schema", 1},
                       {"systemd", loaded.systemd->version},
                       {"mode", report.mode == ScoreMode::offline ? "offline" : "online"},
                       {"unit", report.unit},
                       {"aliases", aliases},
                       {"files", files},
                       {"refused", nullptr},
                       {"settings", settings},
                       {"overridden", overrides},
                       {"diagnostics", diagnostics},
                       {"exposure_tenths", nullptr},
                       {"predicate", nullptr},
                       {"rows", nullptr},
                       {"policy", nullptr},
                       {"exemption", nullptr},
                       {"caveats", caveats}};
  if (report.policy && (report.policy->own.is_present || report.policy->compiled))
    json["policy"] = policy(*report.policy);
  if (report.policy && report.policy->exemption) {
    const Exemption& one = *report.policy->exemption;
    json["exemption"] = {{"pattern", one.pattern}, {"reason", one.reason}};
  }
  if (loaded.refusal) {
    json["refused"] = place(loaded.refusal->where);
    json["refused"]["message"] = loaded.refusal->message;
  }
  if (report.exposure) {
    json["exposure_tenths"] = report.exposure->tenths;
    json["predicate"] = exposure_predicate(report.exposure->tenths);
    json["rows"] = ordered_json::array();
    for (const RowScore& one : report.exposure->rows) json["rows"].push_back(row(one));
  }
  return json_document(json);
}

}  // namespace harden
