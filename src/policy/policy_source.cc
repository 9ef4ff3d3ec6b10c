// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/policy_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policy/source_errors.h"
#include "unit/specifiers.h"
#include "unit/words.h"
#include "util/text.h"

namespace harden {
namespace {

constexpr std::string_view kSection = "X-Harden";
constexpr std::array<std::string_view, 5> kKeys = {"Allow", "Enable", "Ignore", "Override", "Profile"};

class SectionReader {
 public:
  SectionReader(const Unit& unit, unsigned version, UnitPolicy& into)
      : unit_(unit), version_(version), into_(into) {}

  void read(const UnitFile& file) {
    for (const Entry& entry : file.entries()) {
      if (entry.section != kSection) continue;
      into_.is_present = true;
      const SourcePos where{file.path(), entry.line};
      if (entry.kind == EntryKind::assignment)
        assign(entry, where);
      else if (entry.kind == EntryKind::malformed)
        add_error(into_.diagnostics, where, "not KEY=VALUE in [X-Harden]", "");
    }
  }

 private:
  void assign(const Entry& entry, const SourcePos& where) {
    if (entry.key == "Profile") {
      set_profile(entry.value, where);
    } else if (entry.key == "Enable") {
      const auto enabled = catalogue::parse_boolean(entry.value);
      if (enabled)
        into_.is_enabled = *enabled;
      else
        add_error(into_.diagnostics, where, fmt::format("Enable={} is neither yes nor no", entry.value),
                  "");
    } else if (entry.key == "Allow") {
      if (entry.value.empty())
        into_.sources.clear();
      else
        for_each_word(entry, where, [&](const std::string& word) { allow(word, where); });
    } else if (entry.key == "Override") {
      if (entry.value.empty())
        into_.policy.overrides.clear();
      else
        for_each_word(entry, where, [&](const std::string& word) { override_directive(word, where); });
    } else if (entry.key == "Ignore") {
      if (entry.value.empty())
        into_.policy.ignores.clear();
      else
        for_each_word(entry, where, [&](const std::string& word) { into_.policy.ignores.push_back(word); });
    } else if (!entry.key.starts_with("X-")) {
      add_error(into_.diagnostics, where, fmt::format("unknown key {}= in [X-Harden]", entry.key),
                nearest_or(entry.key, kKeys, fmt::format("one of {}", fmt::join(kKeys, ", "))));
    }
  }

  template <typename Each>
  void for_each_word(const Entry& entry, const SourcePos& where, Each each) {
    const SplitWords split = split_words(entry.value);
    for (const std::string& word : split.words) {
      const Expansion expansion =
          expand_specifiers(word, {&unit_.name, unit_.fragment_real_path, version_});
      if (expansion.state <= Expansion::State::instance)
        each(expansion.text);
      else
        add_error(
            into_.diagnostics, where,
            fmt::format("`{}`: {} a specifier", word,
                        expansion.state == Expansion::State::unknown ? "only the running system can expand"
                                                                     : "systemd cannot expand"),
            "write out what it stands for");
    }
    if (split.malformed)
      add_error(into_.diagnostics, where, fmt::format("{}= ends in an open quote", entry.key), "");
  }

  void set_profile(std::string_view name, const SourcePos& where) {
    if (name.empty()) {
      into_.policy.profile = nullptr;
      return;
    }
    if (const auto profile = parse_profile(name))
      into_.policy.profile = *profile;
    else
      add_error(into_.diagnostics, where, profile.error());
  }

  void allow(const std::string& word, const SourcePos& where) {
    std::vector<Grant> grants;
    add_grants(word, where, unit_.name.kind() == UnitNameKind::template_, grants, into_.diagnostics);
    for (Grant& grant : grants) into_.sources.push_back({std::move(grant), where});
  }

  void override_directive(std::string_view word, const SourcePos& where) {
    if (word.ends_with('=')) word.remove_suffix(1);
    if (const catalogue::Directive* directive = catalogue::find_directive(word)) {
      into_.policy.overrides.push_back(directive->id);
      return;
    }
    add_error(into_.diagnostics, where, fmt::format("no directive {}=", word),
              nearest_or(word, names_of(catalogue::directives()), "as in Override=ProtectSystem"));
  }

  const Unit& unit_;
  unsigned version_;
  UnitPolicy& into_;
};

}  // namespace

bool UnitPolicy::has_error() const { return has_errors(diagnostics); }

Result<const catalogue::Profile*> parse_profile(std::string_view name) {
  return parse_name("profile", name, catalogue::profiles());
}

Result<const catalogue::Layout*> parse_layout(std::string_view name) {
  return parse_name("layout", name, catalogue::layouts());
}

std::string list_word(std::string_view word, bool of_template) {
  std::string out;
  bool quotes = false;
  for (const char c : word) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '%' && !of_template) out += '%';
    quotes = quotes || c == '\\' || c == '"' || c == '\'' || kWhitespaceSet.contains(c);
    out += c;
  }
  return quotes ? fmt::format("\"{}\"", out) : out;
}

std::string allow_words(std::span<const Grant> grants, bool of_template) {
  std::string out;
  for (const Grant& grant : grants) {
    if (!out.empty()) out += ' ';
    out += list_word(grant.text(), of_template);
  }
  return out;
}

std::string allow_line(const Grant& grant, bool of_template) {
  return fmt::format("Allow={}\n", list_word(grant.text(), of_template));
}

std::string print_policy_section(const Policy& policy, bool of_template) {
  std::string out =
      fmt::format("[{}]\nProfile={}\nAllow=\nOverride=\nIgnore=\n", kSection, policy.profile->name);
  for (const Grant& grant : policy.grants) out += allow_line(grant, of_template);
  for (const catalogue::DirectiveId id : policy.overrides)
    out += fmt::format("Override={}\n", catalogue::directive(id).name);
  for (const std::string& word : policy.ignores)
    out += fmt::format("Ignore={}\n", list_word(word, of_template));
  return out;
}

void add_grants(std::string_view text, const SourcePos& where, bool of_template, std::vector<Grant>& grants,
                Diagnostics& diagnostics) {
  if (auto parsed = parse_grants(text, of_template))
    std::ranges::move(*parsed, std::back_inserter(grants));
  else
    add_error(diagnostics, where, parsed.error());
}

UnitPolicy read_unit_policy(const Unit& unit, unsigned systemd_version) {
  std::vector<const UnitFile*> files;
  if (unit.fragment) files.push_back(&*unit.fragment);
  for (const UnitFile& file : unit.drop_ins) files.push_back(&file);
  return read_policy_files(unit, systemd_version, files);
}

UnitPolicy read_policy_files(const Unit& unit, unsigned systemd_version,
                             std::span<const UnitFile* const> files) {
  UnitPolicy result;
  SectionReader reader(unit, systemd_version, result);
  for (const UnitFile* file : files) reader.read(*file);
  if (result.policy.profile == nullptr)
    result.policy.profile = catalogue::find_profile(catalogue::kDefaultProfile);
  for (const GrantSource& source : result.sources) result.policy.grants.push_back(source.grant);
  result.policy.grants = normalized(std::move(result.policy.grants));
  std::ranges::sort(result.policy.overrides);
  const auto rest = std::ranges::unique(result.policy.overrides);
  result.policy.overrides.erase(rest.begin(), rest.end());
  return result;
}

}  // namespace harden
