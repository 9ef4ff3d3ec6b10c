// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/ask.h"

#include <algorithm>
#include <iostream>

#include "advise/need_text.h"
#include "util/text.h"

namespace harden {
namespace {

enum class Answer : std::uint8_t { keep, leave_out, never, keep_all, more, give_up, unclear };

Answer parse_answer(std::string_view line) {
  const std::string word = to_lower(strip(line));
  if (word.empty() || word == "y" || word == "yes") return Answer::keep;
  if (word == "n" || word == "no") return Answer::leave_out;
  if (word == "v" || word == "never") return Answer::never;
  if (word == "a" || word == "all") return Answer::keep_all;
  if (word == "?" || word == "more") return Answer::more;
  if (word == "q" || word == "quit") return Answer::give_up;
  return Answer::unclear;
}

constexpr std::string_view kHelp =
    "yes (Enter) keeps it; no leaves it out this time; never leaves it out and writes an Ignore= for each "
    "need; all keeps this one and the rest; ? shows all that it is for; quit gives up";

// The first grant that has not been answered yet.
const SuggestedGrant* next_grant(const SuggestReport& report, const std::vector<std::string>& kept) {
  const auto at = std::ranges::find_if(report.suggestion.grants, [&](const SuggestedGrant& one) {
    return !one.evidence.empty() && std::ranges::find(kept, one.grant.text()) == kept.end();
  });
  return at == report.suggestion.grants.end() ? nullptr : &*at;
}

}  // namespace

std::optional<SuggestReport> ask_for_grants(const MakeReport& make, const std::vector<std::string>& ignores,
                                            Console& console) {
  std::vector<std::string> left_out = ignores, for_good = ignores, kept;
  SuggestReport report = make(left_out);
  bool shows_all = false;
  while (const SuggestedGrant* grant = next_grant(report, kept)) {
    console.write(suggested_grant_text(report, *grant, shows_all, console.width(), console.style()));
    shows_all = false;
    console.ask("Keep " + grant->grant.text() + "? [Y]es, [n]o, ne[v]er, [a]ll, [q]uit, ? ");
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    const Answer answer = parse_answer(line);
    if (answer == Answer::give_up) return std::nullopt;
    if (answer == Answer::keep_all) break;
    if (answer == Answer::unclear) console.say(kHelp);
    shows_all = answer == Answer::more;
    if (answer == Answer::keep) kept.push_back(grant->grant.text());
    if (answer != Answer::leave_out && answer != Answer::never) continue;
    for (const Judged* need : grant->evidence) {
      left_out.push_back(need_word(*need->need));
      if (answer == Answer::never) for_good.push_back(left_out.back());
    }
    report = make(left_out);
  }
  report.suggestion.policy.ignores = std::move(for_good);
  return report;
}

}  // namespace harden
