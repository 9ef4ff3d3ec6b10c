// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden diff --json`; docs/schema/diff.schema.json describes it.
#include <nlohmann/json.hpp>
#include <string>

#include "emit/diff_report.h"
#include "emit/json.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

template <typename T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json side(const DiffSide& one) {
  return {{"root", or_null(one.root)}, {"unit", or_null(one.unit)}, {"drop_in", or_null(one.drop_in)}};
}

std::string_view change_name(UnitChange change) {
  switch (change) {
    case UnitChange::none:
      return "none";
    case UnitChange::changed:
      return "changed";
    case UnitChange::added:
      return "added";
    case UnitChange::removed:
      return "removed";
  }
  return "none";
}

ordered_json directives(const UnitDiff& unit) {
  ordered_json list = ordered_json::array();
  for (const DirectiveDiff& one : unit.directives)
    list.push_back({{"directive", one.directive->name},
                    {"order", order_name(one.order)},
                    {"a", one.a},
                    {"b", one.b},
                    {"implied", one.implied},
                    {"by_policy", one.by_policy}});
  return list;
}

ordered_json exposure(const UnitDiff& unit) {
  return {{"a", or_null(unit.exposure_a)}, {"b", or_null(unit.exposure_b)}};
}

}  // namespace

std::string diff_json(const DiffReport& report) {
  ordered_json json = {{"schema", 1},
                       {"systemd", report.systemd},
                       {"mode", report.mode == ScoreMode::offline ? "offline" : "online"},
                       {"a", side(report.a)},
                       {"b", side(report.b)},
                       {"order", order_name(order_of(report))},
                       {"directives", nullptr},
                       {"exposure_tenths", nullptr},
                       {"units", nullptr}};
  if (report.trees) {
    json["units"] = ordered_json::array();
    for (const UnitDiff& unit : report.units)
      json["units"].push_back({{"unit", unit.unit},
                               {"change", change_name(unit.change)},
                               {"order", order_name(unit.order)},
                               {"directives", directives(unit)},
                               {"exposure_tenths", exposure(unit)}});
  } else {
    json["directives"] = directives(report.units.front());
    json["exposure_tenths"] = exposure(report.units.front());
  }
  return json_document(json);
}

}  // namespace harden
