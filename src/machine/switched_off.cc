// SPDX-License-Identifier: LGPL-2.1-or-later
#include "machine/switched_off.h"

#include <algorithm>
#include <array>

#include "util/text.h"

namespace harden {

bool is_off_on_command_line(std::string_view command_line) {
  constexpr std::string_view kKey = "harden=";
  constexpr std::array<std::string_view, 4> kNo = {"off", "no", "0", "false"};
  std::string words(command_line);
  std::ranges::replace_if(words, [](char c) { return c == '\0' || c == '\n' || c == '\t'; }, ' ');
  bool off = false;
  for (std::string_view word : split(words, ' ')) {
    if (!word.starts_with(kKey)) continue;
    word.remove_prefix(kKey.size());
    off = std::ranges::find(kNo, word) != kNo.end();
  }
  return off;
}

std::string switched_off(const FileSystem& fs, std::string_view command_line) {
  if (is_off_on_command_line(command_line)) return "switched off by harden=off on the kernel command line";
  if (fs.stat_type(kOffFile)) return "switched off by " + std::string(kOffFile);
  return {};
}

std::string read_command_line(const FileSystem& fs) {
  constexpr std::size_t kMax = std::size_t{1} << 20U;
  const bool is_container = fs.stat_type("/run/systemd/container").has_value();
  return fs.read_file(is_container ? "/proc/1/cmdline" : "/proc/cmdline", kMax).value_or(std::string());
}

}  // namespace harden
