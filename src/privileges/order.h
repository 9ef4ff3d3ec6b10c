// SPDX-License-Identifier: LGPL-2.1-or-later
// Is a change of settings tighter or looser? Each directive's values form a partial order, decided on what
// they let through and not on their text: system call groups are expanded, prefixes merged, allow and
// deny lists alike. The direction of a list is the catalogue's. What directives do to each other is not
// looked at here, but for DeviceAllow= with DevicePolicy=; apply_implications() first, to have what holds.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "catalogue/catalogue.h"
#include "settings/settings.h"

namespace harden {

enum class Order : std::uint8_t {
  equal,
  tighter,
  looser,
  different,   // neither, or both in part
};

[[nodiscard]] std::string_view order_name(Order order);
[[nodiscard]] Order mirrored(Order order);
// What two parts of a change amount to together.
[[nodiscard]] Order combined(Order a, Order b);

// How b's value stands to a's. `tighter`: it lets through less, or the same and fails where a's would be
// passed over. A directive that nothing sets has its default or, where it has none, the state that the
// catalogue's README gives it; an unset choice without a default lies somewhere between its ends.
[[nodiscard]] Order compare_directive(catalogue::DirectiveId id, const Settings& a, const Settings& b,
                                      const catalogue::Systemd& systemd);

struct DirectiveOrder {
  catalogue::DirectiveId directive;
  Order order;
  friend bool operator==(const DirectiveOrder&, const DirectiveOrder&) = default;
};

struct Comparison {
  Order order = Order::equal;
  std::vector<DirectiveOrder> directives;   // those that differ in meaning, in the catalogue's order
};

[[nodiscard]] Comparison compare_settings(const Settings& a, const Settings& b,
                                          const catalogue::Systemd& systemd);

}  // namespace harden
