// SPDX-License-Identifier: LGPL-2.1-or-later
// Values of the keys that the catalogue keeps as plain text, or does not have at all: systemd's own list of
// keys names the format of many, and what is not in it is dropped. Formats whose limits differ from key to
// key are not judged. Seen on 252 and 257, which test/differential/lint compares.
#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "lint/lint.h"
#include "settings/errno_names.h"
#include "unit/specifiers.h"
#include "unit/words.h"
#include "util/text.h"

namespace harden {
namespace {

using catalogue::KnownKey;

constexpr std::string_view kDigits = "0123456789";

void skip_space(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kWhitespace), text.size()));
}

// --- Formats: true if systemd takes the word or value ---

// "5min 20s", "1.5h", "90" (seconds), "infinity".
bool is_time_span(std::string_view text) {
  // Longer names first where one begins another.
  constexpr std::array<std::string_view, 33> kUnits = {
      "seconds", "second",  "sec",     "s",    "minutes", "minute", "min",  "months", "month",
      "msec",    "ms",      "m",       "M",    "hours",   "hour",   "hr",   "h",      "days",
      "day",     "d",       "weeks",   "week", "w",       "years",  "year", "y",      "usec",
      "us",      "\u00b5s", "\u03bcs", "nsec", "ns",      ""};
  skip_space(text);
  if (text.starts_with("infinity")) {
    text.remove_prefix(std::string_view("infinity").size());
    skip_space(text);
    return text.empty();
  }
  for (bool any = false;; any = true) {
    skip_space(text);
    if (text.empty()) return any;
    if (text.front() == '+') text.remove_prefix(1);
    const std::size_t whole = std::min(text.find_first_not_of(kDigits), text.size());
    text.remove_prefix(whole);
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      const std::size_t digits = std::min(text.find_first_not_of(kDigits), text.size());
      if (digits == 0) return false;
      text.remove_prefix(digits);
    } else if (whole == 0) {
      return false;
    }
    const bool spaced = !text.empty() && kWhitespace.find(text.front()) != std::string_view::npos;
    skip_space(text);
    const auto unit =
        std::ranges::find_if(kUnits, [&](std::string_view one) { return text.starts_with(one); });
    if (unit->empty() && !spaced && !text.empty()) return false;
    text.remove_prefix(unit->size());
  }
}

bool is_unsigned(std::string_view text) {
  skip_space(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) base = 16;
  if (text.starts_with("0b") || text.starts_with("0B")) base = 2;
  if (text.starts_with("0o")) base = 8;
  if (base != 10) text.remove_prefix(2);
  if (base == 10 && text.size() > 1 && text.front() == '0') base = 8;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

bool is_int_between(std::string_view text, int least, int most) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= least && value <= most;
}

bool is_nice(std::string_view text) { return is_int_between(text, -20, 19); }
bool is_oom_score(std::string_view text) { return is_int_between(text, -1000, 1000); }

bool is_errno(std::string_view text) {
  const auto error = parse_errno_or_action(text);
  return error && *error != 0;
}

bool is_boolean(std::string_view text) { return catalogue::parse_boolean(text).has_value(); }

bool is_signal(std::string_view text) {
  constexpr std::array<std::string_view, 32> kNames = {
      "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1", "SEGV",
      "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN", "TTOU",
      "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS",  "RTMIN"};
  constexpr int kSignalMax = 64;
  constexpr int kRealTimeSpan = 30;
  if (is_int_between(text, 1, kSignalMax)) return true;
  if (text.starts_with("SIG")) text.remove_prefix(3);
  if (std::ranges::find(kNames, text) != kNames.end() || text == "RTMAX") return true;
  if (text.starts_with("RTMIN+")) return is_int_between(text.substr(6), 0, kRealTimeSpan);
  if (text.starts_with("RTMAX-")) return is_int_between(text.substr(6), 0, kRealTimeSpan);
  return false;
}

