// SPDX-License-Identifier: LGPL-2.1-or-later
// Lists that add up over lines and files, and single paths.
#include <algorithm>
#include <climits>

#include "settings/address.h"
#include "settings/assigner.h"
#include "settings/command_line.h"

namespace harden::assign {
namespace {

constexpr std::size_t kPathMax = 4096;  // bytes, the NUL counted, as PATH_MAX

// Duplicate slashes and "." components go, as does a trailing slash.
std::string simplify_path(std::string_view path) {
  std::string out;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (!part.empty() && part != ".") out.append("/").append(part);
    start = end + 1;
  }
  return out.empty() ? "/" : out;
}

bool has_dot_dot(std::string_view path) {
  return path == ".." || path.starts_with("../") || path.ends_with("/..") ||
         path.find("/../") != std::string_view::npos;
}

bool is_valid_path_length(std::string_view path) {
  if (path.size() >= kPathMax) return false;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    if (end - start > NAME_MAX) return false;
    start = end + 1;
  }
  return true;
}

bool is_base64(std::string_view text) {
  std::size_t digits = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (kWhitespace.find(c) != std::string_view::npos) continue;
    if (c == '=')
      ++padding;
    else if (padding > 0 || !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              c == '+' || c == '/'))
      return false;
    else
      ++digits;
  }
  return padding <= 2 && (digits + padding) % 4 == 0;
}

}  // namespace

Assigned Assigner::assign_architectures() {
  if (text_.empty()) return reset();
  return add_words(text_, kUnquotedWords, [&](const std::string& word) {
    if (std::ranges::find(systemd_.architectures, word) == systemd_.architectures.end()) {
      say(Severity::warning, "unknown-architecture",
          "unknown architecture " + quote(word) + "; the word is ignored",
          did_you_mean(word, systemd_.architectures));
      return false;
    }
    edit<WordSet>().words.insert(word);
    return true;
  });
}

Assigned Assigner::assign_addresses() {
  if (text_.empty()) return reset();
  return add_words(text_, kPlainWords, [&](const std::string& word) {
    const std::vector<std::string> prefixes = parse_address_prefixes(word);
    if (prefixes.empty()) {
      say(Severity::warning, "bad-address",
          quote(word) + " is no address, prefix or name of some; it is ignored",
          "use any, localhost, link-local, multicast, or an address like 192.0.2.0/24");
      return false;
    }
    for (const std::string& prefix : prefixes) edit<WordSet>().words.insert(prefix);
    return true;
  });
}

Assigned Assigner::assign_device() {
  if (text_.empty()) return reset();
  WordReader reader(text_);
  std::string word;
  if (reader.next(word) != WordReader::Step::word)
    return drop("bad-quoting", "unbalanced quotes; the line is ignored");
  std::optional<std::string> node = expand(word);
  if (!node)
    return drop("bad-specifier",
                "a specifier in " + quote(word) + " cannot be expanded; the line is ignored");
  if (!node->starts_with("block-") && !node->starts_with("char-")) {
    // The check for a trailing slash comes after simplification, which removes it.
    std::string simple = node->starts_with('/') ? simplify_path(*node) : *node;
    // "/dev/" itself passes, as it does with systemd.
    if (!(simple == "/dev" || simple.starts_with("/dev/") ||
          simple.starts_with("/run/systemd/inaccessible/")) ||
        has_dot_dot(simple))
      return drop("bad-device", quote(*node) + " is no device node; the line is ignored",
                  "name a node below /dev, or a class as block-NAME or char-NAME");
    node = std::move(simple);
  }
  const std::string_view rights = reader.rest();
  if (rights.find_first_not_of("rwm") != std::string_view::npos)
    return drop("bad-device", "unknown rights " + quote(rights) + "; the line is ignored",
                "any of r, w and m");
  std::string entry = *node;
  if (!rights.empty()) entry.append(" ").append(rights);
  edit<Words>().words.push_back(std::move(entry));
  return Assigned::added;
}

