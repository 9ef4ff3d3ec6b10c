// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/suggest_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "advise/need_text.h"
#include "emit/json.h"
#include "emit/need_json.h"
#include "emit/table.h"
#include "util/text.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t kListed = 3;
constexpr std::array<std::string_view, 3> kSandboxing = {"full", "part", "none"};

std::string_view danger_name(catalogue::Danger danger) {
  return catalogue::kDangerNames.at(static_cast<std::size_t>(danger));
}

void heading(std::string& out, std::string_view text, const Style& style) {
  out += '\n';
  style.paint(out, text, Ink::heading);
  out += '\n';
}

class ReportText {
 public:
  ReportText(const SuggestReport& report, std::size_t width, const Style& style)
      : report_(report), width_(width), style_(style) {}

  std::string print_one(const SuggestedGrant& grant, std::size_t listed) && {
    print_grant(grant, listed);
    return std::move(out_);
  }

  std::string print() && {
    const Suggestion& suggestion = report_.suggestion;
    std::string line = fmt::format("{} on {}, systemd {}: {} grant{}", escape_for_terminal(report_.unit),
                                   suggestion.policy.profile->name, report_.systemd,
                                   suggestion.grants.size(), suggestion.grants.size() == 1 ? "" : "s");
    if (report_.before && report_.after)
      line += fmt::format("; exposure {} → {}", tenths_text(report_.before->tenths),
                          tenths_text(report_.after->tenths));
    print_paragraph(out_, "", line + ".", width_, style_, Ink::heading);
    if (!report_.implied.empty()) {
      std::vector<Grant> grants;
      for (const ImpliedUse& use : report_.implied) grants.push_back(use.grant);
      print_paragraph(out_, "",
                      fmt::format("The unit asks for these itself: {}.",
                                  escape_for_terminal(joined_texts(normalized(std::move(grants))))),
                      width_, style_, Ink::dim);
    }
    for (const SuggestedGrant& one : suggestion.grants) print_grant(one, kListed);
    print_lost();
    print_doubtful();
    print_open();
    print_outlook();
    return std::move(out_);
  }

 private:
  void paragraph(std::string_view head, std::string_view text, Ink ink = Ink::plain) {
    print_paragraph(out_, head, escape_for_terminal(text), width_, style_, ink);
  }
  [[nodiscard]] std::string evidence(const Judged& one) const {
    std::string text =
        fmt::format("{} ({})", need_text(*one.need), evidence_text(*one.need, *report_.recording));
    if (!one.why.empty()) text += fmt::format("; in doubt: {}", one.why);
    return text;
  }

  void print_grant(const SuggestedGrant& one, std::size_t listed_max) {
    out_ += '\n';
    style_.paint(out_, escape_for_terminal(one.grant.text()), Ink::strong);
    out_ += fmt::format("  ({} danger) {}\n", danger_name(one.danger), one.grant.row().summary);
    if (!one.caution.empty()) paragraph("    think twice: ", one.caution, Ink::fair);
    std::size_t listed = 0;
    for (const Judged* need : one.evidence) {
      if (++listed > listed_max) {
        paragraph("    ", fmt::format("and {} more", one.evidence.size() - listed_max), Ink::dim);
        break;
      }
      paragraph(listed == 1 ? "    without it it could not " : "    nor ", evidence(*need), Ink::dim);
    }
  }

  void print_lost() {
    if (report_.suggestion.lost.empty()) return;
    heading(out_, "No grant opens these", style_);
    for (const Suggestion::Lost& one : report_.suggestion.lost)
      paragraph("  ",
                fmt::format("{}: {} ({}=)", evidence(*one.need), one.refusal.result,
                            catalogue::directive(one.refusal.directive).name),
                Ink::bad);
  }

  void print_doubtful() {
    std::vector<const Judged*> doubtful;
    for (const Judged& one : report_.needs)
      if (one.standing == Standing::doubtful) doubtful.push_back(&one);
    if (doubtful.empty()) return;
    heading(out_, "Left out, in doubt (--doubtful counts them as needed)", style_);
    for (std::size_t i = 0; i < doubtful.size(); ++i) {
      if (i == 2 * kListed) {
        paragraph("  ", fmt::format("and {} more", doubtful.size() - i), Ink::dim);
        break;
      }
      paragraph("  ", evidence(*doubtful[i]));
    }
  }

  void print_open() {
    if (!report_.after) return;
    std::vector<const RowScore*> rows;
    for (const RowScore& row : report_.after->rows)
      if (row.badness.value_or(0) != 0) rows.push_back(&row);
    if (rows.empty()) return;
    std::ranges::stable_sort(rows, std::greater(), &RowScore::tenths);
    heading(out_, "What stays open, and its part in the exposure", style_);
    Table table({{"PART", Align::right}, {"SETTING"}, {"THE SERVICE"}});
    for (const RowScore* row : rows)
      table.add_row({Cell{tenths_text(row->tenths)}, Cell{std::string(row->name->name)},
                     Cell{std::string(row->row->open)}});
    table.print(out_, width_, style_);
  }

