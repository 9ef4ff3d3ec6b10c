// SPDX-License-Identifier: LGPL-2.1-or-later
// `harden show` for people: what the unit says, what systemd makes of it, what that leaves open.
#include <map>
#include <string>

#include "emit/score_report.h"
#include "emit/show_report.h"
#include "emit/table.h"
#include "util/text.h"

namespace harden {
namespace {

// Names the unit's files shortly: by their last part where only one of them has it.
class FileNames {
 public:
  explicit FileNames(const LoadedUnit& loaded) {
    if (loaded.unit.fragment) ++count_[base_name(loaded.unit.fragment->path())];
    for (const UnitFile& file : loaded.unit.drop_ins) ++count_[base_name(file.path())];
  }
  [[nodiscard]] std::string text(const SourcePos& where) const {
    const std::string_view name = base_name(where.file);
    const auto known = count_.find(name);
    std::string text(known != count_.end() && known->second == 1 ? name : std::string_view(where.file));
    if (where.line != 0) text.append(":").append(std::to_string(where.line));
    return text;
  }

 private:
  std::map<std::string_view, unsigned> count_;
};

class ShowText {
 public:
  ShowText(const ShowReport& report, std::size_t width, const Style& style)
      : report_(report), loaded_(*report.loaded), names_(loaded_), width_(width), style_(style) {}

  std::string print() {
    print_head();
    print_settings();
    print_implied();
    print_overrides();
    print_diagnostics();
    if (report_.policy)
      print_policy(
          out_, *report_.policy, [this](const SourcePos& where) { return names_.text(where); }, width_,
          style_);
    print_caveats();
    print_score();
    return std::move(out_);
  }

 private:
  void heading(std::string_view text) {
    out_ += '\n';
    style_.paint(out_, text, Ink::heading);
    out_ += '\n';
  }

  void print_head() {
    std::vector<Cell> pieces = {foreign_cell(report_.unit, Ink::strong)};
    if (report_.unit != loaded_.unit.name.text() && loaded_.unit.name.kind() != UnitNameKind::instance)
      pieces.push_back(foreign_cell(" is " + loaded_.unit.name.text()));
    pieces.push_back({" under systemd " + std::to_string(loaded_.systemd->version)});
    print_line(out_, pieces, width_, style_);
    if (loaded_.unit.fragment) file_line(loaded_.unit.fragment->path());
    for (const UnitFile& file : loaded_.unit.drop_ins) file_line(file.path());
    if (!loaded_.unit.aliases.empty()) {
      std::string text;
      for (const UnitName& alias : loaded_.unit.aliases)
        text.append(text.empty() ? "" : ", ").append(escape_for_terminal(alias.text()));
      print_paragraph(out_, "  also known as ", text, width_, style_, Ink::dim);
    }
    if (loaded_.refusal) {
      const Error& why = *loaded_.refusal;
      std::string text = escape_for_terminal(why.message);
      if (why.where.line != 0) text.insert(0, escape_for_terminal(names_.text(why.where)) + ": ");
      print_paragraph(out_, "  systemd refuses it: ", text, width_, style_, Ink::bad);
    }
  }

  void file_line(const std::string& path) {
    print_paragraph(out_, "  ", escape_for_terminal(path), width_, style_);
  }

  void print_settings() {
    // FROM before VALUE: values are long, and the last column is the one that wraps.
    Table table({{"SETTING"}, {"FROM"}, {"VALUE"}});
    for (const SettingView& view : setting_views(report_)) {
      if (view.origins.empty() && !view.reasons.empty()) continue;   // has a section of its own
      std::vector<std::string> from;
      from.reserve(view.origins.size() + 1);
      for (const Contribution* origin : view.origins)
        from.push_back(names_.text({loaded_.file_path(origin->file), origin->line}));
      if (from.empty()) from.emplace_back("default");
      // Where each line of the value has its assignment they stand side by side; else a column of many
      // origins would be as long as the unit.
      const bool as_written = is_shorter_as_written(view);
      if (!has_lines(view.directive->kind) && !as_written) merge_origins(from);
      table.add_row({{std::string(view.directive->name) + "="},
                     foreign_lines(from, Ink::dim),
                     as_written ? written_cell(view) : value_cell(view)});
    }
    heading("Settings");
    if (table.empty())
      out_ += "None that differs from the default.\n";
    else
      table.print(out_, width_, style_);
  }

  // "a.conf:3", "a.conf:4" on one line each becomes "a.conf:3,4".
  static void merge_origins(std::vector<std::string>& from) {
    std::vector<std::string> merged;
    for (std::string& text : from) {
      const std::size_t colon = text.rfind(':');
      const std::string_view file = std::string_view(text).substr(0, colon + 1);
      if (!merged.empty() && colon != std::string::npos && merged.back().starts_with(file))
        merged.back().append(",").append(text, colon + 1);
      else
        merged.push_back(std::move(text));
    }
    from = std::move(merged);
  }

  // A long filter says more in its author's words, if nothing else has a part in it.
  static bool is_shorter_as_written(const SettingView& view) {
    constexpr std::size_t kManyWords = 12;
    return view.directive->kind == catalogue::Kind::syscalls && view.value.size() > kManyWords &&
           !view.origins.empty() && view.reasons.empty();
  }

