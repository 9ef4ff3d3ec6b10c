// SPDX-License-Identifier: LGPL-2.1-or-later
// A suggestion as what is to be written: the section of a unit, or the words of the NixOS module. Paths and
// names in comments come from a recording, so they are escaped; a comment never ends its line early.
#include <fmt/format.h>

#include <algorithm>

#include "advise/need_text.h"
#include "emit/nix.h"
#include "emit/suggest_report.h"
#include "policy/policy_source.h"
#include "util/text.h"

namespace harden {
namespace {

// So many needs are given as evidence of a grant; then their number.
constexpr std::size_t kListed = 3;

std::vector<std::string> evidence_lines(const SuggestReport& report, const SuggestedGrant& grant) {
  std::vector<std::string> lines;
  for (const Judged* one : grant.evidence) {
    if (lines.size() == kListed) {
      lines.push_back(fmt::format("and {} more", grant.evidence.size() - kListed));
      break;
    }
    std::string line =
        fmt::format("{} ({})", need_text(*one->need), evidence_text(*one->need, *report.recording));
    if (!one->why.empty()) line += fmt::format("; in doubt: {}", one->why);
    lines.push_back(escape_for_terminal(line));
  }
  if (!grant.caution.empty()) lines.push_back(fmt::format("think twice: {}", grant.caution));
  return lines;
}

std::string recordings_text(const SuggestReport& report) {
  const std::size_t count = report.recording->sources.size();
  return count == 1 ? "1 recording" : fmt::format("{} recordings", count);
}

}  // namespace

std::string suggest_drop_in(const SuggestReport& report) {
  const Policy& policy = report.suggestion.policy;
  std::string out = fmt::format("# {}: suggested by harden from {}.\n", escape_for_terminal(report.unit),
                                recordings_text(report));
  for (const std::string& clause : report.unexercised)
    out += fmt::format("# Not seen: {}.\n", escape_for_terminal(clause));
  out += fmt::format("\n[X-Harden]\nProfile={}\n", policy.profile->name);
  for (const SuggestedGrant& one : report.suggestion.grants) {
    out += '\n';
    for (const std::string& line : evidence_lines(report, one)) out += fmt::format("# {}\n", line);
    out += allow_line(one.grant, false);
  }
  if (!policy.ignores.empty()) out += '\n';
  for (const std::string& word : policy.ignores)
    out += fmt::format("Ignore={}\n", list_word(escape_for_terminal(word), false));
  return out;
}

std::string suggest_nix(const SuggestReport& report) {
  const Policy& policy = report.suggestion.policy;
  std::string_view name = report.unit;
  name = name.substr(0, name.rfind('.'));
  std::string out = fmt::format(
      "# Suggested by harden from {}.\n{{\n  systemd.services.{}.harden = {{\n    enable = true;\n    "
      "profile = {};\n    allow = [\n",
      recordings_text(report), nix_string(escape_for_terminal(name)), nix_string(policy.profile->name));
  for (const SuggestedGrant& one : report.suggestion.grants) {
    for (const std::string& line : evidence_lines(report, one)) out += fmt::format("      # {}\n", line);
    out += fmt::format("      {}\n", nix_string(one.grant.text()));
  }
  // The module does not look at the settings of the service itself.
  std::vector<Grant> implied;
  for (const ImpliedUse& use : report.implied) implied.push_back(use.grant);
  for (const Grant& grant : normalized(std::move(implied)))
    if (std::ranges::find(policy.grants, grant) == policy.grants.end())
      out += fmt::format("      # the unit asks for it itself\n      {}\n",
                         nix_string(escape_for_terminal(grant.text())));
  return out + "    ];\n  };\n}\n";
}

}  // namespace harden
