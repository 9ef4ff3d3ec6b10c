// SPDX-License-Identifier: LGPL-2.1-or-later
#include "emit/compile_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "emit/show_report.h"

namespace harden {
namespace {

using catalogue::Context;
using catalogue::Directive;
using catalogue::Kind;

std::string texts_of(const std::vector<Grant>& grants) {
  std::string text;
  for (const Grant& grant : grants) text += (text.empty() ? "" : ", ") + grant.text();
  return text;
}

// A newline would end the comment, and what follows would be a setting.
std::string comment_text(std::string_view text) {
  std::string safe(text);
  std::ranges::replace_if(safe, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
  return safe;
}

class DropIn {
 public:
  explicit DropIn(const CompileReport& report) : report_(report) {}

  std::string print() {
    const Policy& policy = report_.compiled.policy;
    line("# {} for systemd {}, by harden", policy.profile->name, report_.systemd);
    if (!policy.grants.empty()) line("# with {}", comment_text(texts_of(policy.grants)));
    if (const std::string implied = implied_text(); !implied.empty())
      line("# and what the unit asks for itself: {}", comment_text(implied));
    print_section("Unit", true);
    print_section(report_.section, false);
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void line(fmt::format_string<Args...> text, Args&&... args) {
    out_ += fmt::format(text, std::forward<Args>(args)...) + '\n';
  }

  [[nodiscard]] std::string implied_text() const {
    std::vector<Grant> grants;
    for (const ImpliedUse& use : report_.compiled.implied) grants.push_back(use.grant);
    return texts_of(normalized(std::move(grants)));
  }

  static bool is_in_unit_section(catalogue::DirectiveId id) {
    return catalogue::directive(id).context == Context::unit;
  }

  void print_section(std::string_view name, bool unit) {
    std::vector<const Written*> plain, opened;
    for (const Written& written : report_.compiled.settings)
      if (is_in_unit_section(written.directive) == unit)
        (written.opened_by.empty() ? plain : opened).push_back(&written);
    const bool lifts = !unit && !report_.compiled.lifted.empty();
    if (plain.empty() && opened.empty() && !lifts) return;
    out_ += '\n';
    line("[{}]", name);
    for (const Written* written : plain) print_lines(*written);
    std::string last;
    for (const Written* written : opened) {
      if (const std::string grants = texts_of(written->opened_by); grants != last) {
        line("# {}", comment_text(grants));
        last = grants;
      }
      print_lines(*written);
    }
    if (lifts)
      for (const Lifted& lifted : report_.compiled.lifted)
        line("# {}: no {}=", comment_text(texts_of(lifted.by)),
             catalogue::directive(lifted.directive).name);
  }
  void print_lines(const Written& written) {
    for (const std::string& text : assignment_lines(written)) line("{}", text);
  }

  const CompileReport& report_;
  std::string out_;
};

bool stands_alone(Kind kind) { return has_lines(kind); }

std::string nix_string(std::string_view text) {
  std::string quoted = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\' || (c == '$' && i + 1 < text.size() && text[i + 1] == '{')) quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

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

std::vector<std::string> assignment_lines(const Written& written) {
  const Directive& directive = catalogue::directive(written.directive);
  std::vector<std::string> lines;
  std::string_view open_polarity;   // of the last line, if words may still join it
  for (const std::string& word : written.words) {
    const std::string_view polarity = word.starts_with('~') ? "~" : "+";
    const bool joins = !lines.empty() && !word.empty() && polarity == open_polarity;
    if (joins)
      lines.back().append(" ").append(word, polarity == "~" ? 1 : 0);
    else
      lines.push_back(fmt::format("{}={}", directive.name, word));
    open_polarity = word.empty() || stands_alone(directive.kind) ? "" : polarity;
  }
  return lines;
}

std::string compile_drop_in(const CompileReport& report) { return DropIn(report).print(); }

std::string compile_nix(const CompileReport& report) {
  std::string out = fmt::format("# {} for systemd {}, by harden\n{{\n",
                                report.compiled.policy.profile->name, report.systemd);
  for (const auto& [name, unit] : {std::pair{"unitConfig", true}, std::pair{"serviceConfig", false}}) {
    std::string body;
    for (const Written& written : report.compiled.settings) {
      const Directive& directive = catalogue::directive(written.directive);
      if ((directive.context == Context::unit) != unit) continue;
      if (!written.opened_by.empty())
        body += fmt::format("    # {}\n", comment_text(texts_of(written.opened_by)));
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
