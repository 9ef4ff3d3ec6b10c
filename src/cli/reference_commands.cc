// SPDX-License-Identifier: LGPL-2.1-or-later
// harden grants, harden profiles: the reference.
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/policy_options.h"
#include "emit/reference_report.h"
#include "util/text.h"

namespace harden {
namespace {

template <typename Row>
int complain(std::string_view what, std::string_view name, std::span<const Row> rows, Console& console) {
  std::vector<std::string_view> names;
  for (const Row& row : rows) names.push_back(row.name);
  const auto near = nearest(name, names);
  console.report(Error{
      Errc::not_found,
      "no " + std::string(what) + " `" + std::string(name) + "`",
      0,
      {},
      near ? "did you mean " + std::string(*near) + "?" : "'harden " + std::string(what) + "s' lists them",
      {}});
  return kExitTrouble;
}

}  // namespace

int run_grants(Arguments arguments, Console& console) {
  std::vector<std::string> names;
  bool json = false;
  OptionParser parser("grants", "What a policy can open, each by its name: all of them, or those named.",
                      "[NAME…]");
  parser.add_arguments(names, 0);
  parser.add_flag("--json", json, "print one JSON record");
  if (const auto code = parser.parse(arguments, console)) return *code;
  std::vector<catalogue::Grant> chosen;
  for (const std::string& name : names) {
    const catalogue::Grant* grant = catalogue::find_grant(name.substr(0, name.find(':')));
    if (grant == nullptr) return complain("grant", name, catalogue::grants(), console);
    chosen.push_back(*grant);
  }
  if (json) {
    console.write(grants_json(names.empty() ? catalogue::grants() : chosen));
  } else if (names.empty()) {
    console.write(grants_text(catalogue::grants(), console.width(), console.style()));
  } else {
    std::string out;
    for (const catalogue::Grant& grant : chosen)
      out += (out.empty() ? "" : "\n") + grant_text(grant, console.width(), console.style());
    console.write(out);
  }
  return kExitFine;
}

int run_profiles(Arguments arguments, Console& console) {
  std::vector<std::string> names;
  PolicyOptions options;
  std::optional<unsigned> for_systemd;
  bool json = false;
  OptionParser parser(
      "profiles",
      "The profiles, or what those named shut, for one version of systemd, and which grants "
      "open each setting again.",
      "[NAME…]");
  parser.add_arguments(names, 0);
  parser.add_number("--for-systemd", 1, 9999, for_systemd, "the version; default: the newest known");
  parser.add_text("--user", "USER", options.user,
                  "root, dynamic, another user, or any if that is open; default: root");
  add_machine_options(parser, options);
  parser.add_flag("--json", json, "print one JSON record");
  if (const auto code = parser.parse(arguments, console)) return *code;
  const auto target = read_bare_target(options, for_systemd);
  if (!target) {
    console.report(target.error());
    return kExitTrouble;
  }
  std::vector<const catalogue::Profile*> chosen;
  for (const std::string& name : names) {
    const catalogue::Profile* profile = catalogue::find_profile(name);
    if (profile == nullptr) return complain("profile", name, catalogue::profiles(), console);
    chosen.push_back(profile);
  }
  if (names.empty() && !json) {
    console.write(profiles_text(catalogue::profiles(), console.width(), console.style()));
    return kExitFine;
  }
  if (names.empty())
    for (const catalogue::Profile& profile : catalogue::profiles()) chosen.push_back(&profile);
  std::vector<ProfileReport> reports;
  reports.reserve(chosen.size());
  for (const catalogue::Profile* profile : chosen) reports.push_back(report_profile(*profile, *target));
  std::string out;
  if (json)
    out = profiles_json(reports);
  else
    for (const ProfileReport& report : reports)
      out += (out.empty() ? "" : "\n") + profile_text(report, console.width(), console.style());
  console.write(out);
  return kExitFine;
}

}  // namespace harden
