// SPDX-License-Identifier: LGPL-2.1-or-later
// A grant as it is written, `listen:443`, and what its argument says. Grants are values in a normal form,
// so that two spellings of one are equal. Forms of the arguments: catalogue/policy_vocabulary.h,
// docs/policies.md.
#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalogue/policy.h"
#include "util/result.h"

namespace harden {

struct Grant {
  catalogue::GrantId id{};
  std::string argument;  // in normal form; empty if there is none. A `%` in it is a template's specifier

  [[nodiscard]] const catalogue::Grant& row() const { return catalogue::grant(id); }
  [[nodiscard]] std::string text() const;  // "listen:443"
  friend bool operator==(const Grant&, const Grant&) = default;
  friend auto operator<=>(const Grant&, const Grant&) = default;
};

// "listen:443, jit". Printable, whatever their arguments came from: parse_grants() takes nothing else.
[[nodiscard]] std::string joined_texts(std::span<const Grant> grants);

// One word of an `Allow=` or `--allow`, specifiers expanded: a list in its argument gives several grants.
// Fails with Errc::invalid and the nearest right word, or the form asked for, as hint.
// `of_template`: a path or device may hold specifiers of the instance, "write:/srv/%i".
[[nodiscard]] Result<std::vector<Grant>> parse_grants(std::string_view word, bool of_template = false);

// What stands in the argument, for the effects of the grant.
struct GrantArgument {
  bool low_port = false;
  bool optional_path = false;  // `-` before it
  std::string path;  // without the `-`
  std::string bind;  // "tcp:443" as SocketBindAllow= takes it
  std::vector<std::string> peers;  // as IPAddressAllow= takes them
  std::string device;  // "/dev/sr0 r" as DeviceAllow= takes it
  std::string name;  // of a family, capability, system call or namespace
};
[[nodiscard]] GrantArgument read_argument(const Grant& grant);

// All grants of the list, sorted, each once.
[[nodiscard]] std::vector<Grant> normalized(std::vector<Grant> grants);

}  // namespace harden
