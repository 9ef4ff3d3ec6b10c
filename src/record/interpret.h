// SPDX-License-Identifier: LGPL-2.1-or-later
// From what a backend saw to needs: values in, values out. A backend turns its events into Seen, which
// holds what the recipes ask for, however it was got.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "needs/need.h"

namespace harden::record {

// A system call that has returned.
struct Seen {
  std::string call;   // plain_name()
  std::array<std::uint64_t, 6> arg{};
  std::int64_t ret = 0;
  std::string name1, name2;  // as given; or, where the recipe says so, the bytes that an argument points to
  std::string from1, from2;  // absolute: the directory that a relative name starts from; from1 is the path
                             // of the file itself where the recipe has a descriptor
  bool has_file = false;  // mode, rdev, flags and created are of a file that from1 names
  std::uint32_t mode = 0, rdev = 0, flags = 0;  // rdev as the kernel has it: 12 bits and 20
  bool created = false;
  std::uint32_t uid = 0, gid = 0;  // real ids before the call
  std::uint16_t family = 0, type = 0, protocol = 0, port = 0;  // of a socket
  std::array<std::uint8_t, 16> address{};
  std::int32_t pid = 0;
};

struct Finding {
  NeedDetail detail;
  std::optional<int> error;  // as in Need
  friend bool operator==(const Finding&, const Finding&) = default;
};

// What of a process can be looked up only while it runs. Each gives nothing if it is gone.
struct Lookup {
  // The path with every symlink followed, as the process sees it.
  std::function<std::optional<std::string>(std::int32_t pid, const std::string& path)> resolve;
  std::function<std::string(std::int32_t pid)> name_of;  // comm
  std::function<std::string(std::int32_t pid)> unit_of;
  std::function<bool(std::int32_t pid)> is_own;  // of the service that is recorded
};

[[nodiscard]] std::vector<Finding> interpret(const Seen& seen, const Lookup& lookup);

// What follows from a file having been opened, mapped or refused, whoever saw it: devices, sysctls, /proc
// of others, shared memory.
void add_derived(const FileUse& use, std::uint32_t rdev, std::optional<int> error, const Lookup& lookup,
                 std::vector<Finding>& out);

// "/a/./b/../c" → "/a/c"; a relative path stays one.
[[nodiscard]] std::string normalize_path(std::string_view path);
[[nodiscard]] NodeType node_type_of_mode(std::uint32_t mode);

// "AF_INET", "SOCK_STREAM", "CAP_CHOWN": "#99" without a name.
[[nodiscard]] std::string family_name(unsigned number);
[[nodiscard]] std::string socket_type_name(unsigned type);
[[nodiscard]] std::string capability_name(unsigned number);
// Numeric, of family AF_INET or AF_INET6.
[[nodiscard]] std::string address_text(unsigned family, const std::uint8_t* bytes);
[[nodiscard]] std::string uring_operation_name(unsigned opcode);

// Network calls; in a file of its own.
[[nodiscard]] bool interpret_socket_call(const Seen& seen, std::vector<Finding>& out);

}  // namespace harden::record
