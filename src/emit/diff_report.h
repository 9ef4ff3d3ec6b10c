// SPDX-License-Identifier: LGPL-2.1-or-later
// What `harden diff` says: two units directive by directive, or all services of two file trees.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emit/style.h"
#include "exposure/exposure.h"
#include "policy/policy.h"
#include "privileges/order.h"
#include "settings/settings.h"

namespace harden {

// One directive that means something else on the other side.
struct DirectiveDiff {
  const catalogue::Directive* directive = nullptr;
  Order order = Order::different;
  std::vector<std::string> a, b;   // as value_words gives them; none: unset, without a default
  // Of a mask or filter: what b lets through and a does not, and the reverse. Of a list: the entries. Both
  // empty where that would say less than the values: a list against none, an allow against a deny list.
  std::vector<std::string> added, removed;
  bool implied = false;  // neither unit assigns it: systemd or a policy makes it
  bool by_policy = false;  // a unit's policy sets it
};

enum class UnitChange : std::uint8_t { none, changed, added, removed };

struct UnitDiff {
  std::string unit;
  UnitChange change = UnitChange::none;
  Order order = Order::equal;  // of an added or removed unit: different
  std::vector<DirectiveDiff> directives;  // in the catalogue's order
  std::optional<unsigned> exposure_a, exposure_b;  // tenths; nothing where there is no unit
};

struct DiffSide {
  std::optional<std::string> root, unit, drop_in;
};

struct DiffReport {
  unsigned systemd = 0;
  ScoreMode mode = ScoreMode::online;
  DiffSide a, b;
  bool trees = false;  // all services of two trees; else `units` is the one pair
  std::vector<UnitDiff> units;  // of trees: those that differ, by name
  std::size_t units_equal = 0;  // of trees: those that do not
};

// The units as load_settings gives them without further stages; what each process gets at its start is
// what is compared.
[[nodiscard]] UnitDiff diff_units(std::string unit, const LoadedUnit& a, const LoadedUnit& b);
[[nodiscard]] Order order_of(const DiffReport& report);

[[nodiscard]] std::string diff_text(const DiffReport& report, std::size_t width, const Style& style);
[[nodiscard]] std::string diff_json(const DiffReport& report);

}  // namespace harden
