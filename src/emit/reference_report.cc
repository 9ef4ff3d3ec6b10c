// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/reference_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "emit/compile_report.h"
#include "emit/json.h"
#include "emit/table.h"

namespace harden {
namespace {

using catalogue::Argument;
using nlohmann::ordered_json;

Ink ink_of(catalogue::Danger danger) {
  switch (danger) {
    case catalogue::Danger::low:
      return Ink::good;
    case catalogue::Danger::medium:
      return Ink::fair;
    case catalogue::Danger::high:
      return Ink::bad;
  }
  return Ink::plain;
}

std::string_view danger_word(catalogue::Danger danger) {
  return catalogue::kDangerNames.at(static_cast<std::size_t>(danger));
}

std::string_view argument_form(Argument argument) {
  switch (argument) {
    case Argument::none:
      return "";
    case Argument::path:
      return "PATH";
    case Argument::peers:
      return "PEERS";
    case Argument::ports:
      return "PORT[/udp][@PEERS]";
    case Argument::device:
      return "NODE[:rwm]";
    case Argument::family:
    case Argument::capability:
      return "NAME";
    case Argument::syscall:
      return "NAME|@GROUP";
    case Argument::namespaces:
      return "KINDS";
  }
  return "";
}

std::string form_of(const catalogue::Grant& grant) {
  if (grant.argument == Argument::none) return std::string(grant.name);
  return fmt::format(fmt::runtime(grant.optional ? "{}[:{}]" : "{}:{}"), grant.name,
                     argument_form(grant.argument));
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

const Written* find_written(const Compiled& compiled, catalogue::DirectiveId id) {
  const auto at = std::ranges::find(compiled.settings, id, &Written::directive);
  return at == compiled.settings.end() ? nullptr : &*at;
}

}  // namespace

std::string grants_text(std::span<const catalogue::Grant> grants, std::size_t width, const Style& style) {
  Table table({{"GRANT"}, {"DANGER"}, {"OPENS"}});
  for (const catalogue::Grant& grant : grants)
    table.add_row({{form_of(grant), Ink::strong},
                   {std::string(danger_word(grant.danger)), ink_of(grant.danger)},
                   {std::string(grant.summary)}});
  std::string out;
  table.print(out, width, style);
  return out;
}

std::string grant_text(const catalogue::Grant& grant, std::size_t width, const Style& style) {
  std::string out;
  style.paint(out, form_of(grant), Ink::strong);
  out += '\n';
  print_paragraph(out, "  ", grant.summary, width, style);
  out += '\n';
  print_paragraph(out, "Opens   ", grant.opens, width, style, Ink::heading);
  print_paragraph(out, "Leaves  ", grant.leaves, width, style, Ink::heading);
  if (!grant.good_for.empty()) print_paragraph(out, "For     ", grant.good_for, width, style, Ink::heading);
  print_paragraph(out, "Danger  ", danger_word(grant.danger), width, style, Ink::heading);
  std::string examples;
  for (const std::string_view example : grant.examples)
    examples += fmt::format("{}{}", examples.empty() ? "" : ", ", example);
  print_paragraph(out, "As in   ", examples, width, style, Ink::heading);
  return out;
}

std::string grants_json(std::span<const catalogue::Grant> grants) {
  ordered_json list = ordered_json::array();
  for (const catalogue::Grant& grant : grants) {
    ordered_json argument = nullptr;
    if (grant.argument != Argument::none)
      argument = {{"form", argument_form(grant.argument)},
                  {"kind", catalogue::kArgumentNames.at(static_cast<std::size_t>(grant.argument))},
                  {"optional", grant.optional}};
    ordered_json good_for = nullptr;
    if (!grant.good_for.empty()) good_for = grant.good_for;
    list.push_back({{"name", grant.name},
                    {"argument", argument},
                    {"summary", grant.summary},
                    {"opens", grant.opens},
                    {"leaves", grant.leaves},
                    {"good_for", good_for},
                    {"danger", danger_word(grant.danger)},
                    {"examples", std::vector<std::string>(grant.examples.begin(), grant.examples.end())}});
  }
  return json_document({{"schema", 1}, {"grants", list}});
}

ProfileReport report_profile(const catalogue::Profile& profile, const Target& target) {
  return {&profile, target, compile(Policy{&profile, {}, {}, {}}, {}, target, nullptr)};
}

std::vector<std::string> grants_that_open(const catalogue::Profile& profile,
                                          catalogue::DirectiveId directive, const Target& target) {
  std::vector<std::string> lifting, loosening;
  const Compiled shut = compile(Policy{&profile, {}, {}, {}}, {}, target, nullptr);
  const Written* before = find_written(shut, directive);
  if (before == nullptr) return {};
  for (const catalogue::Grant& grant : catalogue::grants()) {
    std::vector<Grant> tried;
    if (grant.argument == Argument::none || grant.optional) tried.push_back({grant.id, {}});
    for (const std::string_view example : grant.examples)
      if (const auto parsed = parse_grants(example))
        tried.insert(tried.end(), parsed->begin(), parsed->end());
    bool lifts = false;
    bool loosens = false;
    for (const Grant& one : tried) {
      const Compiled opened = compile(Policy{&profile, {one}, {}, {}}, {}, target, nullptr);
      const Written* after = find_written(opened, directive);
      lifts = lifts || after == nullptr;
      loosens = loosens || (after != nullptr && after->words != before->words);
    }
    if (lifts)
      lifting.push_back(form_of(grant));
    else if (loosens)
      loosening.push_back(form_of(grant));
  }
  lifting.insert(lifting.end(), loosening.begin(), loosening.end());
  return lifting;
}

std::string profiles_text(std::span<const catalogue::Profile> profiles, std::size_t width,
                          const Style& style) {
  Table table({{"PROFILE"}, {"WHAT"}});
  for (const catalogue::Profile& profile : profiles)
    table.add_row({{std::string(profile.name), Ink::strong}, {std::string(profile.summary)}});
  std::string out;
  table.print(out, width, style);
  return out;
}

std::string profile_text(const ProfileReport& report, std::size_t width, const Style& style) {
  std::string out;
  style.paint(out, report.profile->name, Ink::strong);
  out += '\n';
  print_paragraph(out, "  ", report.profile->summary, width, style);
  out += '\n';
  Table table({{"SETTING"}, {"VALUE"}, {"OPENED BY"}});
  for (const Written& written : report.compiled.settings)
    table.add_row({{std::string(catalogue::directive(written.directive).name) + "="},
                   {written.words == std::vector<std::string>{""} ? "(empty)" : joined(written.words, " ")},
                   {joined(grants_that_open(*report.profile, written.directive, report.target), ", ")}});
  table.print(out, width, style);
  for (const Diagnostic& remark : compile_remarks(report.compiled))
    print_paragraph(out, "note: ", remark.message, width, style, Ink::dim);
  return out;
}

std::string profiles_json(std::span<const ProfileReport> reports) {
  ordered_json list = ordered_json::array();
  for (const ProfileReport& report : reports) {
    ordered_json settings = ordered_json::object();
    for (const Written& written : report.compiled.settings)
      settings[std::string(catalogue::directive(written.directive).name)] = written.words;
    list.push_back(
        {{"name", report.profile->name}, {"summary", report.profile->summary}, {"settings", settings}});
  }
  return json_document({{"schema", 1}, {"profiles", list}});
}

}  // namespace harden
