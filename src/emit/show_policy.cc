// SPDX-License-Identifier: LGPL-2.1-or-later
// What `harden show` says of a unit's policy: each grant with the line that asks for it, what is set for
// it, and everything that keeps the unit from being what the profile says.
#include <fmt/format.h>

#include <algorithm>

#include "emit/compile_report.h"
#include "emit/show_report.h"
#include "emit/table.h"
#include "policy/drop_in.h"
#include "util/text.h"

namespace harden {
namespace {

class PolicyText {
 public:
  PolicyText(std::string& out, const PolicyView& policy,
             const std::function<std::string(const SourcePos&)>& place, std::size_t width,
             const Style& style)
      : out_(out), policy_(policy), place_(place), width_(width), style_(style) {}

  void print() {
    for (const Diagnostic& one : policy_.own.diagnostics) {
      print_paragraph(out_, escape_for_terminal(place_(one.where)) + ": ", escape_for_terminal(one.message),
                      width_, style_, Ink::bad);
      if (!one.hint.empty())
        print_paragraph(out_, "  hint: ", escape_for_terminal(one.hint), width_, style_);
    }
    if (policy_.own.is_present && !policy_.own.is_enabled) out_ += "Switched off by Enable=no.\n";
    print_origin();
    if (!policy_.compiled) return;
    print_grants();
    print_settings();
    print_remarks();
  }

 private:
  [[nodiscard]] const Compiled& compiled() const { return *policy_.compiled; }

  // Where the policy is from, if not from the unit's files; or why there is none.
  void print_origin() {
    if (policy_.origin == PolicyOrigin::machine_default)
      out_ += "The default of this machine (/etc/harden/harden.conf).\n";
    if (policy_.origin == PolicyOrigin::shipped)
      out_ += "The policy that is shipped for it, switched on by Policies= in /etc/harden/harden.conf.\n";
    if (policy_.origin != PolicyOrigin::none || policy_.own.is_present) return;
    if (!policy_.compiled) out_ += "None.\n";
    if (!policy_.exemption || policy_.compiled) return;
    const Exemption& one = *policy_.exemption;
    std::string text = one.reason.empty() ? "it is listed as exempt" : one.reason;
    if (!one.pattern.empty()) text += fmt::format(" ({}, {})", one.pattern, place_(one.where));
    print_paragraph(out_,
                    policy_.default_profile != nullptr ? "The default of this machine passes it by: "
                                                       : "A machine-wide default would pass it by: ",
                    escape_for_terminal(text), width_, style_);
  }

  void heading(std::string_view text) {
    out_ += '\n';
    style_.paint(out_, text, Ink::heading);
    out_ += '\n';
  }

  [[nodiscard]] std::string origin_of(const Grant& grant) const {
    const auto at = std::ranges::find(policy_.own.sources, grant, &GrantSource::grant);
    return at == policy_.own.sources.end() ? "--allow" : place_(at->where);
  }

  void print_grants() {
    print_paragraph(
        out_, "Profile ",
        fmt::format("{}: {}", compiled().policy.profile->name, compiled().policy.profile->summary), width_,
        style_);
    Table table({{"GRANT"}, {"FROM"}, {"WHY"}});
    for (const Grant& grant : compiled().policy.grants)
      table.add_row({foreign_cell(grant.text(), Ink::strong),
                     foreign_cell(origin_of(grant), Ink::dim),
                     {std::string(grant.row().summary)}});
    for (const ImpliedUse& use : compiled().implied)
      table.add_row({foreign_cell(use.grant.text()),
                     foreign_cell(place_(use.because), Ink::dim),
                     {fmt::format("implied: {}", use.reason)}});
    if (!table.empty()) table.print(out_, width_, style_);
  }

  void print_settings() {
    Table table({{"SETTING"}, {"OPENED BY"}, {"VALUE"}});
    for (const Written& written : compiled().settings) {
      std::vector<std::string> lines = assignment_lines(written);
      for (std::string& line : lines) line.erase(0, line.find('=') + 1);
      if (lines == std::vector<std::string>{""}) lines = {"(empty)"};
      table.add_row({{std::string(catalogue::directive(written.directive).name) + "="},
                     foreign_lines(texts_of(written.opened_by), Ink::dim),
                     foreign_lines(lines)});
    }
    for (const Lifted& lifted : compiled().lifted)
      table.add_row({{std::string(catalogue::directive(lifted.directive).name) + "="},
                     foreign_lines(texts_of(lifted.by), Ink::dim),
                     {"(left open)", Ink::dim}});
    heading("What the policy sets");
    if (table.empty())
      out_ += "Nothing.\n";
    else
      table.print(out_, width_, style_);
  }
  static std::vector<std::string> texts_of(const std::vector<Grant>& grants) {
    std::vector<std::string> texts;
    for (const Grant& grant : grants) texts.push_back(grant.text());
    return texts;
  }

  void print_remarks() {
    const Diagnostics remarks = compile_remarks(compiled());
    if (remarks.empty()) return;
    heading("Where it falls short of the profile");
    for (const Diagnostic& one : remarks) {
      print_paragraph(out_, "  ", escape_for_terminal(one.message), width_, style_);
      if (!one.hint.empty()) print_paragraph(out_, "    hint: ", one.hint, width_, style_, Ink::dim);
    }
  }

  std::string& out_;
  const PolicyView& policy_;
  const std::function<std::string(const SourcePos&)>& place_;
  std::size_t width_;
  const Style& style_;
};

}  // namespace

void print_policy(std::string& out, const PolicyView& policy,
                  const std::function<std::string(const SourcePos&)>& place, std::size_t width,
                  const Style& style) {
  out += '\n';
  style.paint(out, "Policy", Ink::heading);
  out += '\n';
  PolicyText(out, policy, place, width, style).print();
}

}  // namespace harden
