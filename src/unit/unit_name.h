// SPDX-License-Identifier: LGPL-2.1-or-later
// Unit names: plain (`nginx.service`), template (`getty@.service`), instance (`getty@tty1.service`), and
// the escaping between names and paths. Source: systemd.unit(5), "String Escaping for Inclusion in
// Unit Names".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace harden {

inline constexpr std::size_t kUnitNameMax = 255;  // bytes, as systemd's UNIT_NAME_MAX less the NUL

enum class UnitNameKind : std::uint8_t { plain, template_, instance };

// A valid unit name. Built by parse_unit_name only, so that every UnitName holds to systemd's rules.
class UnitName {
 public:
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] UnitNameKind kind() const { return kind_; }
  [[nodiscard]] std::string_view type() const;      // "service"
  [[nodiscard]] std::string_view prefix() const;    // before the `@`, or before the suffix
  [[nodiscard]] std::string_view instance() const;  // between `@` and the suffix; empty if none
  [[nodiscard]] std::string_view stem() const;      // all but the suffix

  [[nodiscard]] UnitName template_name() const;     // of an instance; else itself
  // Of a template or instance, with another instance; nothing if the result is no valid name.
  [[nodiscard]] std::optional<UnitName> with_instance(std::string_view instance) const;

  // Names whose `.d` folders also apply, in systemd's order and each once: itself, of an instance its
  // template, then the names of each `-` prefix, longest first. Of `a-b@i.service`: itself,
  // `a-b@.service`, `a-.service`, `a-@i.service`, `a-@.service`. The whole type's folder (`service.d`) is
  // not among them. Source: systemd.unit(5); the order is what systemd 252 and 257 do.
  [[nodiscard]] std::vector<std::string> drop_in_names() const;

  friend bool operator==(const UnitName& a, const UnitName& b) { return a.text_ == b.text_; }
  friend auto operator<=>(const UnitName& a, const UnitName& b) { return a.text_ <=> b.text_; }

 private:
  friend std::optional<UnitName> parse_unit_name(std::string_view text);
  UnitName(std::string text, UnitNameKind kind) : text_(std::move(text)), kind_(kind) {}

  std::string text_;
  UnitNameKind kind_;
};

[[nodiscard]] std::optional<UnitName> parse_unit_name(std::string_view text);
[[nodiscard]] bool is_unit_name(std::string_view text);
[[nodiscard]] bool is_unit_type(std::string_view word);  // "service", "socket", …

// Types whose units run processes of their own.
inline constexpr std::array<std::string_view, 4> kProcessTypes = {"service", "socket", "mount", "swap"};
[[nodiscard]] bool runs_processes(std::string_view type);
// The section that holds a unit type's own settings: "Service" for "service".
[[nodiscard]] std::string section_of_type(std::string_view type);

// `-` becomes `/` and `\xNN` the byte; nothing if an escape is malformed. A NUL ends the result, since to
// systemd it is a C string.
[[nodiscard]] std::optional<std::string> unescape_unit_name(std::string_view text);
// The same for a whole path: "-" is "/", the rest gets a leading slash; nothing if it is not normal.
[[nodiscard]] std::optional<std::string> unescape_unit_path(std::string_view text);

}  // namespace harden