bool is_exit_status(std::string_view text) {
  constexpr std::array<std::string_view, 65> kNames = {"SUCCESS",
                                                       "FAILURE",
                                                       "INVALIDARGUMENT",
                                                       "NOTIMPLEMENTED",
                                                       "NOPERMISSION",
                                                       "NOTINSTALLED",
                                                       "NOTCONFIGURED",
                                                       "NOTRUNNING",
                                                       "USAGE",
                                                       "DATAERR",
                                                       "NOINPUT",
                                                       "NOUSER",
                                                       "NOHOST",
                                                       "UNAVAILABLE",
                                                       "SOFTWARE",
                                                       "OSERR",
                                                       "OSFILE",
                                                       "CANTCREAT",
                                                       "IOERR",
                                                       "TEMPFAIL",
                                                       "PROTOCOL",
                                                       "NOPERM",
                                                       "CONFIG",
                                                       "CHDIR",
                                                       "NICE",
                                                       "FDS",
                                                       "EXEC",
                                                       "MEMORY",
                                                       "LIMITS",
                                                       "OOM_ADJUST",
                                                       "SIGNAL_MASK",
                                                       "STDIN",
                                                       "STDOUT",
                                                       "CHROOT",
                                                       "IOPRIO",
                                                       "TIMERSLACK",
                                                       "SECUREBITS",
                                                       "SETSCHEDULER",
                                                       "CPUAFFINITY",
                                                       "GROUP",
                                                       "USER",
                                                       "CAPABILITIES",
                                                       "CGROUP",
                                                       "SETSID",
                                                       "CONFIRM",
                                                       "STDERR",
                                                       "PAM",
                                                       "NETWORK",
                                                       "NAMESPACE",
                                                       "NO_NEW_PRIVILEGES",
                                                       "SECCOMP",
                                                       "SELINUX_CONTEXT",
                                                       "PERSONALITY",
                                                       "APPARMOR",
                                                       "ADDRESS_FAMILIES",
                                                       "RUNTIME_DIRECTORY",
                                                       "CHOWN",
                                                       "SMACK_PROCESS_LABEL",
                                                       "KEYRING",
                                                       "STATE_DIRECTORY",
                                                       "CACHE_DIRECTORY",
                                                       "LOGS_DIRECTORY",
                                                       "CONFIGURATION_DIRECTORY",
                                                       "NUMA_POLICY",
                                                       "CREDENTIALS"};
  constexpr int kStatusMax = 255;
  if (text == "BPF" || text == "EXCEPTION" || std::ranges::find(kNames, text) != kNames.end()) return true;
  if (is_int_between(text, 0, kStatusMax)) return true;
  return !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) && is_signal(text);
}

bool is_input(std::string_view text) {
  constexpr std::array<std::string_view, 8> kWords = {"null",   "tty", "tty-force", "tty-fail",
                                                      "socket", "fd",  "data",      "file"};
  return std::ranges::find(kWords, text) != kWords.end() || text.starts_with("fd:") ||
         text.starts_with("file:/");
}

