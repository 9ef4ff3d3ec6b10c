// SPDX-License-Identifier: LGPL-2.1-or-later
// Keys and sections against what the target's systemd knows.
#include <algorithm>
#include <string>

#include "lint/lint.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::KnownKey;
using catalogue::Systemd;

std::string quote(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string on_version(const Systemd& systemd) { return "systemd " + std::to_string(systemd.version); }

class KeyChecker {
 public:
  KeyChecker(const LoadedUnit& loaded, Diagnostics& out)
      : systemd_(*loaded.systemd), type_(loaded.unit.name.type()), out_(out) {}

  void check_file(const UnitFile& file) {
    for (const Entry& entry : file.entries()) {
      if (entry.section.starts_with("X-")) continue;
      if (entry.kind == EntryKind::section)
        check_section(entry, file.path());
      else if (entry.kind == EntryKind::assignment && is_read_section(entry.section, type_))
        check_key(entry, file.path());
    }
  }

 private:
  void say(std::string_view id, const Entry& entry, const std::string& path, std::string message,
           std::string hint) {
    add_diagnostic(out_, {Severity::warning, id, {path, entry.line}, std::move(message), std::move(hint)});
  }

  void check_section(const Entry& entry, const std::string& path) {
    if (is_read_section(entry.section, type_)) return;
    std::string own(type_);
    own.front() = static_cast<char>(own.front() - 'a' + 'A');
    const std::vector<std::string_view> sections = {"Unit", "Install", own};
    const auto near = nearest(entry.section, sections);
    say("unknown-section", entry, path,
        "a ." + std::string(type_) + " unit has no section [" + std::string(entry.section) +
            "]; all of it is ignored",
        near ? "did you mean [" + std::string(*near) + "]?" : std::string());
  }

  void check_key(const Entry& entry, const std::string& path) {
    if (entry.key.starts_with("X-") || catalogue::find_key(systemd_, entry.section, entry.key)) return;
    const catalogue::Directive* directive = catalogue::find_directive(entry.key);
    // Older spellings are not in systemd's own list of keys.
    if (directive != nullptr && directive->name != entry.key &&
        catalogue::find_key(systemd_, entry.section, directive->name))
      return;
    if (directive != nullptr && directive->since > systemd_.version) {
      say("too-new", entry, path,
          quote(entry.key) + " came with systemd " + std::to_string(directive->since) + "; " +
              on_version(systemd_) + " ignores it",
          "rely on it only where the newer systemd runs");
      return;
    }
    std::string_view elsewhere;
    std::vector<std::string_view> candidates;
    for (const KnownKey known : systemd_.keys) {
      if (known.key == entry.key && is_read_section(known.section, type_)) elsewhere = known.section;
      if (known.section == entry.section) candidates.push_back(known.key);
    }
    if (!elsewhere.empty()) {
      say("wrong-section", entry, path,
          quote(entry.key) + " does not belong in [" + std::string(entry.section) +
              "] and is ignored there",
          "move it to [" + std::string(elsewhere) + "]");
      return;
    }
    const auto near = nearest(entry.key, candidates);
    say("unknown-key", entry, path,
        on_version(systemd_) + " knows no " + quote(entry.key) + " in [" + std::string(entry.section) +
            "]; it is ignored",
        near ? "did you mean " + std::string(*near) + "=?" : std::string());
  }

  const Systemd& systemd_;
  std::string_view type_;
  Diagnostics& out_;
};

}  // namespace

bool is_read_section(std::string_view section, std::string_view type) {
  if (section == "Unit" || section == "Install") return true;
  return section.size() == type.size() && !section.empty() && section.substr(1) == type.substr(1) &&
         section.front() == static_cast<char>(type.front() - 'a' + 'A');
}

void lint_keys(const LoadedUnit& loaded, Diagnostics& out) {
  KeyChecker checker(loaded, out);
  if (loaded.unit.fragment) checker.check_file(*loaded.unit.fragment);
  for (const UnitFile& drop_in : loaded.unit.drop_ins) checker.check_file(drop_in);
}

}  // namespace harden
