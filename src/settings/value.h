// SPDX-License-Identifier: LGPL-2.1-or-later
// What a directive holds after all its assignments have been merged. A directive that nothing sets has
// no value at all; that is different from a set one that is empty.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "catalogue/catalogue.h"

namespace harden {

// One of the directive's values, by index into catalogue::Directive::values (loosest first).
struct Choice {
  std::uint8_t index = 0;
  friend bool operator==(const Choice&, const Choice&) = default;
};

// RestrictNamespaces= takes the word, but neither the score nor the filter knows it.
inline constexpr std::string_view kTimeNamespaceName = "time";
inline constexpr std::uint64_t kTimeNamespace = 0x80;  // CLONE_NEWTIME

// Capabilities by number, or namespace kinds by CLONE_NEW* flag; a set bit is allowed.
struct Mask {
  std::uint64_t bits = 0;
  friend bool operator==(const Mask&, const Mask&) = default;
};

inline constexpr int kErrnoKill = -2;      // `:kill`
inline constexpr int kErrnoDefault = -1;   // no errno given: SystemCallErrorNumber= decides

// SystemCallFilter=. An allow list lets through the listed calls but those with an errno; a deny list
// lets through the others.
struct SyscallFilter {
  bool allow_list = false;
  catalogue::SyscallSet listed;
  std::vector<std::pair<catalogue::SyscallId, int>> errnos;   // of listed calls, sorted

  [[nodiscard]] bool allows(catalogue::SyscallId call) const;
  friend bool operator==(const SyscallFilter&, const SyscallFilter&) = default;
};

// RestrictAddressFamilies=, RestrictFileSystems=, RestrictNetworkInterfaces=.
struct NameFilter {
  bool allow_list = false;
  std::set<std::string, std::less<>> names;
  bool undecided = false;           // `none`: the next line decides anew whether it allows or denies

  [[nodiscard]] bool allows(std::string_view name) const;
  friend bool operator==(const NameFilter& a, const NameFilter& b) {
    return a.allow_list == b.allow_list && a.names == b.names;
  }
};

// Architectures, addresses, delegated controllers.
struct WordSet {
  std::set<std::string, std::less<>> words;
  friend bool operator==(const WordSet&, const WordSet&) = default;
};

// Words, paths, lines and devices, in the order given.
struct Words {
  std::vector<std::string> words;
  friend bool operator==(const Words&, const Words&) = default;
};

struct Text {
  std::string text;
  friend bool operator==(const Text&, const Text&) = default;
};

struct FileMode {
  unsigned mode = 0;
  friend bool operator==(const FileMode&, const FileMode&) = default;
};

using Value = std::variant<Choice, Mask, SyscallFilter, NameFilter, WordSet, Words, Text, FileMode>;

// The value as words of a unit file: parsing them in order, as assignments of one word or line each,
// gives the value again. An empty mask is one empty word; a filter begins with `~` if it denies.
[[nodiscard]] std::vector<std::string> value_words(const catalogue::Directive& directive,
                                                   const Value& value, const catalogue::Systemd& systemd);

}  // namespace harden
