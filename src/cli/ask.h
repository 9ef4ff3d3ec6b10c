// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden suggest --ask`: the grants of a suggestion one by one, on a terminal.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "emit/suggest_report.h"

namespace harden {

// The suggestion with the needs of these words left out.
using MakeReport = std::function<SuggestReport(const std::vector<std::string>& ignores)>;

// Asks of each grant whether to keep it; after a refusal what it was for is left out and the search made
// anew. `ignores` are left out from the start. Of the result, the words that were refused for good are in
// the policy's own. Nothing: the user gave up, or stdin ended.
[[nodiscard]] std::optional<SuggestReport> ask_for_grants(const MakeReport& make,
                                                          const std::vector<std::string>& ignores,
                                                          Console& console);

}  // namespace harden
