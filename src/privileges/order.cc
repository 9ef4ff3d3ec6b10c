// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/order.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "privileges/address_set.h"
#include "privileges/port_set.h"
#include "privileges/sets.h"

namespace harden {
namespace {

using catalogue::Directive;
using catalogue::DirectiveId;
using catalogue::Kind;
using catalogue::ListEffect;
using catalogue::Systemd;

// Of two sets of what is let through.
Order by_inclusion(bool b_in_a, bool a_in_b) {
  if (b_in_a) return a_in_b ? Order::equal : Order::tighter;
  return a_in_b ? Order::looser : Order::different;
}

template <typename Set>
Order compare_sets(const Set& a, const Set& b) {
  return by_inclusion(b.is_subset_of(a), a.is_subset_of(b));
}

template <typename T>
const T* find_value(const Settings& settings, DirectiveId id) {
  const Value* value = settings.find(id);
  return value == nullptr ? nullptr : &std::get<T>(*value);
}

class Comparer {
 public:
  Comparer(DirectiveId id, const Settings& a, const Settings& b, const Systemd& systemd)
      : directive_(catalogue::directive(id)), a_(a), b_(b), systemd_(systemd) {}

  [[nodiscard]] Order compare() const {
    switch (directive_.kind) {
      case Kind::choice:
        return compare_choice();
      case Kind::capabilities:
        return toward_list(compare_mask(directive_.mask_starts_full ? kAllBits : 0, capability_bits()));
      case Kind::namespaces:
        return toward_list(compare_mask(kAllBits, namespace_bits()));
      case Kind::syscalls:
        return toward_list(compare_calls());
      case Kind::families:
        return toward_list(compare_sets(NameSet::of(find_value<NameFilter>(a_, id())),
                                        NameSet::of(find_value<NameFilter>(b_, id()))));
      case Kind::names:
        return toward_list(compare_names());
      case Kind::architectures:
        return toward_list(compare_sets(architectures(a_), architectures(b_)));
      case Kind::addresses:
        return toward_list(compare_sets(addresses(a_), addresses(b_)));
      case Kind::devices:
        return toward_list(compare_sets(devices(a_), devices(b_)));
      case Kind::paths:
        return toward_list(compare_paths());
      case Kind::lines:
        if (id() == DirectiveId::SocketBindAllow || id() == DirectiveId::SocketBindDeny)
          return toward_list(compare_sets(ports(a_), ports(b_)));
        [[fallthrough]];
      case Kind::words:
      case Kind::users:
        return directive_.list == ListEffect::neither ? same_or_different(words(a_), words(b_))
                                                      : toward_list(compare_sets(entries(a_), entries(b_)));
      case Kind::commands:
        return same_or_different(words(a_), words(b_));
      case Kind::text:
      case Kind::path:
        return same_or_different(text(a_), text(b_));
      case Kind::user:
        return compare_user();
      case Kind::mode:
        return toward_list(compare_modes());
      case Kind::delegate:
        return toward_list(compare_delegate());
    }
    std::unreachable();
  }

 private:
  static constexpr std::uint64_t kAllBits = ~std::uint64_t{0};

  [[nodiscard]] DirectiveId id() const { return directive_.id; }

  template <typename T>
  [[nodiscard]] static Order same_or_different(const T& a, const T& b) {
    return a == b ? Order::equal : Order::different;
  }

  // From the order of sets of what is let through to that of the directive.
  [[nodiscard]] Order toward_list(Order order) const {
    switch (directive_.list) {
      case ListEffect::opens:
        return order;
      case ListEffect::closes:
        return mirrored(order);
      case ListEffect::neither:
        return order == Order::equal ? order : Order::different;
    }
    std::unreachable();
  }