// Expands, checks and simplifies a path. False after saying why not.
bool Assigner::take_path(std::string_view word, std::string& path, bool list) {
  const std::string_view loss = list                    ? "; the path is ignored"
                                : directive_.voids_unit ? ""
                                                        : "; the line is ignored";
  const auto fail_with = [&](std::string_view id, std::string message, std::string hint) {
    message += loss;
    if (directive_.voids_unit && !list)
      (void)refuse(id, std::move(message), std::move(hint));
    else
      say(Severity::warning, id, std::move(message), std::move(hint));
    return false;
  };
  std::optional<std::string> expanded = expand(word);
  if (!expanded)
    return fail_with("bad-specifier", "a specifier in " + quote(word) + " cannot be expanded", {});
  // A specifier that only the machine knows may well begin the path.
  const bool unknown_start = expanded->starts_with('%') && directive_.specifiers;
  if (!expanded->starts_with('/') && !unknown_start)
    return fail_with("relative-path", quote(*expanded) + " is not an absolute path", "begin it with '/'");
  std::string simple = unknown_start ? *expanded : simplify_path(*expanded);
  if (!is_valid_path_length(simple)) return fail_with("bad-path", "the path is too long", {});
  if (has_dot_dot(simple))
    return fail_with("bad-path", quote(simple) + " contains '..'", "write the path without it");
  path = std::move(simple);
  return true;
}

Assigned Assigner::assign_paths() {
  if (text_.empty()) return reset();
  if (directive_.form == catalogue::Form::whole_line) {
    std::string path;
    if (!take_path(text_, path, true)) return Assigned::dropped;
    edit<Words>().words.push_back(std::move(path));
    return Assigned::added;
  }
  return add_words(text_, kUnquotedWords, [&](const std::string& word) {
    std::string_view rest = word;
    std::string entry;
    for (const char prefix : {'-', '+'})
      if (rest.starts_with(prefix)) {
        entry += prefix;
        rest.remove_prefix(1);
      }
    std::string path;
    if (!take_path(rest, path, true)) return false;
    edit<Words>().words.push_back(entry + path);
    return true;
  });
}

Assigned Assigner::assign_path() {
  if (text_.empty()) return reset();
  std::string path;
  if (!take_path(text_, path, false)) return directive_.voids_unit ? Assigned::refused : Assigned::dropped;
  value_ = Text{std::move(path)};
  return Assigned::replaced;
}

// True, after saying so, for an item that has not the form that its directive asks for.
bool Assigner::is_malformed(std::string_view item) {
  const bool wants_pair =
      directive_.form == catalogue::Form::pair || directive_.form == catalogue::Form::base64_pair;
  if (!wants_pair) return false;
  const std::size_t colon = item.find(':');
  if (colon == std::string_view::npos) {
    say(Severity::warning, "bad-pair", "no ':' in " + quote(item) + "; it is ignored");
    return true;
  }
  if (directive_.form == catalogue::Form::base64_pair && !is_base64(item.substr(colon + 1))) {
    say(Severity::warning, "bad-base64", "what follows the ':' is no Base64; the line is ignored");
    return true;
  }
  return false;
}

Assigned Assigner::assign_words() {
  if (text_.empty()) return reset();
  return add_words(text_, kUnquotedWords, [&](const std::string& word) {
    std::optional<std::string> expanded = expand(word);
    if (!expanded) {
      say(Severity::warning, "bad-specifier",
          "a specifier in " + quote(word) + " cannot be expanded; the word is ignored");
      return false;
    }
    if (is_malformed(*expanded)) return false;
    edit<Words>().words.push_back(std::move(*expanded));
    return true;
  });
}

Assigned Assigner::assign_line() {
  if (text_.empty()) return reset();
  if (is_malformed(text_)) return Assigned::dropped;
  edit<Words>().words.emplace_back(text_);
  return Assigned::added;
}

Assigned Assigner::assign_commands() {
  if (text_.empty()) return reset();
  ParsedCommands parsed = parse_command_line(text_, context_.specifiers);
  if (parsed.problem) {
    std::string message = *parsed.problem;
    if (parsed.fatal) return refuse("bad-command", std::move(message));
    say(Severity::warning, "bad-command", std::move(message) + "; the command is ignored");
  }
  if (parsed.commands.empty()) return Assigned::dropped;
  for (const ExecCommand& command : parsed.commands) edit<Words>().words.push_back(command.text);
  return Assigned::added;
}

}  // namespace harden::assign
