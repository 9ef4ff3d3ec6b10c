// SPDX-License-Identifier: LGPL-2.1-or-later
#include "unit/unit_name.h"

#include <algorithm>
#include <array>
#include <cassert>

namespace harden {
namespace {

constexpr std::array<std::string_view, 11> kUnitTypes = {"automount", "device",  "mount", "path",
                                                         "scope",     "service", "slice", "socket",
                                                         "swap",      "target",  "timer"};

constexpr bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool is_name_char(char c) {
  return is_alnum(c) || c == ':' || c == '-' || c == '_' || c == '.' || c == '\\';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The next shorter `-` prefix, trailing dash kept: "a-b" → "a-". A dash that is already last is dropped
// first, once. A leading dash ends the walk.
std::optional<std::string> shorter_prefix(std::string_view prefix) {
  std::size_t dash = prefix.rfind('-');
  if (dash != std::string_view::npos && dash != 0 && dash + 1 == prefix.size()) {
    prefix.remove_suffix(1);
    dash = prefix.rfind('-');
  }
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  return std::string(prefix.substr(0, dash + 1));
}

bool is_normal_path(std::string_view path) {
  if (path == "/") return true;
  if (path.empty() || path.front() != '/' || path.back() == '/') return false;
  for (std::size_t start = 1; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    start = end + 1;
  }
  return true;
}

}  // namespace

bool is_unit_type(std::string_view word) { return std::ranges::find(kUnitTypes, word) != kUnitTypes.end(); }

bool runs_processes(std::string_view type) {
  return std::ranges::find(kProcessTypes, type) != kProcessTypes.end();
}

std::string section_of_type(std::string_view type) {
  std::string section(type);
  section.front() = static_cast<char>(section.front() - 'a' + 'A');
  return section;
}

bool is_unit_name(std::string_view text) {
  if (text.empty() || text.size() > kUnitNameMax) return false;
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || !is_unit_type(text.substr(dot + 1))) return false;
  if (text.front() == '@') return false;
  // Only the first `@` separates; an instance may hold more of them.
  return std::ranges::all_of(text.substr(0, dot), [](char c) { return is_name_char(c) || c == '@'; });
}

std::optional<UnitName> parse_unit_name(std::string_view text) {
  if (!is_unit_name(text)) return std::nullopt;
  const std::string_view stem = text.substr(0, text.rfind('.'));
  const std::size_t at = stem.find('@');
  UnitNameKind kind = UnitNameKind::plain;
  if (at != std::string_view::npos)
    kind = at + 1 == stem.size() ? UnitNameKind::template_ : UnitNameKind::instance;
  return UnitName(std::string(text), kind);
}

std::string_view UnitName::type() const { return std::string_view(text_).substr(text_.rfind('.') + 1); }

std::string_view UnitName::stem() const { return std::string_view(text_).substr(0, text_.rfind('.')); }

std::string_view UnitName::prefix() const {
  const std::string_view whole = stem();
  return whole.substr(0, whole.find('@'));
}

std::string_view UnitName::instance() const {
  const std::string_view whole = stem();
  const std::size_t at = whole.find('@');
  return at == std::string_view::npos ? std::string_view{} : whole.substr(at + 1);
}

UnitName UnitName::template_name() const {
  if (kind_ != UnitNameKind::instance) return *this;
  return {std::string(prefix()) + "@." + std::string(type()), UnitNameKind::template_};
}

std::optional<UnitName> UnitName::with_instance(std::string_view instance) const {
  if (kind_ == UnitNameKind::plain) return std::nullopt;
  auto name =
      parse_unit_name(std::string(prefix()) + "@" + std::string(instance) + "." + std::string(type()));
  if (!name || name->kind() != UnitNameKind::instance) return std::nullopt;
  return name;
}

std::vector<std::string> UnitName::drop_in_names() const {
  const std::string suffix = "." + std::string(type());
  std::vector<std::string> prefixes;
  for (auto shorter = shorter_prefix(prefix()); shorter; shorter = shorter_prefix(*shorter))
    prefixes.push_back(*shorter);

  std::vector<std::string> names = {text_};
  if (kind_ == UnitNameKind::instance) names.push_back(template_name().text());
  // systemd walks the template's prefixes before the instance's own, and as plain names: the `@` of a
  // template is not carried over.
  for (const std::string& shorter : prefixes) names.push_back(shorter + suffix);
  if (kind_ != UnitNameKind::instance) return names;
  for (const std::string& shorter : prefixes) {
    names.push_back(shorter + "@" + std::string(instance()) + suffix);
    names.push_back(shorter + "@" + suffix);
  }
  return names;
}

std::optional<std::string> unescape_unit_name(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') {
      out += '/';
    } else if (text[i] == '\\') {
      if (i + 3 >= text.size() || text[i + 1] != 'x') return std::nullopt;
      const int high = hex_digit(text[i + 2]);
      const int low = hex_digit(text[i + 3]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 3;
    } else {
      out += text[i];
    }
  }
  out.resize(std::min(out.find('\0'), out.size()));
  return out;
}

std::optional<std::string> unescape_unit_path(std::string_view text) {
  if (text == "-") return "/";
  auto tail = unescape_unit_name(text);
  if (!tail || text.empty() || tail->starts_with('/') || tail->ends_with('/')) return std::nullopt;
  std::string path = "/" + *tail;
  if (!is_normal_path(path)) return std::nullopt;
  return path;
}

}  // namespace harden
