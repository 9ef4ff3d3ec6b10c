// SPDX-License-Identifier: LGPL-2.1-or-later
#include "util/result.h"

#include <cerrno>
#include <cstring>

namespace harden {

Error Error::with_context(std::string_view outer) const {
  Error error = *this;
  error.context = outer;
  if (!context.empty()) error.context.append(": ").append(context);
  return error;
}

std::string Error::text() const {
  std::string text;
  if (!context.empty()) text.append(context).append(": ");
  if (!where.file.empty()) {
    text += where.file;
    if (where.line != 0) text.append(":").append(std::to_string(where.line));
    text += ": ";
  }
  return text += message;
}

std::unexpected<Error> fail_errno(int sys_errno, std::string message, SourcePos where) {
  // strerror() is not safe with threads and translates; this neither.
  const char* reason = ::strerrordesc_np(sys_errno);
  message += ": ";
  message += reason != nullptr ? std::string(reason) : "error " + std::to_string(sys_errno);
  const bool missing = sys_errno == ENOENT || sys_errno == ENOTDIR;
  return std::unexpected(
      Error{missing ? Errc::not_found : Errc::io, std::move(message), sys_errno, std::move(where)});
}

}  // namespace harden