  [[nodiscard]] Order compare_choice() const {
    const auto a = a_.choice(id());
    const auto b = b_.choice(id());
    if (a == b) return Order::equal;
    if (!directive_.ordered) return Order::different;
    if (a && b) return *a < *b ? Order::tighter : Order::looser;
    // An unset one is left to systemd: it lies between the ends.
    const std::uint8_t known = a ? *a : *b;
    if (known == 0) return a ? Order::tighter : Order::looser;
    if (known + 1U == directive_.values.size()) return a ? Order::looser : Order::tighter;
    return Order::different;
  }

  [[nodiscard]] std::uint64_t capability_bits() const {
    return systemd_.capability_limit >= 63 ? kAllBits : (std::uint64_t{2} << systemd_.capability_limit) - 1;
  }
  [[nodiscard]] static std::uint64_t namespace_bits() {
    std::uint64_t bits = 0;
    for (const auto& kind : catalogue::namespaces()) bits |= kind.bit;
    return bits;
  }
  [[nodiscard]] Order compare_mask(std::uint64_t unset, std::uint64_t relevant) const {
    const auto* of_a = find_value<Mask>(a_, id());
    const auto* of_b = find_value<Mask>(b_, id());
    const std::uint64_t a = (of_a == nullptr ? unset : of_a->bits) & relevant;
    const std::uint64_t b = (of_b == nullptr ? unset : of_b->bits) & relevant;
    return by_inclusion((b & ~a) == 0, (a & ~b) == 0);
  }

  [[nodiscard]] Order compare_calls() const {
    const auto* a = find_value<SyscallFilter>(a_, id());
    const auto* b = find_value<SyscallFilter>(b_, id());
    const Order order = compare_sets(CallSet::of(a, systemd_), CallSet::of(b, systemd_));
    // What is denied may still fail in another way: an error instead of the end of the service.
    return order == Order::equal && errnos(a) != errnos(b) ? Order::different : order;
  }
  using Errnos = std::vector<std::pair<catalogue::SyscallId, int>>;
  [[nodiscard]] static Errnos errnos(const SyscallFilter* filter) {
    if (filter == nullptr) return {};
    Errnos own = filter->errnos;
    std::erase_if(own, [](const auto& one) { return one.second == kErrnoDefault; });
    return own;
  }

  // An allow list from which every name has been taken closes everything for file systems, and nothing
  // for network interfaces (measured). It compares with nothing but itself.
  [[nodiscard]] Order compare_names() const {
    const auto* a = find_value<NameFilter>(a_, id());
    const auto* b = find_value<NameFilter>(b_, id());
    const auto is_void = [](const NameFilter* filter) {
      return filter != nullptr && filter->allow_list && filter->names.empty();
    };
    if (is_void(a) || is_void(b)) return is_void(a) == is_void(b) ? Order::equal : Order::different;
    return compare_sets(NameSet::of(a), NameSet::of(b));
  }

  [[nodiscard]] WordGroup architectures(const Settings& settings) const {
    const auto* set = find_value<WordSet>(settings, id());
    return set == nullptr ? WordGroup::all() : WordGroup{false, set->words};
  }

  [[nodiscard]] WordGroup entries(const Settings& settings) const {
    const std::vector<std::string> list = words(settings);
    return {false, {list.begin(), list.end()}};
  }

  [[nodiscard]] AddressSet addresses(const Settings& settings) const {
    const auto* set = find_value<WordSet>(settings, id());
    return set == nullptr ? AddressSet() : AddressSet::of(*set);
  }

  [[nodiscard]] PortSet ports(const Settings& settings) const {
    const Words* rules = settings.words(id());
    return rules == nullptr ? PortSet() : PortSet::of(*rules);
  }

  [[nodiscard]] WordGroup devices(const Settings& settings) const {
    return devices_of(settings.words(id()), settings.choice(DirectiveId::DevicePolicy).value_or(0) == 0);
  }

