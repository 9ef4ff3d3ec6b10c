// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/exemptions.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>

#include "emit/score_report.h"
#include "util/text.h"

namespace harden {

bool fits(const ScoreExemption& exemption, const std::string& unit) {
  return ::fnmatch(exemption.pattern.c_str(), unit.c_str(), 0) == 0;
}

const ScoreExemption* Exemptions::find(const std::string& unit) const {
  const auto at = std::ranges::find_if(list, [&](const ScoreExemption& one) { return fits(one, unit); });
  return at == list.end() ? nullptr : &*at;
}

Exemptions parse_exemptions(std::string_view text, const std::string& path, Diagnostics& diagnostics) {
  Exemptions exemptions{path, {}};
  unsigned line = 0;
  for (std::string_view rest : split(text, '\n')) {
    ++line;
    ScoreExemption one;
    one.line = line;
    if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
      one.reason = strip(rest.substr(hash + 1));
      rest = rest.substr(0, hash);
    }
    rest = strip(rest);
    if (rest.empty()) continue;
    const auto fault = [&](std::string message, std::string hint) {
      add_diagnostic(diagnostics,
                     {Severity::error, "bad-exemption", {path, line}, std::move(message), std::move(hint)});
    };
    const std::size_t end = std::min(rest.find_first_of(kWhitespace), rest.size());
    one.pattern = rest.substr(0, end);
    rest = strip(rest.substr(end));
    if (!rest.empty()) {
      unsigned threshold = 0;
      const auto [at, error] = std::from_chars(rest.data(), rest.data() + rest.size(), threshold);
      if (error != std::errc() || at != rest.data() + rest.size() || threshold > kThresholdMax) {
        fault("'" + std::string(rest) + "' is no threshold from 0 to 100",
              "a line is a unit or pattern, perhaps a threshold, perhaps '# the reason'");
        continue;
      }
      one.threshold = threshold;
    }
    // As everywhere, a name without a suffix is a service; a pattern stays as it is.
    if (one.pattern.find('.') == std::string::npos && one.pattern.find_first_of("*?[") == std::string::npos)
      one.pattern += ".service";
    exemptions.list.push_back(std::move(one));
  }
  return exemptions;
}

}  // namespace harden
