// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit/specifiers.h"

#include <algorithm>
#include <optional>

namespace harden {
namespace {

// Specifiers of the system manager whose values are the same on every machine.
std::optional<std::string_view> fixed_value(char specifier, unsigned systemd) {
  switch (specifier) {
    case 'C':
      return "/var/cache";
    case 'D':
      return systemd >= 255 ? std::optional<std::string_view>("/usr/share") : std::nullopt;
    case 'E':
      return "/etc";
    case 'G':
      return "0";
    case 'L':
      return "/var/log";
    case 'S':
      return "/var/lib";
    case 'T':
      return "/tmp";
    case 'U':
      return "0";
    case 'V':
      return "/var/tmp";
    case 'g':
      return "root";
    case 'h':
      return "/root";
    case 't':
      return "/run";
    case 'u':
      return "root";
    default:
      return std::nullopt;
  }
}

// What systemd lets a value grow to; also keeps a line of nothing but %n from taking the memory.
constexpr std::size_t kExpansionMax = 1U << 20U;

// Specifiers that systemd knows and that depend on the machine or the running manager.
constexpr std::string_view kMachineSpecifiers = "ABHMRWabclmoqrsvw";

constexpr bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view last_component(std::string_view prefix) {
  const std::size_t dash = prefix.rfind('-');
  return dash == std::string_view::npos ? prefix : prefix.substr(dash + 1);
}

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {};
  return std::string(slash == 0 ? "/" : path.substr(0, slash));
}

// The value, or nothing if the specifier is malformed for this unit. `known` is false for one that is
// no specifier of the unit's own name.
std::optional<std::string> name_value(char specifier, const SpecifierContext& context, bool& known) {
  const UnitName& name = *context.name;
  const bool has_instance = name.kind() == UnitNameKind::instance;
  known = true;
  switch (specifier) {
    case 'n':
      return name.text();
    case 'N':
      return std::string(name.stem());
    case 'p':
      return std::string(name.prefix());
    case 'P':
      return unescape_unit_name(name.prefix());
    case 'i':
      return std::string(name.instance());
    case 'I':
      return unescape_unit_name(name.instance());
    case 'j':
      return std::string(last_component(name.prefix()));
    case 'J':
      return unescape_unit_name(last_component(name.prefix()));
    case 'f':
      return unescape_unit_path(has_instance ? name.instance() : name.prefix());
    case 'd':
      return "/run/credentials/" + name.text();
    case 'y':
      if (context.fragment_path.empty()) return std::nullopt;
      return std::string(context.fragment_path);
    case 'Y':
      if (context.fragment_path.empty()) return std::nullopt;
      return directory_of(context.fragment_path);
    default:
      known = false;
      return std::nullopt;
  }
}

}  // namespace

Expansion expand_specifiers(std::string_view text, const SpecifierContext& context) {
  Expansion result;
  if (text.find('%') == std::string_view::npos) {
    result.text = text;
    return result;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '%' || i + 1 == text.size()) {
      result.text += c;
      continue;
    }
    const char specifier = text[++i];
    if (specifier == '%') {
      result.text += '%';
      continue;
    }
    if (context.name->kind() == UnitNameKind::template_ &&
        kInstanceSpecifiers.find(specifier) != std::string_view::npos) {
      result.text += text.substr(i - 1, 2);
      result.state = std::max(result.state, Expansion::State::instance);
      continue;
    }
    bool known = false;
    if (auto value = name_value(specifier, context, known); known) {
      if (!value) return {Expansion::State::invalid, std::string(text)};
      result.text += *value;
    } else if (auto fixed = fixed_value(specifier, context.systemd)) {
      result.text += *fixed;
    } else {
      result.text += '%';
      result.text += specifier;
      if (kMachineSpecifiers.find(specifier) != std::string_view::npos)
        result.state = Expansion::State::unknown;
      else if (is_alnum(specifier))
        return {Expansion::State::invalid, std::string(text)};
      // Anything else after a `%` stands for itself.
    }
    if (result.text.size() > kExpansionMax) return {Expansion::State::invalid, std::string(text)};
  }
  return result;
}

}  // namespace harden
