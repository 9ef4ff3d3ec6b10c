// SPDX-License-Identifier: LGPL-2.1-or-later
// Values as the Nix language writes them.
#pragma once

#include <string>
#include <string_view>

namespace harden {

// Quoted, with nothing in it that Nix would expand.
[[nodiscard]] std::string nix_string(std::string_view text);

}  // namespace harden
