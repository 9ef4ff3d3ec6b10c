// SPDX-License-Identifier: LGPL-2.1-or-later
// Expected failures are values: a function that can fail returns Result<T>, and each layer adds what
// it knows to the message. Bugs are assertions. Nothing else in the project knows that Result is
// std::expected.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace harden {

enum class Errc : std::uint8_t {
  not_found,      // a file, unit or name that is not there
  invalid,        // input that does not have the form asked for
  refused,        // input that is well formed, but that systemd itself would refuse to load
  too_large,      // past a stated limit
  unsupported,    // well formed, but nothing we can do (a systemd version whose tables we lack)
  io,             // the system said no; sys_errno tells what
};

// A place in an input file. `line` counts from 1; 0 means the file as a whole.
struct SourcePos {
  std::string file;
  unsigned line = 0;

  friend bool operator==(const SourcePos&, const SourcePos&) = default;
};

struct Error {
  Errc code = Errc::invalid;
  std::string message;   // without the place; printed escaped, since it may quote foreign text
  int sys_errno = 0;
  SourcePos where = {};
  std::string hint = {};  // the way out, one line, or empty
  std::string context = {};  // what was being done, outermost first: "cannot score x.service"

  // The same error with `outer` before its context.
  [[nodiscard]] Error with_context(std::string_view outer) const;
  // "context: file:line: message" as a person reads it, not yet escaped for a terminal.
  [[nodiscard]] std::string text() const;
};

template <typename T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string message, SourcePos where = {},
                                                 std::string hint = {}) {
  return std::unexpected(Error{code, std::move(message), 0, std::move(where), std::move(hint)});
}

// Errc::not_found for ENOENT and ENOTDIR, else Errc::io; the message ends in strerror's text.
[[nodiscard]] std::unexpected<Error> fail_errno(int sys_errno, std::string message, SourcePos where = {});

}  // namespace harden

#define HARDEN_CONCAT_INNER(a, b) a##b
#define HARDEN_CONCAT(a, b) HARDEN_CONCAT_INNER(a, b)

// NOLINTBEGIN(bugprone-macro-parentheses): `decl` is a declaration.
// Declares `decl` from the value of `expr`, or returns its error early. Several statements: give it a
// line of its own, inside braces.
#define HARDEN_TRY(decl, expr)                                                       \
  auto HARDEN_CONCAT(harden_try_, __LINE__) = (expr);                                \
  if (!HARDEN_CONCAT(harden_try_, __LINE__))                                         \
    return std::unexpected(std::move(HARDEN_CONCAT(harden_try_, __LINE__)).error()); \
  decl = std::move(*HARDEN_CONCAT(harden_try_, __LINE__))

// The same for a Result<void>.
#define HARDEN_CHECK(expr)                                                                       \
  if (auto HARDEN_CONCAT(harden_try_, __LINE__) = (expr); !HARDEN_CONCAT(harden_try_, __LINE__)) \
  return std::unexpected(std::move(HARDEN_CONCAT(harden_try_, __LINE__)).error())
// NOLINTEND(bugprone-macro-parentheses)