  [[nodiscard]] Cell written_cell(const SettingView& view) const {
    std::vector<std::string> lines;
    lines.reserve(view.origins.size());
    for (const Contribution* origin : view.origins) lines.emplace_back(origin->text);
    const auto& filter = std::get<SyscallFilter>(*loaded_.settings.find(view.directive->id));
    std::size_t allowed = 0;
    for (const auto call : loaded_.systemd->native_syscalls)
      if (filter.allows(call)) ++allowed;
    Cell cell = foreign_lines(lines);
    cell.text += "\n(" + std::to_string(allowed) + " of " +
                 std::to_string(loaded_.systemd->native_syscalls.count()) + " calls let through)";
    return cell;
  }

  static Cell value_cell(const SettingView& view) {
    if (has_lines(view.directive->kind)) return foreign_lines(view.value);
    std::string text;
    for (const std::string& word : view.value)
      text.append(text.empty() ? "" : " ").append(escape_for_terminal(word));
    return {text.empty() ? "(empty)" : text, text.empty() ? Ink::dim : Ink::plain};
  }

  void print_implied() {
    Table table({{"SETTING"}, {"VALUE"}, {"WHY"}});
    for (const SettingView& view : setting_views(report_)) {
      if (view.reasons.empty()) continue;
      std::string why;
      for (const std::string_view reason : view.reasons) why.append(why.empty() ? "" : "; ").append(reason);
      if (view.only_at_start) why += " (once started; the score does not see it)";
      Cell value = view.origins.empty() ? value_cell(view) : Cell{"(above)", Ink::dim};
      table.add_row({{std::string(view.directive->name) + "="}, std::move(value), {std::move(why)}});
    }
    if (table.empty()) return;
    heading("What systemd makes of it by itself");
    table.print(out_, width_, style_);
  }

  void print_overrides() {
    Table table({{"SETTING"}, {"FROM"}, {"BY"}, {"VALUE"}});
    for (const Override& one : list_overrides(loaded_)) {
      const Contribution& earlier = *one.earlier;
      std::string by;
      if (one.by != nullptr) {
        by = names_.text({loaded_.file_path(one.by->file), one.by->line});
        if (one.by->fate == Fate::resets) by += " (reset)";
      }
      table.add_row({{std::string(catalogue::directive(earlier.directive).name) + "="},
                     foreign_cell(names_.text({loaded_.file_path(earlier.file), earlier.line}), Ink::dim),
                     foreign_cell(by, Ink::dim),
                     foreign_cell(earlier.text)});
    }
    if (table.empty()) return;
    heading("Overridden by a later assignment");
    table.print(out_, width_, style_);
  }

  void print_diagnostics() {
    if (loaded_.diagnostics.empty()) return;
    heading("What systemd drops or warns of");
    for (const Diagnostic& one : loaded_.diagnostics) {
      print_paragraph(out_, escape_for_terminal(names_.text(one.where)) + ": ",
                      escape_for_terminal(one.message), width_, style_,
                      one.severity == Severity::error ? Ink::bad : Ink::fair);
      if (!one.hint.empty())
        print_paragraph(out_, "  hint: ", escape_for_terminal(one.hint), width_, style_);
    }
  }

  void print_caveats() {
    if (report_.caveats.empty()) return;
    heading("What does not hold, or not wholly");
    for (const Diagnostic& one : report_.caveats) {
      print_paragraph(out_, "  ", escape_for_terminal(one.message), width_, style_,
                      one.severity == Severity::note ? Ink::plain : Ink::fair);
      if (!one.hint.empty())
        print_paragraph(out_, "    hint: ", escape_for_terminal(one.hint), width_, style_, Ink::dim);
    }
  }

  void print_score() {
    if (!report_.exposure) return;
    const unsigned tenths = report_.exposure->tenths;
    const bool has_policy = report_.policy && report_.policy->exposure;
    out_ += '\n';
    std::vector<Cell> pieces = {{"Exposure", Ink::heading},
                                {" " + tenths_text(tenths) + " " + std::string(exposure_predicate(tenths)),
                                 ink_of_exposure(tenths)}};
    if (report_.mode == ScoreMode::offline) pieces.push_back({", as systemd-analyze computes it offline"});
    if (has_policy) {
      const unsigned with = report_.policy->exposure->tenths;
      pieces.push_back({"; with the policy "});
      pieces.push_back(
          {tenths_text(with) + " " + std::string(exposure_predicate(with)), ink_of_exposure(with)});
    }
    print_line(out_, pieces, width_, style_);
    print_exposure(out_, has_policy ? *report_.policy->exposure : *report_.exposure, loaded_, width_,
                   style_);
  }

  const ShowReport& report_;
  const LoadedUnit& loaded_;
  FileNames names_;
  std::size_t width_;
  const Style& style_;
  std::string out_;
};

}  // namespace

std::string show_text(const ShowReport& report, std::size_t width, const Style& style) {
  return ShowText(report, width, style).print();
}

}  // namespace harden
