// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden compile --format json`; docs/schema/compile.schema.json describes it.
#include <nlohmann/json.hpp>

#include "emit/compile_json.h"
#include "emit/compile_report.h"
#include "emit/json.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

std::string name_of(catalogue::DirectiveId id) { return std::string(catalogue::directive(id).name); }

ordered_json texts(const std::vector<Grant>& grants) {
  ordered_json list = ordered_json::array();
  for (const Grant& grant : grants) list.push_back(grant.text());
  return list;
}

}  // namespace

void add_compiled(ordered_json& json, const Compiled& compiled) {
  json["profile"] = compiled.policy.profile->name;
  json["grants"] = texts(compiled.policy.grants);
  json["implied"] = ordered_json::array();
  for (const ImpliedUse& use : compiled.implied)
    json["implied"].push_back({{"grant", use.grant.text()},
                               {"because", {{"file", use.because.file}, {"line", use.because.line}}},
                               {"reason", use.reason}});
  json["settings"] = ordered_json::object();
  for (const Written& written : compiled.settings)
    json["settings"][name_of(written.directive)] = written.words;
  json["opened"] = ordered_json::object();
  for (const Written& written : compiled.settings)
    if (!written.opened_by.empty()) json["opened"][name_of(written.directive)] = texts(written.opened_by);
  json["lifted"] = ordered_json::object();
  for (const Lifted& lifted : compiled.lifted) json["lifted"][name_of(lifted.directive)] = texts(lifted.by);
  json["overrides"] = ordered_json::array();
  for (const Written& written : compiled.settings)
    if (written.overrides) json["overrides"].push_back(name_of(written.directive));
  json["kept"] = ordered_json::array();
  for (const Kept& kept : compiled.kept)
    json["kept"].push_back({{"directive", name_of(kept.directive)},
                            {"value", kept.value},
                            {"looser_than_profile", kept.looser_than_profile}});
  json["unavailable"] = ordered_json::array();
  for (const Unavailable& one : compiled.unavailable)
    json["unavailable"].push_back({{"directive", name_of(one.directive)}, {"because", one.because}});
  json["void"] = ordered_json::array();
  for (const Void& one : compiled.voids)
    json["void"].push_back({{"directive", name_of(one.directive)}, {"because", one.because}});
  json["shut"] = ordered_json::array();
  for (const Shut& shut : compiled.shut)
    json["shut"].push_back(
        {{"grant", shut.grant.text()}, {"directive", name_of(shut.directive)}, {"because", shut.because}});
}

std::string compile_json(const CompileReport& report) {
  ordered_json json = {{"schema", 1}, {"unit", nullptr}, {"systemd", report.systemd}};
  if (!report.unit.empty()) json["unit"] = report.unit;
  add_compiled(json, report.compiled);
  return json_document(json);
}

}  // namespace harden