  void print_outlook() {
    if (!report_.stricter.empty()) heading(out_, "A stricter profile", style_);
    for (const Suggestion& one : report_.stricter) {
      std::vector<Grant> more;
      for (const Grant& grant : one.policy.grants)
        if (std::ranges::find(report_.suggestion.policy.grants, grant) ==
            report_.suggestion.policy.grants.end())
          more.push_back(grant);
      std::string text = fmt::format("{}: ", one.policy.profile->name);
      if (!one.lost.empty()) {
        text += fmt::format("barred, no grant opens: {}", need_text(*one.lost.front().need->need));
        if (one.lost.size() > 1) text += fmt::format(" and {} more", one.lost.size() - 1);
      } else {
        text += more.empty() ? "in reach with the same grants"
                             : fmt::format("in reach with {} beside", joined_texts(more));
      }
      paragraph("  ", text);
    }
    if (!report_.unexercised.empty()) {
      heading(out_, "No recording shows", style_);
      for (const std::string& clause : report_.unexercised) paragraph("  ", clause);
    }
    heading(out_, "Can it be sandboxed in earnest?", style_);
    static constexpr std::array<std::string_view, 3> kAnswers = {
        "Yes: no grant leads out of the sandbox.", "In part:", "Hardly: it may undo what is shut."};
    out_ += fmt::format("  {}\n", kAnswers.at(static_cast<std::size_t>(report_.classification.sandboxing)));
    for (const std::string& reason : report_.classification.reasons) paragraph("    ", reason);
    if (report_.advice.empty()) return;
    heading(out_, "What would serve it better", style_);
    for (const Advice& one : report_.advice)
      paragraph("  ", fmt::format("{}: {}", one.setting, one.reason));
  }

  const SuggestReport& report_;
  std::size_t width_;
  const Style& style_;
  std::string out_;
};

ordered_json tenths_or_null(const std::optional<Exposure>& exposure) {
  return exposure ? ordered_json(exposure->tenths) : ordered_json(nullptr);
}

ordered_json lost_json(const Suggestion& suggestion) {
  ordered_json all = ordered_json::array();
  for (const Suggestion::Lost& one : suggestion.lost)
    all.push_back({{"need", need_json(*one.need)},
                   {"directive", catalogue::directive(one.refusal.directive).name},
                   {"result", one.refusal.result}});
  return all;
}

}  // namespace

std::string suggest_text(const SuggestReport& report, std::size_t width, const Style& style) {
  return ReportText(report, width, style).print();
}

std::string suggested_grant_text(const SuggestReport& report, const SuggestedGrant& grant, bool all,
                                 std::size_t width, const Style& style) {
  return ReportText(report, width, style).print_one(grant, all ? grant.evidence.size() : kListed);
}

std::string suggest_json(const SuggestReport& report) {
  ordered_json json = {{"schema", 1},
                       {"unit", report.unit},
                       {"systemd", report.systemd},
                       {"recording", recording_json(*report.recording)},
                       {"profile", report.suggestion.policy.profile->name},
                       {"grants", ordered_json::array()}};
  for (const SuggestedGrant& one : report.suggestion.grants) {
    ordered_json evidence = ordered_json::array();
    for (const Judged* need : one.evidence) evidence.push_back(need_json(*need));
    json["grants"].push_back(
        {{"grant", one.grant.text()},
         {"danger", danger_name(one.danger)},
         {"caution", one.caution.empty() ? ordered_json(nullptr) : ordered_json(one.caution)},
         {"evidence", evidence}});
  }
  json["ignores"] = report.suggestion.policy.ignores;
  json["implied"] = ordered_json::array();
  for (const ImpliedUse& use : report.implied)
    json["implied"].push_back({{"grant", use.grant.text()}, {"reason", use.reason}});
  json["lost"] = lost_json(report.suggestion);
  json["doubtful"] = ordered_json::array();
  for (const Judged& one : report.needs)
    if (one.standing == Standing::doubtful) json["doubtful"].push_back(need_json(one));
  json["exposure"] = {{"before", tenths_or_null(report.before)}, {"after", tenths_or_null(report.after)}};
  json["open"] = ordered_json::array();
  if (report.after)
    for (const RowScore& row : report.after->rows)
      if (row.badness.value_or(0) != 0)
        json["open"].push_back(
            {{"json_field", row.name->json_field}, {"tenths", row.tenths}, {"open", row.row->open}});
  json["stricter"] = ordered_json::array();
  for (const Suggestion& one : report.stricter) {
    ordered_json grants = ordered_json::array();
    for (const Grant& grant : one.policy.grants) grants.push_back(grant.text());
    json["stricter"].push_back(
        {{"profile", one.policy.profile->name}, {"grants", grants}, {"lost", lost_json(one)}});
  }
  json["unexercised"] = report.unexercised;
  json["sandboxing"] = {
      {"class", kSandboxing.at(static_cast<std::size_t>(report.classification.sandboxing))},
      {"reasons", report.classification.reasons}};
  json["advice"] = ordered_json::array();
  for (const Advice& one : report.advice)
    json["advice"].push_back({{"setting", one.setting}, {"reason", one.reason}});
  return json_document(json);
}

}  // namespace harden
