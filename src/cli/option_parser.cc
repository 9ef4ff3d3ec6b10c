// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/option_parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "emit/table.h"
#include "util/text.h"

namespace harden {

struct OptionParser::App {
  CLI::App app;
};

OptionParser::OptionParser(std::string_view command, std::string_view summary, std::string_view arguments)
    : command_(command), summary_(summary), arguments_(arguments), app_(std::make_unique<App>()) {
  app_->app.set_help_flag("-h,--help", "print this and exit");
  app_->app.allow_extras();   // unknown options get our own message
  app_->app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

OptionParser::~OptionParser() = default;

void OptionParser::add_flag(const std::string& name, bool& out, const std::string& help) {
  app_->app.add_flag_callback(name, [&out] { out = true; }, help)->disable_flag_override();
}

void OptionParser::add_text(const std::string& name, const std::string& value_name,
                            std::optional<std::string>& out, const std::string& help) {
  app_->app.add_option_function<std::string>(
               name, [&out](const std::string& text) { out = text; }, help)
      ->type_name(value_name);
}

void OptionParser::add_texts(const std::string& name, const std::string& value_name,
                             std::vector<std::string>& out, const std::string& help) {
  app_->app
      .add_option_function<std::vector<std::string>>(
          name, [&out](const std::vector<std::string>& texts) { out = texts; }, help)
      ->type_name(value_name)
      ->expected(1)
      ->allow_extra_args(false)  // else it would take the command's arguments behind it too
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void OptionParser::add_number(const std::string& name, unsigned least, unsigned most,
                              std::optional<unsigned>& out, const std::string& help) {
  const auto take = [name, least, most, &out](const std::string& text) {
    unsigned number = 0;
    const char* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || at != end || number < least || number > most)
      throw CLI::ValidationError(name + " takes a whole number from " + std::to_string(least) + " to " +
                                     std::to_string(most) + ", not '" + text + "'",
                                 CLI::ExitCodes::ValidationError);
    out = number;
  };
  app_->app.add_option_function<std::string>(name, take, help)->type_name("N");
}

void OptionParser::add_choice(const std::string& name, std::vector<std::string_view> words,
                              std::string& out, const std::string& help) {
  std::string list;
  for (const std::string_view word : words) list.append(list.empty() ? "" : "|").append(word);
  const auto take = [name, words = std::move(words), list, &out](const std::string& text) {
    if (std::ranges::find(words, text) == words.end())
      throw CLI::ValidationError(name + " takes " + list + ", not '" + text + "'",
                                 CLI::ExitCodes::ValidationError);
    out = text;
  };
  app_->app.add_option_function<std::string>(name, take, help)->type_name(list);
}

void OptionParser::add_arguments(std::vector<std::string>& out, std::size_t least) {
  arguments_out_ = &out;
  arguments_min_ = least;
}

int OptionParser::complain(const Console& console, std::string message, std::string hint) const {
  if (hint.empty()) hint = "'harden " + command_ + " --help' lists the options";
  console.report(command_, Error{Errc::invalid, std::move(message), 0, {}, std::move(hint), {}});
  return kExitTrouble;
}

std::optional<int> OptionParser::parse(std::span<const std::string> arguments, Console& console) {
  CLI::App& app = app_->app;
  add_choice("--color", {"auto", "always", "never"}, color_,
             "colour the output; auto: on a terminal, unless NO_COLOR is set");
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    print_help(console);
    return kExitFine;
  } catch (const CLI::ArgumentMismatch& error) {
    // "json was given a disallowed flag override", "--root: 1 required DIR missing"
    const std::string text = error.what();
    if (text.ends_with("flag override"))
      return complain(console, "--" + text.substr(0, text.find(' ')) + " takes no value");
    const std::string name = text.substr(0, text.find(':'));
    const CLI::Option* option = app.get_option_no_throw(name);
    return complain(console, name + " needs a value" +
                                 (option != nullptr ? ": " + option->get_type_name() : std::string()));
  } catch (const CLI::ValidationError& error) {
    return complain(console, error.what());
  } catch (const CLI::ParseError& error) {
    return complain(console, error.what());
  }
  if (color_ != "auto") console.set_color(color_ == "always" ? ColorWhen::always : ColorWhen::never);

  // What CLI11 took for no option of ours: arguments and unknown options, told apart by what they are;
  // behind "--" everything is an argument.
  std::vector<std::string> rest = app.remaining();
  bool only_arguments = false;
  for (std::string& word : rest) {
    if (word == "--" && !only_arguments) {
      only_arguments = true;
      continue;
    }
    if (!only_arguments && word.size() > 1 && word.front() == '-') {
      std::vector<std::string> names;
      for (const CLI::Option* option : app.get_options()) names.push_back(option->get_name());
      const std::vector<std::string_view> candidates(names.begin(), names.end());
      const std::string name = word.substr(0, word.find('='));
      const auto near = nearest(name, candidates);
      return complain(console, "there is no option " + name,
                      near ? "did you mean " + std::string(*near) + "?" : std::string());
    }
    if (arguments_out_ == nullptr)
      return complain(console, "takes no argument, but there is '" + word + "'");
    arguments_out_->push_back(std::move(word));
  }
  if (arguments_out_ != nullptr && arguments_out_->size() < arguments_min_)
    return complain(console, "needs an argument: harden " + command_ + " " + arguments_);
  return std::nullopt;
}

void OptionParser::print_help(Console& console) const {
  std::string out;
  print_paragraph(out, "usage: ", "harden " + command_ + " " + arguments_ + " [OPTION…]", console.width(),
                  console.style(), Ink::strong);
  print_paragraph(out, "", summary_, console.width(), console.style());
  std::vector<std::pair<std::string, std::string>> rows;
  std::size_t widest = 0;
  for (const CLI::Option* option : app_->app.get_options()) {
    std::string name = option->get_name();
    if (option->get_items_expected_max() != 0) name += "=" + option->get_type_name();
    widest = std::max(widest, name.size());
    rows.emplace_back(std::move(name), option->get_description());
  }
  // --help comes last: it is the one that everybody knows.
  std::ranges::rotate(rows, rows.begin() + 1);
  out += '\n';
  for (const auto& [name, help] : rows)
    print_paragraph(out, "  " + name + std::string(widest - name.size() + 2, ' '), help, console.width(),
                    console.style());
  for (const std::string& note : notes_) {
    out += '\n';
    print_paragraph(out, "", note, console.width(), console.style());
  }
  console.write(out);
}

}  // namespace harden
