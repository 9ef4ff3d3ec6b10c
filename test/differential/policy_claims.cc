// SPDX-License-Identifier: LGPL-2.1-or-later
// What harden claims of compiled policies, for the comparison with systemd in `policies`:
//
//   policy_claims VERSION TREE      a line of stdin is UNIT, PROFILE, USER and GRANTS, with tabs between
//
// UNIT is `-` for a bare one; only then USER counts: root, dynamic, or another name. Each line gives a line
// of JSON: the rows of the score, and the value of each directive that is written, both from the settings
// that compiling merged in memory. No drop-in is printed or read on the way. A fault of a line is its
// "error".
#include <array>
#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "exposure/exposure.h"
#include "policy/policy_source.h"
#include "unit/words.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Stage;
using nlohmann::json;

struct Request {
  std::string_view unit, profile, user, grants;
};

Result<Request> parse_request(std::string_view line) {
  std::array<std::string_view, 4> fields;
  std::size_t count = 0;
  for (const std::string_view field : split(line, '\t'))
    if (count < fields.size()) fields[count++] = field;
  if (count != fields.size()) return fail(Errc::invalid, "a line has four fields");
  return Request{fields[0], fields[1], fields[2], fields[3]};
}

Result<Policy> parse_policy(const Request& request) {
  HARDEN_TRY(const catalogue::Profile* profile, parse_profile(request.profile));
  std::vector<Grant> grants;
  for (const std::string& word : split_words(request.grants).words) {
    HARDEN_TRY(const std::vector<Grant> parsed, parse_grants(word));
    grants.insert(grants.end(), parsed.begin(), parsed.end());
  }
  return Policy{profile, normalized(std::move(grants)), {}, {}};
}

RunsAs parse_user(std::string_view user) {
  if (user == "dynamic") return RunsAs::dynamic_user;
  return user == "root" ? RunsAs::root : RunsAs::user;
}

class Claimant {
 public:
  Claimant(const FileSystem& files, const catalogue::Systemd& systemd)
      : systemd_(systemd), tree_(UnitTree::scan(files, default_search_path(Scope::system, false))) {}

  [[nodiscard]] Result<json> claim(std::string_view line) const {
    HARDEN_TRY(const Request request, parse_request(line));
    HARDEN_TRY(const Policy policy, parse_policy(request));
    Target target{&systemd_, &catalogue::layouts().front(), parse_user(request.user), {}};
    if (request.unit == "-") return claims_of(compile(policy, {}, target, nullptr), target, nullptr);

    const auto name = parse_unit_name(request.unit);
    if (!name) return fail(Errc::invalid, "no unit name");
    const LoadedUnit unit = load_settings(tree_.load(*name), {&systemd_, {}});
    if (unit.refusal) return std::unexpected(*unit.refusal);
    if (!unit.unit.fragment) return fail(Errc::not_found, "there is no such unit");
    target.runs_as = runs_as_of(unit.settings);
    return claims_of(compile(policy, target, &unit), target, &unit);
  }

 private:
  [[nodiscard]] Result<json> claims_of(const Compiled& compiled, const Target& target,
                                       const LoadedUnit* unit) const {
    const Unit nameless{*parse_unit_name("claims.service"), {}, LoadState::loaded, {}, {}, {}, {}, {}};
    LoadedUnit merged{nameless, &systemd_, merged_settings(compiled, target, unit), {}, {}, {}, {}};
    apply_implications(merged.settings, systemd_, Stage::offline, nullptr);
    HARDEN_TRY(const Exposure exposure, score_unit(merged, ScoreMode::offline));

    json claims = {
        {"exposure_tenths", exposure.tenths}, {"rows", json::object()}, {"settings", json::object()}};
    for (const RowScore& row : exposure.rows)
      claims["rows"][row.name->json_field] = {{"weight", row.weight},
                                              {"range", row.range},
                                              {"badness", row.badness ? json(*row.badness) : json()}};
    // As the process gets them, which is what `harden show` prints.
    apply_implications(merged.settings, systemd_, Stage::start, nullptr);
    for (const Written& written : compiled.settings) {
      const catalogue::Directive& directive = catalogue::directive(written.directive);
      const Value* value = merged.settings.find(written.directive);
      claims["settings"][directive.name] =
          value == nullptr ? json() : json(value_words(directive, *value, systemd_));
    }
    return claims;
  }

  const catalogue::Systemd& systemd_;
  UnitTree tree_;
};

int run(std::string_view version_text, const char* root) {
  unsigned version = 0;
  std::from_chars(version_text.data(), version_text.data() + version_text.size(), version);
  const catalogue::Systemd& systemd = catalogue::nearest_systemd(version);
  const auto files = RootDir::open(root);
  if (systemd.version != version || !files) {
    std::cerr << "policy_claims: no such systemd, or no such tree\n";
    return 2;
  }
  const Claimant claimant(*files, systemd);
  for (std::string line; std::getline(std::cin, line);) {
    const auto claims = claimant.claim(line);
    std::cout << (claims ? *claims : json{{"error", claims.error().message}})
                     .dump(-1, ' ', true, json::error_handler_t::replace)
              << '\n';
  }
  return 0;
}

}  // namespace
}  // namespace harden

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: policy_claims VERSION TREE\n";
    return 2;
  }
  return harden::run(argv[1], argv[2]);
}
