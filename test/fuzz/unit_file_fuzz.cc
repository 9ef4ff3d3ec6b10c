// SPDX-License-Identifier: LGPL-2.1-or-later
// Any bytes as a unit file: it prints as it was read, its entries cover it, and what stands in them
// goes through everything that src/unit does with a value.
#include <algorithm>
#include <cstdint>
#include <string>

#include "fuzz/check.h"
#include "unit/specifiers.h"
#include "unit/unit_file.h"
#include "unit/unit_name.h"
#include "unit/words.h"

namespace harden {
namespace {

void check_name(std::string_view text) {
  const auto name = parse_unit_name(text);
  if (!name) return;
  FUZZ_CHECK(name->text() == text);
  FUZZ_CHECK(std::string(name->stem()) + "." + std::string(name->type()) == text);
  for (const std::string& other : name->drop_in_names())
    FUZZ_CHECK(parse_unit_name(other) || other.size() > kUnitNameMax);
  FUZZ_CHECK(name->template_name().type() == name->type());
  (void)unescape_unit_name(name->prefix());  // only that it ends well
  if (const auto path = unescape_unit_path(name->instance())) FUZZ_CHECK(path->starts_with('/'));
}

void check_words(std::string_view text) {
  constexpr WordRules kRules[] = {
      kPlainWords,
      kUnquotedWords,
      kRelaxedWords,
      kCommandWords,
      {.unquote = true, .cunescape = true, .unescape_relax = true},
      {.unquote = true, .cunescape = true, .unescape_relax = true, .relax = true},
      {.unquote = true, .retain_escape = true}};
  for (const WordRules& rules : kRules) {
    const SplitWords split = split_words(text, rules);
    if (!rules.unquote || rules.retain_escape) continue;
    // What was read can be written so that it is read again.
    std::string written;
    for (const std::string& word : split.words) {
      written += '"';
      for (const char c : word) {
        if (c == '"' || c == '\\') written += '\\';
        written += c;
      }
      written += "\" ";
    }
    const SplitWords again = split_words(written, rules);
    FUZZ_CHECK(!again.malformed && again.words == split.words);
  }
}

void check_specifiers(std::string_view text) {
  static const UnitName kNames[] = {parse_unit_name("foo-bar.service").value(),
                                    parse_unit_name(R"(foo@a-b\x2fc.service)").value(),
                                    parse_unit_name(R"(foo\x@\x00.service)").value()};
  for (const UnitName& name : kNames)
    for (const unsigned systemd : {252U, 257U}) {
      const Expansion expansion = expand_specifiers(
          text, {.name = &name, .fragment_path = "/etc/systemd/system/x.service", .systemd = systemd});
      if (text.find('%') == std::string_view::npos)
        FUZZ_CHECK(expansion.state == Expansion::State::known && expansion.text == text);
    }
}

void check(const std::string& text) {
  const UnitFile file = parse_unit_file(text, "x.service");
  FUZZ_CHECK(print_unit_file(file) == text);
  const char* at = file.text().data();
  for (const Entry& entry : file.entries()) {
    FUZZ_CHECK(entry.raw.data() == at && !entry.raw.empty());
    at += entry.raw.size();
    if (entry.kind != EntryKind::assignment) continue;
    FUZZ_CHECK(!entry.section.empty() && !entry.key.empty());
    check_name(entry.key);
    check_name(entry.value);
    check_words(entry.value);
    check_specifiers(entry.value);
  }
  FUZZ_CHECK(at == file.text().data() + text.size());

  // What systemd makes of the assignments does not hang on comments and blank lines between them.
  if (file.stopped()) return;
  std::string plain;
  for (const Entry& entry : file.entries()) {
    if (entry.kind == EntryKind::section) plain.append("[").append(entry.section).append("]\n");
    if (entry.kind == EntryKind::assignment)
      plain.append(entry.key).append("=").append(entry.value).append("\n");
  }
  const UnitFile again = parse_unit_file(plain, "x.service");
  std::size_t index = 0;
  for (const Entry& entry : again.entries()) {
    while (index < file.entries().size() && file.entries()[index].kind != EntryKind::section &&
           file.entries()[index].kind != EntryKind::assignment)
      ++index;
    // A value that ends in a backslash goes on when it is written alone, and a byte order mark that was
    // not the first may be now.
    if (index == file.entries().size() || entry.kind != file.entries()[index].kind) return;
    if (entry.value != file.entries()[index].value || plain.find("\xef\xbb\xbf") != std::string::npos)
      return;
    FUZZ_CHECK(entry.key == file.entries()[index].key && entry.section == file.entries()[index].section);
    ++index;
  }
}

}  // namespace
}  // namespace harden

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  harden::check(text);
  harden::check_name(text);
  harden::check_words(text);
  harden::check_specifiers(text);
  return 0;
}
