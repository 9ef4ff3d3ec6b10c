// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/scan_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "emit/json.h"
#include "emit/table.h"
#include "util/text.h"

namespace harden {
namespace {

using nlohmann::ordered_json;
using reach::Confidence;
using reach::ReachedCall;
using reach::ReachSet;
using reach::Source;
using reach::WitnessStep;

std::string_view source_name(Source source) {
  switch (source) {
    case Source::code:
      return "code";
    case Source::wrapper:
      return "wrapper";
    case Source::model:
      return "model";
    case Source::plugin:
      return "plugin";
  }
  return "code";
}
std::string_view confidence_name(Confidence confidence) {
  return confidence == Confidence::high ? "high" : "assumed";
}

std::string step_name(const WitnessStep& step) {
  return step.symbol.empty() ? fmt::format("{:#x}", step.address) : step.symbol;
}

// Where the call is made and what leads there, as far as a line of a table takes it.
std::string short_witness(const ReachedCall& call) {
  constexpr std::size_t kSteps = 4;
  std::string text;
  const std::size_t functions = call.witness.size() - 1;  // the last step is the call itself
  for (std::size_t i = 0; i < std::min(functions, kSteps); ++i)
    text += fmt::format("{}{}", text.empty() ? "" : " < ", step_name(call.witness[functions - 1 - i]));
  if (functions > kSteps) text += " < …";
  return fmt::format("{}: {}", base_name(call.witness.back().module), text);
}

void print_list(std::string& out, std::string_view heading, const std::vector<std::string>& lines,
                std::size_t width, const Style& style, Ink ink) {
  if (lines.empty()) return;
  out += '\n';
  print_paragraph(out, {}, heading, width, style, Ink::heading);
  for (const std::string& one : lines)
    print_paragraph(out, "  ", escape_for_terminal(one), width, style, ink);
}

std::vector<std::string> unresolved_lines(const ReachSet& set) {
  std::vector<std::string> lines;
  lines.reserve(set.unresolved.size());
  for (const reach::UnresolvedSite& one : set.unresolved)
    lines.push_back(fmt::format("{} at {:#x}{}: {}", one.module, one.address,
                                one.symbol.empty() ? "" : " in " + one.symbol, one.reason));
  return lines;
}

}  // namespace

std::string scan_text(const ReachSet& set, std::size_t width, const Style& style) {
  std::string out;
  const auto assumed = std::ranges::count(set.calls, Confidence::assumed, &ReachedCall::confidence);
  print_paragraph(
      out, {},
      fmt::format("{} can make {} system calls, {} of them only in modules that are assumed to be opened; "
                  "{} modules were read.",
                  escape_for_terminal(set.program), set.calls.size(), assumed, set.closure.size()),
      width, style, Ink::strong);
  out += '\n';
  Table table({{"call"}, {"confidence"}, {"source"}, {"made in, called from"}});
  for (const ReachedCall& one : set.calls)
    table.add_row({Cell{one.name},
                   Cell{std::string(confidence_name(one.confidence)),
                        one.confidence == Confidence::high ? Ink::plain : Ink::fair},
                   Cell{std::string(source_name(one.source)), Ink::dim}, foreign_cell(short_witness(one))});
  table.print(out, width, style);
  print_list(out, "Assumed:", set.assumed, width, style, Ink::dim);
  print_list(out, "Not resolved:", unresolved_lines(set), width, style, Ink::fair);
  print_list(out, "Named among its strings, and run under the same filter if it starts them:", set.started,
             width, style, Ink::dim);
  print_list(out, "The set may lack calls that the program makes:", set.objections, width, style, Ink::bad);
  return out;
}

std::string witness_text(const ReachedCall& call, std::size_t width, const Style& style) {
  std::string out;
  print_paragraph(out, {},
                  fmt::format("{}, confidence {}, by {}", call.name, confidence_name(call.confidence),
                              source_name(call.source)),
                  width, style, Ink::strong);
  for (std::size_t i = 0; i < call.witness.size(); ++i) {
    const WitnessStep& step = call.witness[i];
    const bool is_site = i + 1 == call.witness.size();
    const std::string where = escape_for_terminal(step.module);
    const std::string what =
        is_site ? fmt::format("the call at {:#x}, {}", step.address, where)
                : fmt::format("{} at {:#x}, {}",
                              step.symbol.empty() ? "a function" : escape_for_terminal(step.symbol),
                              step.address, where);
    print_paragraph(out, i == 0 ? "  " : "  → ", what, width, style, Ink::dim);
  }
  return out;
}

std::string comparison_text(const ReachSet& set, const reach::Comparison& comparison, std::size_t width,
                            const Style& style) {
  std::string out;
  const std::size_t recorded = comparison.confirmed.size() + comparison.missed.size();
  print_paragraph(out, {},
                  fmt::format("{} recorded, {} predicted, {} missed, F1 {:.2f}", recorded, set.calls.size(),
                              comparison.missed.size(), comparison.f1),
                  width, style, Ink::strong);
  if (!comparison.missed.empty())
    print_paragraph(out, "missed: ", fmt::format("{}", fmt::join(comparison.missed, " ")), width, style,
                    Ink::bad);
  for (const Confidence confidence : {Confidence::high, Confidence::assumed}) {
    std::vector<std::string> names;
    for (const ReachedCall* one : comparison.never_seen)
      if (one->confidence == confidence) names.push_back(one->name);
    if (!names.empty())
      print_paragraph(out, fmt::format("never seen ({}): ", confidence_name(confidence)),
                      fmt::format("{}", fmt::join(names, " ")), width, style, Ink::dim);
  }
  return out;
}

std::string scan_json(const ReachSet& set) {
  ordered_json closure = ordered_json::array(), calls = ordered_json::array(),
               unresolved = ordered_json::array();
  for (const reach::ClosureEntry& one : set.closure) {
    ordered_json entry = {{"path", one.path},
                          {"build_id", nullptr},
                          {"plugin", one.is_plugin},
                          {"reason", one.reason},
                          {"code_bytes", one.code_size}};
    if (!one.build_id.empty()) entry["build_id"] = one.build_id;
    closure.push_back(std::move(entry));
  }
  for (const ReachedCall& one : set.calls) {
    ordered_json witness = ordered_json::array();
    for (const WitnessStep& step : one.witness) {
      ordered_json entry = {{"module", step.module}, {"symbol", nullptr}, {"address", step.address}};
      if (!step.symbol.empty()) entry["symbol"] = step.symbol;
      witness.push_back(std::move(entry));
    }
    calls.push_back({{"name", one.name},
                     {"number", one.number},
                     {"confidence", confidence_name(one.confidence)},
                     {"source", source_name(one.source)},
                     {"witness", witness}});
  }
  for (const reach::UnresolvedSite& one : set.unresolved) {
    ordered_json entry = {
        {"module", one.module}, {"address", one.address}, {"symbol", nullptr}, {"reason", one.reason}};
    if (!one.symbol.empty()) entry["symbol"] = one.symbol;
    unresolved.push_back(std::move(entry));
  }
  const ordered_json json = {{"schema", 1},
                             {"program", set.program},
                             {"scripts", set.through},
                             {"closure", closure},
                             {"calls", calls},
                             {"assumed", set.assumed},
                             {"unresolved", unresolved},
                             {"started", set.started},
                             {"objections", set.objections}};
  return json_document(json);
}

FilterWords smallest_filter(const std::vector<std::string>& calls, const catalogue::Systemd& systemd) {
  FilterWords filter;
  catalogue::SyscallSet wanted;
  for (const std::string& name : calls) {
    const auto id = catalogue::find_syscall(name);
    if (id && systemd.known_syscalls.test(*id))
      wanted.set(*id);
    else
      filter.unknown.push_back(name);
  }
  // An allow list always holds this group: systemd needs it to start the program.
  const catalogue::SyscallGroup* always = catalogue::find_group(systemd, "@default");
  const catalogue::SyscallSet free = always != nullptr ? always->calls : catalogue::SyscallSet();
  const catalogue::SyscallSet allowed = wanted | free | ~systemd.native_syscalls;
  catalogue::SyscallSet left = wanted & ~free;
  // The set cover that saves most names each time; groups are few and nested, so that it is the smallest.
  while (true) {
    const catalogue::SyscallGroup* best = nullptr;
    std::size_t most = 1;  // a group for one name says less than the name
    for (const catalogue::SyscallGroup& one : systemd.groups) {
      if (!one.calls.is_subset_of(allowed)) continue;
      const std::size_t covers = (one.calls & left).count();
      if (covers > most) best = &one, most = covers;
    }
    if (best == nullptr) break;
    filter.words.emplace_back(best->name);
    left &= ~best->calls;
  }
  std::ranges::sort(filter.words);
  for (const std::uint16_t id : left) filter.words.emplace_back(catalogue::syscalls()[id].name);
  if (filter.words.empty())
    filter.words.emplace_back("@default");  // an empty assignment would allow everything
  return filter;
}

std::string filter_text(const ReachSet& set, const catalogue::Systemd& systemd) {
  std::vector<std::string> names;
  names.reserve(set.calls.size());
  for (const ReachedCall& one : set.calls) names.push_back(one.name);
  const FilterWords filter = smallest_filter(names, systemd);
  std::string out = fmt::format("SystemCallFilter={}\n", fmt::join(filter.words, " "));
  if (!filter.unknown.empty())
    out +=
        fmt::format("# systemd {} has no name for: {}\n", systemd.version, fmt::join(filter.unknown, " "));
  return out;
}

}  // namespace harden
