// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/drop_in.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "util/text.h"

namespace harden {
namespace {

using catalogue::Context;
using catalogue::Directive;
using catalogue::Kind;

class DropIn {
 public:
  DropIn(const Compiled& compiled, unsigned systemd, std::string_view section)
      : compiled_(compiled), systemd_(systemd), section_(section) {}

  std::string print() {
    const Policy& policy = compiled_.policy;
    line("# {} for systemd {}, by harden", policy.profile->name, systemd_);
    if (!policy.grants.empty()) line("# with {}", joined_texts(policy.grants));
    if (const std::string implied = implied_text(); !implied.empty())
      line("# and what the unit asks for itself: {}", implied);
    print_section("Unit", true);
    print_section(section_, false);
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void line(fmt::format_string<Args...> text, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), text, std::forward<Args>(args)...);
    out_ += '\n';
  }

  [[nodiscard]] std::string implied_text() const {
    std::vector<Grant> grants;
    grants.reserve(compiled_.implied.size());
    for (const ImpliedUse& use : compiled_.implied) grants.push_back(use.grant);
    return joined_texts(normalized(std::move(grants)));
  }

  static bool is_in_unit_section(catalogue::DirectiveId id) {
    return catalogue::directive(id).context == Context::unit;
  }

  void print_section(std::string_view name, bool unit) {
    std::vector<const Written*> plain, opened;
    for (const Written& written : compiled_.settings)
      if (is_in_unit_section(written.directive) == unit)
        (written.opened_by.empty() ? plain : opened).push_back(&written);
    const bool lifts = !unit && !compiled_.lifted.empty();
    if (plain.empty() && opened.empty() && !lifts) return;
    out_ += '\n';
    line("[{}]", name);
    for (const Written* written : plain) print_lines(*written);
    std::string last;
    for (const Written* written : opened) {
      if (const std::string grants = joined_texts(written->opened_by); grants != last) {
        line("# {}", grants);
        last = grants;
      }
      print_lines(*written);
    }
    if (lifts)
      for (const Lifted& lifted : compiled_.lifted)
        line("# {}: no {}=", joined_texts(lifted.by), catalogue::directive(lifted.directive).name);
  }
  void print_lines(const Written& written) {
    for (const std::string& text : assignment_lines(written)) out_.append(text) += '\n';
  }

  const Compiled& compiled_;
  unsigned systemd_;
  std::string_view section_;
  std::string out_;
};

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
      (lines.emplace_back(directive.name) += '=') += word;
    open_polarity =
        word.empty() || (directive.kind == Kind::lines || directive.kind == Kind::devices) ? "" : polarity;
  }
  return lines;
}

Unit without_generated(Unit unit) {
  static constexpr std::string_view kDir = "/run/systemd/generator/";
  std::erase_if(unit.drop_ins, [](const UnitFile& file) {
    const std::string_view name = base_name(file.path());
    return file.path().starts_with(kDir) && (name == kDropInName || name == kOverrideName);
  });
  return unit;
}

SplitCompiled split_overriding(Compiled compiled) {
  SplitCompiled split{std::move(compiled), {}};
  split.overriding.policy = split.plain.policy;
  for (Written& one : split.plain.settings)
    if (one.overrides) split.overriding.settings.push_back(std::move(one));
  std::erase_if(split.plain.settings, [](const Written& one) { return one.overrides; });
  return split;
}

std::string print_drop_in(const Compiled& compiled, unsigned systemd, std::string_view section) {
  return DropIn(compiled, systemd, section).print();
}

}  // namespace harden
