// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/errno_names.h"

#include <strings.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "settings/value.h"

namespace harden {

namespace {

// systemd's table of names takes them in any case.
bool is_same_name(std::string_view word, std::string_view name) {
  return word.size() == name.size() && ::strncasecmp(word.data(), name.data(), name.size()) == 0;
}

}  // namespace

std::optional<int> parse_errno_or_action(std::string_view word) {
  if (word == "kill") return kErrnoKill;
  constexpr int kNamedMax = 200;  // past the last errno that Linux names
  for (int error = 1; error < kNamedMax; ++error)
    if (const char* name = strerrorname_np(error); name != nullptr && is_same_name(word, name))
      return error;
  // Second names of numbers that have one already.
  if (is_same_name(word, "EWOULDBLOCK")) return EWOULDBLOCK;
  if (is_same_name(word, "EDEADLOCK")) return EDEADLOCK;
  if (is_same_name(word, "ENOTSUP")) return ENOTSUP;
  int number = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (status != std::errc{} || end != word.data() + word.size() || number < 0 || number > kErrnoMax)
    return std::nullopt;
  return number;
}

std::string errno_or_action_name(int error) {
  if (error == kErrnoKill) return "kill";
  const char* name = strerrorname_np(error);
  return name != nullptr && error != 0 ? name : std::to_string(error);
}

}  // namespace harden
