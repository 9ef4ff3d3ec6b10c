// SPDX-License-Identifier: LGPL-2.1-or-later
// A service with drop-ins, from its files to its settings. The first byte picks the systemd version and
// the stages, the next one the unit's name; the rest is the main file and up to eight drop-ins, split at
// the byte 0xff. Loading is repeatable, and every value that was read prints as a value that reads the
// same.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "fuzz/check.h"
#include "settings/settings.h"
#include "support/fake_file_system.h"
#include "unit/unit_tree.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::Kind;
using catalogue::Stage;

constexpr char kSeparator = '\xff';
constexpr std::size_t kDropInsMax = 8;
constexpr std::array<std::string_view, 4> kNames = {"foo-bar.service", "foo@a-b.service", "foo.socket",
                                                    "foo.slice"};
constexpr std::array<Stage, 1> kBus = {Stage::bus};
constexpr std::array<Stage, 1> kOffline = {Stage::offline};
constexpr std::array<Stage, 1> kStart = {Stage::start};

std::string quote_word(std::string_view word) {
  std::string quoted = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string double_percents(const catalogue::Directive& directive, std::string_view text) {
  std::string doubled;
  for (const char c : text)
    doubled += c == '%' && directive.specifiers ? std::string("%%") : std::string(1, c);
  return doubled;
}

// The assignments that give the value again, from value_words and the quoting that the kind's lists take.
std::vector<std::string> lines_of(const catalogue::Directive& directive,
                                  const std::vector<std::string>& words) {
  switch (directive.kind) {
    case Kind::paths:
    case Kind::words:
    case Kind::users: {
      std::vector<std::string> lines;
      for (const std::string& word : words)
        lines.push_back(word.empty() ? "" : quote_word(double_percents(directive, word)));
      return lines;
    }
    case Kind::lines:
    case Kind::commands:
    case Kind::devices:
      return words;
    case Kind::choice:
    case Kind::text:
    case Kind::path:
    case Kind::user:
    case Kind::mode:
      return {double_percents(directive, words.front())};
    default: {
      // Lists of plain words; one that begins with `~` begins another line.
      std::vector<std::string> lines;
      for (const std::string& word : words) {
        if (lines.empty() || word.starts_with('~'))
          lines.push_back(word);
        else
          lines.back().append(" ").append(word);
      }
      return lines;
    }
  }
}

// Lists whose words value_words gives without the quotes and escapes they came with, and that a line
// cannot take apart again: names with blanks, device nodes with blanks, words that systemd expanded.
bool prints_plainly(const catalogue::Directive& directive, const Value& value,
                    const std::vector<std::string>& words) {
  constexpr std::string_view kSpecial = " \t\n\r\"'\\%~";
  const auto is_plain = [&](std::string_view word) {
    return word.find_first_of(kSpecial) == std::string_view::npos;
  };
  switch (directive.kind) {
    case Kind::names: {
      const auto& filter = std::get<NameFilter>(value);
      const auto& names = filter.names;
      if (filter.allow_list && names.empty()) return false;  // no line says so by itself
      return std::ranges::all_of(names,
                                 [&](std::string_view name) { return !name.empty() && is_plain(name); });
    }
    case Kind::delegate:
      return std::ranges::all_of(words,
                                 [&](std::string_view word) { return !word.empty() && is_plain(word); });
    case Kind::devices:
      return std::ranges::all_of(
          words, [&](std::string_view word) { return is_plain(word.substr(0, word.find(' '))); });
    case Kind::commands:
      return false;
    case Kind::paths:
    case Kind::words:
    case Kind::users:
      return std::ranges::none_of(words, [](std::string_view word) { return word.empty(); });
    case Kind::text:
    case Kind::path:
    case Kind::user:
      return words.front() == strip(words.front());
    default:
      return true;
  }
}

void check_printing(const LoadedUnit& loaded) {
  Diagnostics ignored;
  const AssignContext context{.systemd = loaded.systemd,
                              .specifiers = {.name = &loaded.unit.name,
                                             .fragment_path = loaded.unit.fragment->path(),
                                             .systemd = loaded.systemd->version},
                              .where = {},
                              .diagnostics = &ignored};
  for (const catalogue::DirectiveId id : loaded.settings.ids()) {
    const catalogue::Directive& directive = catalogue::directive(id);
    const Value& value = *loaded.settings.find(id);
    const std::vector<std::string> words = value_words(directive, value, *loaded.systemd);
    FUZZ_CHECK(!words.empty());
    if (!prints_plainly(directive, value, words)) continue;
    std::optional<Value> again;
    for (const std::string& line : lines_of(directive, words))
      (void)assign_value(directive, line, again, context);
    const bool same = again && *again == value;
    if (!same) {
      std::fprintf(stderr, "%s of systemd %u reads differently:\n", std::string(directive.name).c_str(),
                   loaded.systemd->version);
      for (const std::string& line : lines_of(directive, words))
        std::fprintf(stderr, "  '%s'\n", line.c_str());
    }
    FUZZ_CHECK(same);
  }
}

bool same_contribution(const Contribution& a, const Contribution& b) {
  return a.directive == b.directive && a.file == b.file && a.line == b.line && a.text == b.text &&
         a.fate == b.fate;
}

void check(std::uint8_t flags, std::uint8_t name_byte, std::string_view bytes) {
  const auto versions = catalogue::systemds();
  LoadOptions options{.systemd = &versions[flags % versions.size()]};
  switch (flags >> 6U) {
    case 1:
      options.further_stages = kBus;
      break;
    case 2:
      options.further_stages = kOffline;
      break;
    case 3:
      options.further_stages = kStart;
      break;
    default:
      break;
  }
  const UnitName name = parse_unit_name(kNames[name_byte % kNames.size()]).value();
  const std::string dir = "/etc/systemd/system/";
  FakeFileSystem fs;
  fs.add_file("/usr/lib/systemd/system/" + name.template_name().text(),
              bytes.substr(0, bytes.find(kSeparator)));
  for (std::size_t i = 0; i < kDropInsMax && bytes.find(kSeparator) != std::string_view::npos; ++i) {
    bytes.remove_prefix(bytes.find(kSeparator) + 1);
    fs.add_file(dir + name.text() + ".d/" + std::to_string(i) + ".conf",
                bytes.substr(0, bytes.find(kSeparator)));
  }

  const UnitTree tree = UnitTree::scan(fs, default_search_path(Scope::system, false));
  const LoadedUnit loaded = load_settings(tree.load(name), options);
  const LoadedUnit twice =
      load_settings(UnitTree::scan(fs, default_search_path(Scope::system, false)).load(name), options);
  FUZZ_CHECK(loaded.settings == twice.settings);
  FUZZ_CHECK(loaded.diagnostics == twice.diagnostics);
  FUZZ_CHECK(std::ranges::equal(loaded.contributions, twice.contributions, same_contribution));
  FUZZ_CHECK(loaded.refusal.has_value() == twice.refusal.has_value());
  for (const Contribution& contribution : loaded.contributions) {
    FUZZ_CHECK(contribution.file <= loaded.unit.drop_ins.size());
    FUZZ_CHECK(!loaded.file_path(contribution.file).empty());
  }
  if (loaded.unit.fragment) check_printing(loaded);
}

}  // namespace
}  // namespace harden

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  harden::check(bytes[0], bytes[1], std::string_view(reinterpret_cast<const char*>(bytes) + 2, size - 2));
  return 0;
}
