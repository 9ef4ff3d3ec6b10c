// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/command_unit.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "cli/companion.h"
#include "policy/policy_source.h"
#include "util/text.h"

namespace harden {
namespace {

// "redis-server" of "/usr/bin/redis-server"; a character that no unit's name may have becomes "-".
std::string stem_of(const std::string& program) {
  std::string stem(base_name(program));
  for (char& c : stem)
    if (!is_unit_name(std::string(1, c) + ".service")) c = '-';
  constexpr std::size_t kMax = 64;
  stem.resize(std::min(stem.size(), kMax));
  return stem.empty() ? "command" : stem;
}

// Source: systemd.service(5), "Command lines": % is a specifier, $ a variable.
std::string exec_word(const std::string& word) {
  std::string text;
  for (const char c : word) {
    if (c == '$') text += '$';
    text += c;
  }
  return list_word(text, false);
}

}  // namespace

std::string find_program(const std::string& word) {
  if (word.find('/') != std::string::npos) {
    char* const full = ::realpath(word.c_str(), nullptr);
    std::string found = full != nullptr ? full : word;
    std::free(full);
    return found;
  }
  const char* const path = std::getenv("PATH");
  for (const std::string_view dir : split(path != nullptr ? path : "/usr/bin:/bin", ':')) {
    std::string file = std::string(dir) + "/" + word;
    if (file.starts_with('/') && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return word;
}

std::optional<std::string> record_command(const std::vector<std::string>& words, const Console& console) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  std::array<char, 32> stamp{};
  (void)::localtime_r(&now, &parts);
  (void)std::strftime(stamp.data(), stamp.size(), "%Y%m%dT%H%M%S", &parts);  // the buffer is large enough
  std::string file = stem_of(words.front()) + "-" + stamp.data() + ".jsonl";
  std::vector<std::string> arguments = {"--output=" + file, "--"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  if (call_companion("harden-record", arguments, console) > kExitFinding) return std::nullopt;
  return file;
}

std::optional<OpenedUnit> unit_of_command(const TreeOptions& tree, const std::vector<std::string>& words,
                                          const Console& console) {
  auto source = open_units(tree, {}, console);
  if (!source) return std::nullopt;
  std::string text = "[Service]\nExecStart=" + exec_word(find_program(words.front()));
  for (std::size_t i = 1; i < words.size(); ++i) text += " " + exec_word(words[i]);
  // By number: a static program cannot ask for names.
  if (::geteuid() != 0) text += "\nUser=" + std::to_string(::geteuid());
  const std::string label = stem_of(words.front()) + ".service";
  Unit unit{
      *parse_unit_name(label), {}, LoadState::loaded, {}, parse_unit_file(text + "\n", label), {}, {}, {}};
  SelectedUnit selected{label, unit.name, {}};
  LoadedUnit loaded = load_settings(std::move(unit), {&source->systemd(), {}});
  return OpenedUnit{std::move(*source), std::move(selected), std::move(loaded)};
}

}  // namespace harden
