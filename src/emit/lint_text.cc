// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden lint` for people: unit by unit, each finding with its place and its repair.
#include <algorithm>
#include <string>

#include "emit/lint_report.h"
#include "emit/table.h"
#include "util/text.h"

namespace harden {
namespace {

Ink ink_of(Severity severity) {
  switch (severity) {
    case Severity::note:
      return Ink::dim;
    case Severity::warning:
      return Ink::fair;
    case Severity::error:
      return Ink::bad;
  }
  return Ink::plain;
}

std::string counted(std::size_t count, std::string_view noun) {
  std::string text = std::to_string(count) + " ";
  text.append(noun);
  if (count != 1) text += 's';
  return text;
}

std::size_t at(const std::array<std::size_t, 3>& counts, Severity severity) {
  return counts[static_cast<std::size_t>(severity)];
}

}  // namespace

std::array<std::size_t, 3> count_findings(const LintReport& report) {
  std::array<std::size_t, 3> counts{};
  for (const LintedUnit& unit : report.units)
    for (const Diagnostic& one : unit.findings) ++counts[static_cast<std::size_t>(one.severity)];
  return counts;
}

std::string lint_summary(const LintReport& report) {
  const auto counts = count_findings(report);
  std::string text = counted(report.units.size(), "unit") + ": " +
                     counted(at(counts, Severity::error), "error") + ", " +
                     counted(at(counts, Severity::warning), "warning");
  const std::size_t notes = at(counts, Severity::note);
  if (report.notes)
    text += ", " + counted(notes, "note");
  else if (notes != 0)
    text += "; " + counted(notes, "note") + ", which --notes prints";
  return text;
}

std::string lint_text(const LintReport& report, std::size_t width, const Style& style) {
  std::string out;
  for (const LintedUnit& unit : report.units) {
    bool is_first = true;
    for (const Diagnostic& one : unit.findings) {
      if (one.severity == Severity::note && !report.notes) continue;
      if (is_first) {
        if (!out.empty()) out += '\n';
        style.paint(out, escape_for_terminal(unit.unit), Ink::strong);
        out += '\n';
        is_first = false;
      }
      std::string place = escape_for_terminal(one.where.file);
      if (one.where.line != 0) place.append(":").append(std::to_string(one.where.line));
      // The place goes before the text in one paragraph: it is often longer than half a line.
      std::string text = place.empty() ? std::string() : place + ": ";
      if (one.severity == Severity::note) text += "note: ";
      if (one.severity == Severity::error) text += "error: ";
      print_paragraph(out, "  ", text + escape_for_terminal(one.message), width, style,
                      ink_of(one.severity));
      if (!one.hint.empty())
        print_paragraph(out, "    hint: ", escape_for_terminal(one.hint), width, style, Ink::dim);
    }
  }
  return out;
}

}  // namespace harden
