// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden suggest`: the policy with its evidence, for people, as a drop-in, in Nix, in JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "advise/remarks.h"
#include "advise/suggest.h"
#include "emit/style.h"
#include "exposure/exposure.h"

namespace harden {

struct SuggestReport {
  std::string unit;
  unsigned systemd = 0;
  const Recording* recording = nullptr;
  std::vector<Judged> needs;
  Suggestion suggestion;
  std::vector<Suggestion> stricter;  // on profiles stricter than the one that was chosen, loosest first
  std::vector<ImpliedUse> implied;  // what the unit itself asks for
  std::optional<Exposure> before, after;
  Classification classification;
  std::vector<std::string> unexercised;
  std::vector<Advice> advice;
};

[[nodiscard]] std::string suggest_text(const SuggestReport& report, std::size_t width, const Style& style);
// One grant of it as there; `all` of its evidence, or some.
[[nodiscard]] std::string suggested_grant_text(const SuggestReport& report, const SuggestedGrant& grant,
                                               bool all, std::size_t width, const Style& style);
[[nodiscard]] std::string suggest_json(const SuggestReport& report);  // docs/schema/suggest.schema.json
// A drop-in with the section [X-Harden]; the evidence in comments.
[[nodiscard]] std::string suggest_drop_in(const SuggestReport& report);
// systemd.services.NAME.harden of the NixOS module.
[[nodiscard]] std::string suggest_nix(const SuggestReport& report);

}  // namespace harden