bool is_environment(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos ||
      kDigits.find(text.front()) != std::string_view::npos)
    return false;
  return std::ranges::all_of(text.substr(0, equals), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_url(std::string_view text) {
  constexpr std::array<std::string_view, 4> kStarts = {"http://", "https://", "info:", "man:"};
  return text.starts_with("file:/") || std::ranges::any_of(kStarts, [&](std::string_view start) {
           return text.starts_with(start) && text.size() > start.size();
         });
}

bool is_controller(std::string_view text) {
  constexpr std::array<std::string_view, 13> kNames = {"cpu",
                                                       "cpuacct",
                                                       "cpuset",
                                                       "io",
                                                       "blkio",
                                                       "memory",
                                                       "devices",
                                                       "pids",
                                                       "bpf-firewall",
                                                       "bpf-devices",
                                                       "bpf-foreign",
                                                       "bpf-socket-bind",
                                                       "bpf-restrict-network-interfaces"};
  return std::ranges::find(kNames, text) != kNames.end();
}

// A specifier that only the machine knows may well begin a path.
bool is_absolute(std::string_view path) { return path.starts_with('/') || path.starts_with('%'); }

bool is_mount_point(std::string_view text) { return is_absolute(text.substr(0, text.find(':'))); }

// SOURCE[:DESTINATION[:OPTIONS]]
bool is_bind(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const std::size_t colon = text.find(':');
  return is_absolute(text.substr(0, colon)) &&
         (colon == std::string_view::npos || is_mount_point(text.substr(colon + 1)));
}

// ID:… of a credential; the ID becomes a file name.
bool is_credential(std::string_view text) {
  text = text.substr(0, text.find(':'));
  return !text.empty() && text != "." && text != ".." && text.find('/') == std::string_view::npos;
}

struct Format {
  std::string_view type;  // as systemd's list of keys calls it, or the key itself
  bool (*accepts)(std::string_view);
  std::string_view what;  // "a time span"
  std::string_view hint;
  bool words;  // several of them in a line
  bool empty_resets;
  WordRules rules = kUnquotedWords;
};

constexpr std::array<Format, 18> kFormats = {{
    {"SECONDS", is_time_span, "a time span", "as 90, 5min or infinity", false, false},
    {"UNSIGNED", is_unsigned, "a number", "a number without sign", false, false},
    {"ERRNO", is_errno, "an error number", "as EPERM", false, true},
    {"STATUS", is_exit_status, "an exit status or signal", "as 2, TEMPFAIL or SIGTERM", true, true},
    {"INPUT", is_input, "an input",
     "one of null, tty, tty-force, tty-fail, socket, fd:NAME, data, file:PATH", false, false},
    {"ENVIRON", is_environment, "an assignment", "as NAME=value, or \"NAME=two words\"", true, true,
     kCommandWords},
    {"URL", is_url, "a URL that systemd takes",
     "it begins with http://, https://, file:/, info: or man:", true, true},
    {"SIGNAL", is_signal, "a signal", "as SIGTERM", false, false},
    {"NICE", is_nice, "a nice level", "a number from -20 to 19", false, true},
    {"OOMSCOREADJUST", is_oom_score, "a score", "a number from -1000 to 1000", false, true},
    {"BOOLEAN", is_boolean, "yes or no", {}, false, false},
    {"PATH[:PATH[:OPTIONS]] [...]", is_bind, "an absolute path", "begin it with '/'", true, true},
    {"Delegate", is_controller, "a controller", "as cpu, memory or pids", true, true},
    {"TemporaryFileSystem", is_mount_point, "an absolute path", "begin it with '/'", true, true},
    {"LoadCredential", is_credential, "a credential", "as NAME:PATH, the name without '/'", false, true},
    {"LoadCredentialEncrypted", is_credential, "a credential", "as NAME:PATH, the name without '/'", false,
     true},
    {"SetCredential", is_credential, "a credential", "as NAME:DATA, the name without '/'", false, true},
    {"SetCredentialEncrypted", is_credential, "a credential", "as NAME:DATA, the name without '/'", false,
     true},
}};

// Kinds whose values are checked when the unit is loaded.
bool is_checked(const catalogue::Directive* directive) {
  using catalogue::Kind;
  if (directive == nullptr) return false;
  return directive->kind != Kind::text && directive->kind != Kind::words &&
         directive->kind != Kind::lines && directive->kind != Kind::delegate;
}

class ValueChecker {
 public:
  ValueChecker(const LoadedUnit& loaded, Diagnostics& out) : loaded_(loaded), out_(out) {
    specifiers_ = {&loaded.unit.name, {}, loaded.systemd->version};
  }

  void check_file(const UnitFile& file) {
    for (const Entry& entry : file.entries()) {
      if (entry.kind != EntryKind::assignment || !is_read_section(entry.section, loaded_.unit.name.type()))
        continue;
      const auto key = catalogue::find_key(*loaded_.systemd, entry.section, entry.key);
      const catalogue::Directive* directive = catalogue::find_directive(entry.key);
      if (!key || is_checked(directive)) continue;
      const auto format = std::ranges::find_if(
          kFormats, [&](const Format& one) { return one.type == key->type || one.type == entry.key; });
      // What was dropped when the unit was loaded has been said.
      const auto is_here = [&](const Diagnostic& one) {
        return one.where.line == entry.line && one.where.file == file.path();
      };
      if (format == kFormats.end() || std::ranges::any_of(loaded_.diagnostics, is_here)) continue;
      check_value(*format, entry, file.path(), directive != nullptr && directive->specifiers);
    }
  }

 private:
  void check_value(const Format& format, const Entry& entry, const std::string& path, bool specifiers) {
    if (entry.value.empty()) {
      if (!format.empty_resets) say(format, entry, path, {});
      return;
    }
    if (!format.words) {
      if (!format.accepts(entry.value)) say(format, entry, path, entry.value);
      return;
    }
    if (format.accepts == is_controller && catalogue::parse_boolean(entry.value)) return;
    WordReader reader(entry.value, format.rules);
    std::string word;
    while (reader.next(word) == WordReader::Step::word) {
      if (specifiers || word.find('%') != std::string::npos) {
        Expansion expansion = expand_specifiers(word, specifiers_);
        if (expansion.state == Expansion::State::invalid) continue;  // that has been said
        word = std::move(expansion.text);
      }
      if (format.accepts(word)) continue;
      say(format, entry, path, word);
      return;  // one finding a line
    }
  }

  void say(const Format& format, const Entry& entry, const std::string& path, std::string_view value) {
    std::string message = std::string(entry.key) + "=: ";
    if (value.empty())
      message += "an empty value is no value here; what was set before stays";
    else
      message.append("'").append(value).append("' is not ").append(format.what).append("; it is ignored");
    add_diagnostic(out_, {Severity::warning,
                          "bad-format",
                          {path, entry.line},
                          std::move(message),
                          std::string(format.hint)});
  }

  const LoadedUnit& loaded_;
  Diagnostics& out_;
  SpecifierContext specifiers_;
};

}  // namespace

void lint_values(const LoadedUnit& loaded, Diagnostics& out) {
  ValueChecker checker(loaded, out);
  if (loaded.unit.fragment) checker.check_file(*loaded.unit.fragment);
  for (const UnitFile& drop_in : loaded.unit.drop_ins) checker.check_file(drop_in);
}

}  // namespace harden
