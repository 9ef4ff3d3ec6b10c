// SPDX-License-Identifier: LGPL-2.1-or-later
// The reference: `harden grants` and `harden profiles`, as lists and of one name.
#pragma once

#include <span>
#include <string>

#include "catalogue/policy.h"
#include "emit/style.h"
#include "policy/policy.h"

namespace harden {

[[nodiscard]] std::string grants_text(std::span<const catalogue::Grant> grants, std::size_t width,
                                      const Style& style);
[[nodiscard]] std::string grant_text(const catalogue::Grant& grant, std::size_t width, const Style& style);
[[nodiscard]] std::string grants_json(std::span<const catalogue::Grant> grants);

// What a profile compiles to for the target, each directive with the grants that lift it.
struct ProfileReport {
  const catalogue::Profile* profile = nullptr;
  Target target;
  Compiled compiled;
};
[[nodiscard]] ProfileReport report_profile(const catalogue::Profile& profile, const Target& target);

[[nodiscard]] std::string profiles_text(std::span<const catalogue::Profile> profiles, std::size_t width,
                                        const Style& style);
[[nodiscard]] std::string profile_text(const ProfileReport& report, std::size_t width, const Style& style);
[[nodiscard]] std::string profiles_json(std::span<const ProfileReport> reports);

// The grants that bring the directive's value of the profile down, those that lift it altogether first; by
// name, with their argument's form: "device[:PATH]".
[[nodiscard]] std::vector<std::string> grants_that_open(const catalogue::Profile& profile,
                                                        catalogue::DirectiveId directive,
                                                        const Target& target);

}  // namespace harden
