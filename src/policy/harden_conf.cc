// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/harden_conf.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policy/source_errors.h"
#include "unit/conf_files.h"
#include "unit/words.h"

namespace harden {
namespace {

constexpr std::string_view kSection = "Harden";
constexpr std::string_view kExemptSection = "Exempt";
constexpr std::array<std::string_view, 4> kKeys = {"Default", "Exempt", "Layout", "Policies"};
constexpr std::string_view kFile = "/etc/harden/harden.conf";
// Highest priority first, both.
constexpr std::array<std::string_view, 3> kDropInDirs = {
    "/etc/harden/harden.conf.d", "/run/harden/harden.conf.d", "/usr/lib/harden/harden.conf.d"};
constexpr std::array<std::string_view, 2> kPolicyDirs = {"/etc/harden/policies",
                                                         "/usr/share/harden/policies"};

// Does the pattern fit any of its names?
bool matches(const std::string& pattern, const Unit& unit) {
  const auto fits = [&](const UnitName& name) {
    return ::fnmatch(pattern.c_str(), name.text().c_str(), 0) == 0;
  };
  return fits(unit.name) || std::ranges::any_of(unit.aliases, fits);
}

class ConfReader {
 public:
  explicit ConfReader(HardenConf& conf) : conf_(conf) {}

  void read(const UnitFile& file) {
    for (const Entry& entry : file.entries()) {
      if (entry.section.starts_with("X-")) continue;
      const SourcePos where{file.path(), entry.line};
      if (entry.kind == EntryKind::malformed)
        add_error(conf_.diagnostics, where, "neither [SECTION] nor KEY=VALUE", "");
      else if (entry.kind == EntryKind::section && entry.section != kSection &&
               entry.section != kExemptSection)
        add_error(conf_.diagnostics, where, fmt::format("unknown section [{}]", entry.section),
                  "its settings stand in [Harden] and [Exempt]");
      else if (entry.kind == EntryKind::assignment && entry.section == kExemptSection)
        exempt(std::string(entry.key), std::string(entry.value), where, entry.value.empty());
      else if (entry.kind == EntryKind::assignment && entry.section == kSection)
        set(entry, where);
    }
  }

 private:
  void exempt(std::string pattern, std::string reason, const SourcePos& where, bool take_back = false) {
    std::erase_if(conf_.exempt, [&](const Exemption& one) { return one.pattern == pattern; });
    if (!take_back) conf_.exempt.push_back({std::move(pattern), std::move(reason), where});
  }

  void set(const Entry& entry, const SourcePos& where) {
    if (entry.key == "Default") {
      conf_.default_profile = nullptr;
      if (entry.value.empty() || entry.value == "none") return;
      if (const auto profile = parse_profile(entry.value))
        conf_.default_profile = *profile;
      else
        add_error(conf_.diagnostics, where, profile.error());
    } else if (entry.key == "Layout") {
      if (const auto layout = parse_layout(entry.value))
        conf_.layout = *layout;
      else
        add_error(conf_.diagnostics, where, layout.error());
    } else if (entry.key == "Exempt") {
      if (entry.value.empty()) conf_.exempt.clear();
      for (std::string& word : split_words(entry.value).words) exempt(std::move(word), {}, where);
    } else if (entry.key == "Policies") {
      if (entry.value.empty()) conf_.policies.clear();
      for (std::string& word : split_words(entry.value).words) conf_.policies.push_back(std::move(word));
    } else if (!entry.key.starts_with("X-")) {
      add_error(conf_.diagnostics, where, fmt::format("unknown key {}= in [Harden]", entry.key),
                nearest_or(entry.key, kKeys, fmt::format("one of {}", fmt::join(kKeys, ", "))));
    }
  }

  HardenConf& conf_;
};

std::optional<UnitPolicy> read_shipped_policy(const LoadedUnit& unit, const FileSystem& fs) {
  auto file = find_shipped_policy(unit.unit.name, fs);
  if (!file) {
    UnitPolicy faulty;
    add_error(faulty.diagnostics, file.error().where, file.error());
    return faulty;
  }
  if (!*file) return std::nullopt;
  return read_policy_files(unit.unit, unit.systemd->version, std::array<const UnitFile*, 1>{&**file});
}

}  // namespace

const Exemption* find_exemption(const HardenConf& conf, const Unit& unit) {
  const Exemption* last = nullptr;
  for (const Exemption& one : conf.exempt)
    if (matches(one.pattern, unit)) last = &one;
  return last;
}

Result<std::optional<UnitFile>> find_shipped_policy(const UnitName& unit, const FileSystem& fs) {
  const std::string name = unit.template_name().text();
  for (const std::string_view dir : kPolicyDirs) {
    std::string path = fmt::format("{}/{}.conf", dir, name);
    auto text = fs.read_file(path, kUnitFileMax);
    if (text) return parse_unit_file(std::move(*text), std::move(path));
    if (text.error().code == Errc::not_found) continue;
    Error error = text.error();
    error.where = {path, 0};
    return std::unexpected(std::move(error));
  }
  return std::nullopt;
}

bool HardenConf::has_error() const { return has_errors(diagnostics); }

HardenConf read_harden_conf(const FileSystem& fs) {
  HardenConf conf;
  conf.layout = &catalogue::layouts().front();
  ConfReader reader(conf);
  std::vector<std::string> paths = list_conf_drop_ins(fs, kDropInDirs);
  paths.emplace(paths.begin(), kFile);
  for (const std::string& path : paths) {
    auto text = fs.read_file(path, kUnitFileMax);
    if (text)
      reader.read(parse_unit_file(std::move(*text), path));
    else if (text.error().code != Errc::not_found)
      add_error(conf.diagnostics, {path, 0}, text.error());
  }
  return conf;
}

EffectivePolicy find_policy(const LoadedUnit& unit, const HardenConf& conf, const FileSystem& fs) {
  EffectivePolicy found{PolicyOrigin::none, read_unit_policy(unit.unit, unit.systemd->version), {}};
  if (found.policy.is_present) {
    if (found.policy.is_enabled && !found.policy.has_error()) found.origin = PolicyOrigin::unit;
    return found;
  }

  const bool is_shipped = std::ranges::any_of(
      conf.policies, [&](const std::string& pattern) { return matches(pattern, unit.unit); });
  if (is_shipped) {
    if (auto shipped = read_shipped_policy(unit, fs)) {
      found.policy = std::move(*shipped);
      if (found.policy.is_enabled && !found.policy.has_error()) found.origin = PolicyOrigin::shipped;
      return found;
    }
  }

  if (conf.default_profile == nullptr || unit.unit.name.type() != "service") return found;
  if (const Exemption* exemption = find_exemption(conf, unit.unit)) {
    found.exemption = *exemption;
  } else if (unit.settings.choice(catalogue::DirectiveId::DefaultDependencies).value_or(1) != 1) {
    found.exemption = Exemption{{}, "it is part of the early boot (DefaultDependencies=no)", {}};
  } else {
    found.origin = PolicyOrigin::machine_default;
    found.policy.policy.profile = conf.default_profile;
  }
  return found;
}

}  // namespace harden
