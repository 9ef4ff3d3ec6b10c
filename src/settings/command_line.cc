// SPDX-License-Identifier: LGPL-2.1-or-later
#include "settings/command_line.h"

#include <algorithm>
#include <climits>

#include "unit/words.h"
#include "util/text.h"

namespace harden {
namespace {

// No quotes, backslashes or control characters: what systemd takes for an executable's name.
bool is_safe(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return (c > 0 && c < ' ') || c == '"' || c == '\'' || c == '\\' || c == '\x7f'; });
}

bool is_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.size() <= NAME_MAX;
}

bool implies_directory(std::string_view path) {
  return path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
}

// Takes the prefixes off the first word.
std::string_view take_prefixes(std::string_view word, ExecCommand& command, bool& separate_argv0) {
  for (; !word.empty(); word.remove_prefix(1)) {
    const char c = word.front();
    const bool identity_given = command.full_privileges || command.keep_user || command.ambient_magic;
    if (c == '-' && !command.ignore_failure) {
      command.ignore_failure = true;
    } else if (c == '@' && !separate_argv0) {
      separate_argv0 = true;
    } else if (c == ':' && !command.no_expansion) {
      command.no_expansion = true;
    } else if (c == '+' && !identity_given) {
      command.full_privileges = true;
    } else if (c == '!' && !identity_given) {
      command.keep_user = true;
    } else if (c == '!' && command.keep_user) {
      command.keep_user = false;
      command.ambient_magic = true;
    } else {
      break;
    }
  }
  return word;
}

// A token that is a whole word of its own at the start of text.
bool at_token(std::string_view text, std::string_view token) {
  return text.starts_with(token) &&
         (text.size() == token.size() || kWhitespaceSet.contains(text[token.size()]));
}

// One word off the front of `rest`; with unknown escapes kept if they are what makes it malformed.
WordReader::Step take_word(std::string_view& rest, std::string& word) {
  for (const bool relaxed : {false, true}) {
    WordRules rules = kCommandWords;
    rules.unescape_relax = relaxed;
    WordReader reader(rest, rules);
    const auto step = reader.next(word);
    if (step == WordReader::Step::malformed && !relaxed) continue;
    rest = reader.rest();
    return step;
  }
  return WordReader::Step::malformed;
}

}  // namespace

ParsedCommands parse_command_line(std::string_view text, const SpecifierContext& context) {
  ParsedCommands result;
  std::string_view rest = text;
  std::string first;
  std::string word;
  for (;;) {
    const std::string_view begin = rest;
    const auto step = take_word(rest, first);
    if (step == WordReader::Step::end) return result;
    if (step == WordReader::Step::malformed) {
      result.problem = "unbalanced quotes in the command line";
      return result;   // systemd drops the assignment and goes on
    }
    if (first == ";") continue;

    ExecCommand command;
    bool separate_argv0 = false;
    const std::string_view name = take_prefixes(first, command, separate_argv0);
    const auto fault = [&](std::string problem) {
      result.problem = std::move(problem);
      result.fatal = !command.ignore_failure;
      return result;
    };
    Expansion path = expand_specifiers(name, context);
    if (path.state == Expansion::State::invalid)
      return fault("a specifier in '" + first + "' cannot be expanded");
    if (path.text.empty()) return fault("the command has no program");
    if (!is_safe(path.text)) return fault("the program's name has special characters");
    if (path.text.ends_with('/') || (context.systemd >= 253 && implies_directory(path.text)))
      return fault("the program's path names a folder: '" + path.text + "'");
    if (path.state == Expansion::State::known && !path.text.starts_with('/') && !is_file_name(path.text))
      return fault("'" + path.text + "' is neither an absolute path nor the name of a program");
    if (!separate_argv0) command.arguments.push_back(path.text);
    command.program = std::move(path.text);

    bool another = false;
    std::string_view end_of_command = rest;
    while (!rest.empty()) {
      if (at_token(rest, ";")) {
        rest = strip_left(rest.substr(1));
        another = true;
        break;
      }
      if (at_token(rest, "\\;")) {
        rest = strip_left(rest.substr(2));
        command.arguments.emplace_back(";");
        end_of_command = rest;
        continue;
      }
      const auto argument = take_word(rest, word);
      if (argument == WordReader::Step::end) break;
      if (argument == WordReader::Step::malformed) return fault("unbalanced quotes in the command line");
      Expansion expanded = expand_specifiers(word, context);
      if (expanded.state == Expansion::State::invalid)
        return fault("a specifier in '" + word + "' cannot be expanded");
      command.arguments.push_back(std::move(expanded.text));
      end_of_command = rest;
    }
    if (command.arguments.empty()) return fault("the command has no zeroth argument");
    command.text = strip(begin.substr(0, begin.size() - end_of_command.size()));
    result.commands.push_back(std::move(command));
    if (!another) return result;
  }
}

}  // namespace harden
