// SPDX-License-Identifier: LGPL-2.1-or-later
// The file that `systemd-analyze security --security-policy=` takes: other weights and ranges by row.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "util/diagnostic.h"
#include "util/result.h"

namespace harden {

struct RowPolicy {
  std::optional<std::uint64_t> weight;   // 0: the row is left out
  std::optional<std::uint64_t> range;
  std::optional<std::string> description_good;
  std::optional<std::string> description_bad;
  std::optional<std::string> description_na;
};

struct SecurityPolicy {
  std::map<std::string, RowPolicy, std::less<>> rows;   // by json_field
};

// Members of a wrong type are left out with a diagnostic, as the tool leaves them out. Errc::invalid
// if the text is no JSON.
[[nodiscard]] Result<SecurityPolicy> parse_security_policy(std::string_view text, const std::string& path,
                                                           Diagnostics& diagnostics);

}  // namespace harden
