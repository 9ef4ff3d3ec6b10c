// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/check_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "advise/need_text.h"
#include "emit/json.h"
#include "emit/need_json.h"
#include "emit/table.h"
#include "util/text.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

// So many needs of one cause are listed; then their number.
constexpr std::size_t kListed = 4;

std::string grant_of(const Denial& denial) { return denial.opened_by ? denial.opened_by->text() : ""; }

// Denials by cause: the setting, the result and the grant that opens them.
void print_denials(std::string& out, const CheckReport& report, const std::vector<Denial>& denials,
                   std::size_t width, const Style& style) {
  std::map<std::tuple<catalogue::DirectiveId, std::string, std::string, bool>, std::vector<const Denial*>>
      causes;
  for (const Denial& one : denials)
    causes[{one.refusal.directive, one.refusal.result, grant_of(one), one.is_ignored}].push_back(&one);
  Table table({{"SETTING"}, {"RESULT"}, {"GRANT"}, {"NEED"}});
  for (const auto& [cause, all] : causes) {
    const auto& [directive, result, grant, is_ignored] = cause;
    std::size_t listed = 0;
    for (const Denial* one : all) {
      std::string need = need_text(*one->need->need);
      need += fmt::format(" ({})", evidence_text(*one->need->need, *report.recording));
      if (!one->need->why.empty()) need += fmt::format("; in doubt: {}", one->need->why);
      if (++listed > kListed) need = fmt::format("and {} more", all.size() - kListed);
      const bool is_first = listed == 1;
      table.add_row({Cell{is_first ? fmt::format("{}=", catalogue::directive(directive).name) : ""},
                     foreign_cell(is_first ? is_ignored ? result + ", ignored" : result : "",
                                  is_ignored ? Ink::dim : Ink::bad),
                     foreign_cell(is_first ? grant.empty() ? "-" : grant : "", Ink::strong),
                     foreign_cell(need)});
      if (listed > kListed) break;
    }
  }
  table.print(out, width, style);
}

std::size_t count_standing(const Check& check, Standing standing) {
  return static_cast<std::size_t>(std::ranges::count(check.needs, standing, &Judged::standing));
}

}  // namespace

std::string check_text(const CheckReport& report, std::size_t width, const Style& style) {
  std::string out;
  const Check& check = report.check;
  const std::string under =
      report.policy == nullptr
          ? "its own settings, with no policy"
          : fmt::format("{} with {} grants", report.policy->profile->name, report.policy->grants.size());
  print_paragraph(out, "",
                  fmt::format("{} under {}, systemd {}: {} of {} recorded needs would be refused.",
                              escape_for_terminal(report.unit), under, report.systemd, check.denials.size(),
                              count_standing(check, Standing::needed)),
                  width, style, Ink::heading);
  if (!check.denials.empty()) {
    out += '\n';
    print_denials(out, report, check.denials, width, style);
  }
  if (!check.doubtful.empty()) {
    out += "\nRefused too, but whether it is needed is in doubt:\n\n";
    print_denials(out, report, check.doubtful, width, style);
  }
  if (!check.unused.empty()) {
    out += '\n';
    print_paragraph(out, "Used by no recording: ", escape_for_terminal(joined_texts(check.unused)), width,
                    style);
  }
  const auto objections_here = objections(*report.recording);
  if (!objections_here.empty()) {
    out += '\n';
    print_paragraph(out, "Not all that it does was recorded: ",
                    escape_for_terminal(fmt::format("{}", fmt::join(objections_here, "; "))), width, style,
                    Ink::fair);
  }
  return out;
}

std::string check_json(const CheckReport& report) {
  ordered_json json = {{"schema", 1},
                       {"unit", report.unit},
                       {"systemd", report.systemd},
                       {"profile", nullptr},
                       {"grants", ordered_json::array()},
                       {"recording", recording_json(*report.recording)}};
  if (report.policy != nullptr) {
    json["profile"] = report.policy->profile->name;
    for (const Grant& grant : report.policy->grants) json["grants"].push_back(grant.text());
  }
  const Check& check = report.check;
  json["needs"] = {{"needed", count_standing(check, Standing::needed)},
                   {"doubtful", count_standing(check, Standing::doubtful)},
                   {"idle", count_standing(check, Standing::idle)}};
  const auto list = [](const std::vector<Denial>& denials) {
    ordered_json all = ordered_json::array();
    for (const Denial& one : denials) {
      ordered_json row = {{"need", need_json(*one.need)},
                          {"directive", catalogue::directive(one.refusal.directive).name},
                          {"result", one.refusal.result},
                          {"opened_by", nullptr},
                          {"ignored", one.is_ignored}};
      if (one.opened_by) row["opened_by"] = one.opened_by->text();
      all.push_back(std::move(row));
    }
    return all;
  };
  json["denials"] = list(check.denials);
  json["doubtful"] = list(check.doubtful);
  json["unused"] = ordered_json::array();
  for (const Grant& grant : check.unused) json["unused"].push_back(grant.text());
  return json_document(json);
}

}  // namespace harden