  // `-` before a path that closes: it may be missing. So without it is the tighter form.
  [[nodiscard]] Order compare_paths() const {
    if (directive_.list == ListEffect::neither) return same_or_different(words(a_), words(b_));
    return compare_sets(paths(a_), paths(b_));
  }
  [[nodiscard]] WordGroup paths(const Settings& settings) const {
    WordGroup group = entries(settings);
    if (directive_.list != ListEffect::closes) return group;
    for (const std::string& path : words(settings))
      if (!path.starts_with('-')) group.words.insert("-" + path);
    return group;
  }

  [[nodiscard]] std::vector<std::string> words(const Settings& settings) const {
    const Words* list = settings.words(id());
    return list == nullptr ? std::vector<std::string>{} : list->words;
  }

  [[nodiscard]] std::string_view text(const Settings& settings) const {
    const std::string_view given = settings.text(id());
    return given.empty() ? directive_.default_text : given;
  }

  // A name; "root" for root, however it comes about.
  [[nodiscard]] std::string_view user(const Settings& settings) const {
    const std::string_view name = settings.text(id());
    if (name == "0" || (name.empty() && runs_as_root(settings))) return "root";
    return name;
  }
  [[nodiscard]] Order compare_user() const {
    const std::string_view a = user(a_);
    const std::string_view b = user(b_);
    if (a == b) return Order::equal;
    if (a == "root") return Order::tighter;
    return b == "root" ? Order::looser : Order::different;
  }

  [[nodiscard]] unsigned mode(const Settings& settings) const {
    if (const auto* set = find_value<FileMode>(settings, id())) return set->mode;
    unsigned mode = 0;
    for (const char digit : directive_.default_text) mode = mode * 8 + static_cast<unsigned>(digit - '0');
    return mode;
  }
  [[nodiscard]] Order compare_modes() const {
    const unsigned a = mode(a_);
    const unsigned b = mode(b_);
    return by_inclusion((b & ~a) == 0, (a & ~b) == 0);
  }

  // Nothing, the group alone, the group with these controllers, or with all.
  [[nodiscard]] Order compare_delegate() const {
    const auto delegated = [&](const Settings& settings) {
      WordGroup group;
      const auto* set = find_value<WordSet>(settings, id());
      if (set == nullptr) return group;
      if (set->words.contains("yes")) return WordGroup::all();
      group.words = set->words;
      group.words.insert("");   // the group itself
      return group;
    };
    return compare_sets(delegated(a_), delegated(b_));
  }

  const Directive& directive_;
  const Settings& a_;
  const Settings& b_;
  const Systemd& systemd_;
};

bool same_value(const Value* a, const Value* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return *a == *b;
}

}  // namespace

std::string_view order_name(Order order) {
  switch (order) {
    case Order::equal:
      return "equal";
    case Order::tighter:
      return "tighter";
    case Order::looser:
      return "looser";
    case Order::different:
      return "different";
  }
  std::unreachable();
}

Order mirrored(Order order) {
  if (order == Order::tighter) return Order::looser;
  return order == Order::looser ? Order::tighter : order;
}

Order combined(Order a, Order b) {
  if (a == b || b == Order::equal) return a;
  return a == Order::equal ? b : Order::different;
}

Order compare_directive(DirectiveId id, const Settings& a, const Settings& b, const Systemd& systemd) {
  return Comparer(id, a, b, systemd).compare();
}

Comparison compare_settings(const Settings& a, const Settings& b, const Systemd& systemd) {
  Comparison comparison;
  for (const Directive& directive : catalogue::directives()) {
    // A value that stands unchanged is not a change, though another directive may give it a new meaning;
    // that one is the change.
    if (same_value(a.find(directive.id), b.find(directive.id))) continue;
    const Order order = compare_directive(directive.id, a, b, systemd);
    if (order == Order::equal) continue;
    comparison.directives.push_back({directive.id, order});
    comparison.order = combined(comparison.order, order);
  }
  return comparison;
}

}  // namespace harden
