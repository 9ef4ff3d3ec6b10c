// SPDX-License-Identifier: LGPL-2.1-or-later
#include "privileges/order.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "privileges/address_set.h"
#include "privileges/port_set.h"

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

// What a filter lets through: named calls and, of a deny list, those that nobody can name too.
struct Calls {
  catalogue::SyscallSet named;
  bool others = false;
  std::vector<std::pair<catalogue::SyscallId, int>> errnos;

  Calls(const SyscallFilter* filter, const Systemd& systemd) {
    if (filter == nullptr) {
      named = systemd.known_syscalls;
      others = true;
      return;
    }
    named = filter->allow_list ? filter->listed : ~filter->listed;
    if (filter->allow_list)
      for (const auto& [call, error] : filter->errnos) named.reset(call);
    named &= systemd.known_syscalls;
    others = !filter->allow_list;
    errnos = filter->errnos;
    std::erase_if(errnos, [](const auto& one) { return one.second == kErrnoDefault; });
  }
  [[nodiscard]] bool is_subset_of(const Calls& other) const {
    return named.is_subset_of(other.named) && (!others || other.others);
  }
};

// Names that a polarity list lets through: those listed, or all others.
struct Names {
  bool listed = false;
  std::set<std::string, std::less<>> names;

  explicit Names(const NameFilter* filter) {
    if (filter == nullptr) return;
    listed = filter->allow_list;
    names = filter->names;
  }
  [[nodiscard]] bool is_subset_of(const Names& other) const {
    if (listed && other.listed) return std::ranges::includes(other.names, names);
    if (!listed && !other.listed) return std::ranges::includes(names, other.names);
    if (!listed) return false;   // there are always more names than a list has
    return std::ranges::none_of(names, [&](const std::string& name) { return other.names.contains(name); });
  }
};

// Entries of a list, or everything.
struct Entries {
  bool everything = false;
  std::set<std::string, std::less<>> entries;

  Entries() = default;
  explicit Entries(const Words* list) {
    if (list != nullptr) entries.insert(list->words.begin(), list->words.end());
  }
  [[nodiscard]] bool is_subset_of(const Entries& other) const {
    return other.everything || (!everything && std::ranges::includes(other.entries, entries));
  }
};

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
        return toward_list(
            compare_sets(Names(find_value<NameFilter>(a_, id())), Names(find_value<NameFilter>(b_, id()))));
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
        return directive_.list == ListEffect::neither
                   ? same_or_different(words(a_), words(b_))
                   : toward_list(compare_sets(Entries(a_.words(id())), Entries(b_.words(id()))));
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
    const Calls a(find_value<SyscallFilter>(a_, id()), systemd_);
    const Calls b(find_value<SyscallFilter>(b_, id()), systemd_);
    const Order order = compare_sets(a, b);
    // What is denied may still fail in another way: an error instead of the end of the service.
    return order == Order::equal && a.errnos != b.errnos ? Order::different : order;
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
    return compare_sets(Names(a), Names(b));
  }

  [[nodiscard]] Entries architectures(const Settings& settings) const {
    Entries entries;
    const auto* set = find_value<WordSet>(settings, id());
    entries.everything = set == nullptr;
    if (set != nullptr) entries.entries = set->words;
    return entries;
  }

  [[nodiscard]] AddressSet addresses(const Settings& settings) const {
    const auto* set = find_value<WordSet>(settings, id());
    return set == nullptr ? AddressSet() : AddressSet::of(*set);
  }

  [[nodiscard]] PortSet ports(const Settings& settings) const {
    const Words* rules = settings.words(id());
    return rules == nullptr ? PortSet() : PortSet::of(*rules);
  }

  // Each right to a node is an entry. Under the policy `auto`, a list without any lets everything through.
  [[nodiscard]] Entries devices(const Settings& settings) const {
    Entries entries;
    const Words* list = settings.words(id());
    if (list == nullptr || list->words.empty()) {
      entries.everything = settings.choice(DirectiveId::DevicePolicy).value_or(0) == 0;
      return entries;
    }
    for (const std::string& line : list->words) {
      const std::size_t space = line.find(' ');
      const std::string_view rights =
          space == std::string::npos ? "rwm" : std::string_view(line).substr(space + 1);
      for (const char right : rights) entries.entries.insert(line.substr(0, space) + ' ' + right);
    }
    return entries;
  }

  // `-` before a path that closes: it may be missing. So without it is the tighter form.
  [[nodiscard]] Order compare_paths() const {
    if (directive_.list == ListEffect::neither) return same_or_different(words(a_), words(b_));
    return compare_sets(paths(a_), paths(b_));
  }
  [[nodiscard]] Entries paths(const Settings& settings) const {
    Entries entries(settings.words(id()));
    if (directive_.list != ListEffect::closes) return entries;
    const auto given = entries.entries;
    for (const std::string& path : given)
      if (!path.starts_with('-')) entries.entries.insert("-" + path);
    return entries;
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
    const auto entries = [&](const Settings& settings) {
      Entries result;
      const auto* set = find_value<WordSet>(settings, id());
      if (set == nullptr) return result;
      result.entries = set->words;
      result.everything = set->words.contains("yes");
      result.entries.insert("");  // the group itself
      return result;
    };
    return compare_sets(entries(a_), entries(b_));
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
