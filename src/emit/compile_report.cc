// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/compile_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "emit/nix.h"
#include "emit/show_report.h"

namespace harden {
namespace {

using catalogue::Context;
using catalogue::Directive;
using catalogue::Kind;

std::string nix_value(const Written& written) {
  const Directive& directive = catalogue::directive(written.directive);
  if (directive.kind == Kind::choice || directive.kind == Kind::mode || directive.kind == Kind::text) {
    const std::string& word = written.words.back();
    if (word == "yes") return "true";
    return word == "no" ? "false" : nix_string(word);
  }
  std::string list = "[";
  for (const std::string& word : written.words) list += " " + nix_string(word);
  return list + " ]";
}

}  // namespace

std::string compile_nix(const CompileReport& report) {
  std::string out = fmt::format("# {} for systemd {}, by harden\n{{\n",
                                report.compiled.policy.profile->name, report.systemd);
  for (const auto& [name, unit] : {std::pair{"unitConfig", true}, std::pair{"serviceConfig", false}}) {
    std::string body;
    for (const Written& written : report.compiled.settings) {
      const Directive& directive = catalogue::directive(written.directive);
      if ((directive.context == Context::unit) != unit) continue;
      if (!written.opened_by.empty()) body += fmt::format("    # {}\n", joined_texts(written.opened_by));
      body += fmt::format("    {} = {};\n", directive.name, nix_value(written));
    }
    if (!body.empty()) out += fmt::format("  {} = {{\n{}  }};\n", name, body);
  }
  return out + "}\n";
}

Diagnostics compile_remarks(const Compiled& compiled) {
  Diagnostics remarks;
  const auto add = [&](Severity severity, std::string_view id, std::string message, std::string hint = {}) {
    add_diagnostic(remarks, {severity, id, {}, std::move(message), std::move(hint)});
  };
  const auto name_of = [](catalogue::DirectiveId id) { return catalogue::directive(id).name; };
  for (const Kept& kept : compiled.kept)
    if (kept.looser_than_profile)
      add(Severity::note, "kept",
          fmt::format("{}= stays as the unit has it, which is looser than {}", name_of(kept.directive),
                      compiled.policy.profile->name),
          fmt::format("Override={} tightens it", name_of(kept.directive)));
  for (const Shut& shut : compiled.shut)
    add(Severity::warning, "shut",
        fmt::format("{} opens less than it says: {}= stays, since {}", shut.grant.text(),
                    name_of(shut.directive), shut.because));
  for (const Unavailable& one : compiled.unavailable)
    add(Severity::note, "unavailable", fmt::format("no {}=: {}", name_of(one.directive), one.because));
  for (const Void& one : compiled.voids)
    add(Severity::note, "void", fmt::format("{}= does not hold: {}", name_of(one.directive), one.because));
  return remarks;
}

}  // namespace harden
