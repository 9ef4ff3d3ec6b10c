// SPDX-License-Identifier: LGPL-2.1-or-later
// One table of names (need_fields.h) serves both directions. Fields that have their default are left out,
// and fields that we do not know are passed over, so that a file of a later harden with the same schema can
// be read.
#include "needs/recording_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "needs/compress.h"
#include "needs/need_fields.h"
#include "util/file_write.h"
#include "util/text.h"
#include "util/unique_fd.h"

namespace harden {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kFormat = "harden-recording";

// --- Text: any bytes, as UTF-8 ------------------------------------------------------------------------

constexpr std::string_view kHex = "0123456789abcdef";

void append_byte(std::string& out, char c) {
  const auto byte = static_cast<unsigned char>(c);
  out.append("\\x") += kHex[byte / 16];
  out += kHex[byte % 16];
}

std::string encode_bytes(const std::string& bytes) {
  const bool is_utf8 = is_valid_utf8(bytes);
  if (is_utf8 && bytes.find('\\') == std::string::npos) return bytes;
  std::string out;
  for (const char c : bytes) {
    if (c == '\\' || (!is_utf8 && static_cast<unsigned char>(c) >= 0x80))
      append_byte(out, c);
    else
      out += c;
  }
  return out;
}

std::string decode_bytes(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 3 < text.size() && text[at + 1] == 'x') {
      const std::size_t high = kHex.find(text[at + 2]);
      const std::size_t low = kHex.find(text[at + 3]);
      if (high != std::string_view::npos && low != std::string_view::npos) {
        out += static_cast<char>(high * 16 + low);
        at += 3;
        continue;
      }
    }
    out += text[at];
  }
  return out;
}

// --- Outcomes -----------------------------------------------------------------------------------------

constexpr int kErrnoMax = 4095;  // what a system call can return

std::string error_word(int error) {
  if (error == 0) return "ok";
  const char* name = ::strerrorname_np(error);
  return name != nullptr ? name : "E#" + std::to_string(error);
}

std::optional<int> error_of(const std::string& word) {
  static const std::map<std::string, int, std::less<>> kByName = [] {
    std::map<std::string, int, std::less<>> names;
    for (int error = 0; error <= kErrnoMax; ++error) names.emplace(error_word(error), error);
    return names;
  }();
  const auto at = kByName.find(word);
  return at == kByName.end() ? std::nullopt : std::optional(at->second);
}

// --- Writing ------------------------------------------------------------------------------------------

ordered_json json_of(const std::string& text) { return encode_bytes(text); }
template <typename Number>
  requires std::is_integral_v<Number>
ordered_json json_of(Number number) {
  return number;
}
template <typename Enum>
  requires std::is_enum_v<Enum>
ordered_json json_of(Enum value) {
  return kWords<Enum>[static_cast<std::size_t>(value)];
}
ordered_json json_of(const std::optional<std::int64_t>& number) { return *number; }
ordered_json json_of(const std::vector<std::string>& texts) {
  ordered_json list = ordered_json::array();
  for (const std::string& text : texts) list.push_back(encode_bytes(text));
  return list;
}
ordered_json json_of(const std::vector<Hook>& hooks) {
  ordered_json list = ordered_json::array();
  for (const Hook& hook : hooks)
    list.push_back({{"what", encode_bytes(hook.what)},
                    {"how", encode_bytes(hook.how)},
                    {"misses", encode_bytes(hook.misses)}});
  return list;
}

// Puts the fields that differ from their default. An enumeration is always written.
struct Put {
  ordered_json& json;
  template <typename Field>
  void operator()(std::string_view name, const Field& field) const {
    if (std::is_enum_v<Field> || field != Field{}) json[std::string(name)] = json_of(field);
  }
};

std::string line_of(const ordered_json& json) {
  return json.dump(-1, ' ', true, ordered_json::error_handler_t::replace) + "\n";
}

ordered_json json_of_occurrence(const Occurrence& one) {
  ordered_json json = {{"in", one.source}, {"count", one.count}};
  ordered_json phases = ordered_json::array();
  for (std::size_t bit = 0; bit < kPhaseWords.size(); ++bit)
    if ((one.phases >> bit & 1U) != 0) phases.push_back(kPhaseWords[bit]);
  if (!phases.empty()) json["phases"] = std::move(phases);
  visit_first_use(one.first, Put{json});
  return json;
}

// One line, or several with a part of the occurrences each where one would be too long to be read.
void append_need(std::string& out, const Need& need, std::span<const Occurrence> seen) {
  ordered_json json = {{"need", kind_name(need.kind())}};
  std::visit([&](const auto& detail) { visit_fields(detail, Put{json}); }, need.detail);
  if (need.error) json["result"] = error_word(*need.error);
  for (const Occurrence& one : seen) json["seen"].push_back(json_of_occurrence(one));
  const std::string line = line_of(json);
  if (line.size() > kRecordingLineMax && seen.size() > 1) {
    append_need(out, need, seen.first(seen.size() / 2));
    append_need(out, need, seen.subspan(seen.size() / 2));
    return;
  }
  out += line;
}

// --- Reading ------------------------------------------------------------------------------------------

// Takes the fields that are there; the first that is not what it should be is told, and ends it.
struct Take {
  const ordered_json& json;
  std::string& fault;

  template <typename Field>
  void operator()(std::string_view name, Field& field) const {
    if (!fault.empty()) return;
    const auto at = json.find(name);
    if (at == json.end() || at->is_null()) return;
    if (!take(*at, field)) fault = "'" + std::string(name) + "' is not " + wanted<Field>();
  }

 private:
  template <typename Field>
  static std::string wanted() {
    if constexpr (std::is_same_v<Field, bool>)
      return "true or false";
    else if constexpr (std::is_integral_v<Field>)
      return "a whole number from " + std::to_string(std::numeric_limits<Field>::min()) + " to " +
             std::to_string(std::numeric_limits<Field>::max());
    else if constexpr (std::is_enum_v<Field>) {
      std::string words;
      for (const std::string_view word : kWords<Field>)
        words.append(words.empty() ? "" : ", ").append(word);
      return "one of " + words;
    } else if constexpr (std::is_same_v<Field, std::string>)
      return "a text";
    else if constexpr (std::is_same_v<Field, std::optional<std::int64_t>>)
      return "a number";
    else
      return "a list of the right form";
  }

  static bool take(const ordered_json& from, std::string& to) {
    if (!from.is_string()) return false;
    to = decode_bytes(from.get_ref<const std::string&>());
    return true;
  }
  static bool take(const ordered_json& from, bool& to) {
    if (from.is_boolean()) to = from.get<bool>();
    return from.is_boolean();
  }
  template <typename Number>
    requires std::is_integral_v<Number>
  static bool take(const ordered_json& from, Number& to) {
    if (from.is_number_unsigned()) {
      const auto number = from.get<std::uint64_t>();
      if (!std::in_range<Number>(number)) return false;
      to = static_cast<Number>(number);
      return true;
    }
    if (!from.is_number_integer() || !std::in_range<Number>(from.get<std::int64_t>())) return false;
    to = static_cast<Number>(from.get<std::int64_t>());
    return true;
  }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  static bool take(const ordered_json& from, Enum& to) {
    if (!from.is_string()) return false;
    const auto at = std::ranges::find(kWords<Enum>, std::string_view(from.get_ref<const std::string&>()));
    if (at == kWords<Enum>.end()) return false;
    to = static_cast<Enum>(at - kWords<Enum>.begin());
    return true;
  }
  static bool take(const ordered_json& from, std::optional<std::int64_t>& to) {
    std::int64_t number = 0;
    if (!take(from, number)) return false;
    to = number;
    return true;
  }
  static bool take(const ordered_json& from, std::vector<std::string>& to) {
    if (!from.is_array()) return false;
    to.clear();
    for (const ordered_json& one : from)
      if (!take(one, to.emplace_back())) return false;
    return true;
  }
  static bool take(const ordered_json& from, std::vector<Hook>& to) {
    if (!from.is_array()) return false;
    to.clear();
    for (const ordered_json& one : from) {
      if (!one.is_object()) return false;
      Hook& hook = to.emplace_back();
      std::string fault;
      const Take fields{one, fault};
      fields("what", hook.what), fields("how", hook.how), fields("misses", hook.misses);
      if (!fault.empty()) return false;
    }
    return true;
  }
};

// An empty detail of a kind by its place in the variant.
template <std::size_t kIndex = 0>
NeedDetail empty_detail(std::size_t index) {
  if constexpr (kIndex + 1 < std::variant_size_v<NeedDetail>) {
    if (index != kIndex) return empty_detail<kIndex + 1>(index);
  }
  return NeedDetail(std::in_place_index<kIndex>);
}

std::string take_phases(const ordered_json& json, Phases& phases) {
  if (!json.is_array()) return "'phases' is not a list";
  for (const ordered_json& word : json) {
    const auto at =
        word.is_string()
            ? std::ranges::find(kPhaseWords, std::string_view(word.get_ref<const std::string&>()))
            : kPhaseWords.end();
    if (at == kPhaseWords.end()) return "'phases' has a word that is no phase";
    phases = static_cast<Phases>(phases | 1U << (at - kPhaseWords.begin()));
  }
  return {};
}

// What these give is the fault, or nothing.
std::string take_occurrence(const ordered_json& json, std::size_t source_count, Occurrence& one) {
  if (!json.is_object()) return "'seen' has what is no object";
  std::string fault;
  const Take fields{json, fault};
  fields("in", one.source), fields("count", one.count);
  if (fault.empty() && json.contains("phases")) fault = take_phases(json["phases"], one.phases);
  visit_first_use(one.first, fields);
  if (fault.empty() && one.source >= source_count) fault = "'in' names no source of the lines before";
  return fault;
}

std::string take_need(const ordered_json& json, std::size_t source_count, Need& need) {
  const ordered_json& kind = json["need"];
  const auto at = kind.is_string()
                      ? std::ranges::find(kKindNames, std::string_view(kind.get_ref<const std::string&>()))
                      : kKindNames.end();
  if (at == kKindNames.end()) return "'need' is no kind of need that this version of harden knows";
  need.detail = empty_detail(static_cast<std::size_t>(at - kKindNames.begin()));
  std::string fault;
  const Take fields{json, fault};
  std::visit([&](auto& detail) { visit_fields(detail, fields); }, need.detail);
  std::string result;
  fields("result", result);
  if (!fault.empty()) return fault;
  if (!result.empty()) {
    need.error = error_of(result);
    if (!need.error) return "'result' is neither ok nor the name of an error";
  }
  const auto seen = json.find("seen");
  if (seen == json.end() || !seen->is_array() || seen->empty())
    return "'seen' is not a list with something in it";
  for (const ordered_json& one : *seen)
    if (fault = take_occurrence(one, source_count, need.seen.emplace_back()); !fault.empty()) return fault;
  return {};
}

bool is_id(const std::string& id) {
  return id.size() == 32 && id.find_first_not_of(kHex) == std::string::npos;
}

class Reader {
 public:
  explicit Reader(const std::string& file) : where_{file, 0} {}

  Result<ReadRecording> read(std::string_view text) {
    bool is_first = true;
    while (!text.empty()) {
      ++where_.line;
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      const bool is_cut_off = end == std::string_view::npos;
      text.remove_prefix(is_cut_off ? text.size() : end + 1);
      if (is_first) {
        HARDEN_CHECK(read_header(line));
        is_first = false;
        continue;
      }
      if (strip(line).empty()) continue;
      if (result_.recording.needs.size() >= kRecordingNeedsMax) {
        complain("the recording has more needs than can be read: the rest is left out");
        break;
      }
      read_line(line, is_cut_off);
    }
    if (is_first) return fail(Errc::invalid, "the file is empty", where_, std::string(kHint));
    normalize(result_.recording);
    return std::move(result_);
  }

 private:
  static constexpr std::string_view kHint = "a recording is made by harden record";

  void complain(std::string message) {
    add_diagnostic(result_.diagnostics, {Severity::error, "recording", where_, std::move(message), {}});
  }

  Result<void> read_header(std::string_view line) const {
    const auto json =
        line.size() > kRecordingLineMax ? ordered_json() : ordered_json::parse(line, nullptr, false);
    std::string fault;
    std::string format;
    unsigned schema = 0;
    if (json.is_object()) {
      const Take fields{json, fault};
      fields("format", format), fields("schema", schema);
    }
    if (format != kFormat || schema == 0 || !fault.empty())
      return fail(Errc::invalid, "this is no recording: the first line does not say so", where_,
                  std::string(kHint));
    if (schema > kRecordingSchema)
      return fail(Errc::unsupported,
                  "the recording has schema " + std::to_string(schema) + ", and this harden reads up to " +
                      std::to_string(kRecordingSchema),
                  where_, "read it with the harden that made it, or a later one");
    return {};
  }

  void read_line(std::string_view line, bool is_cut_off) {
    if (line.size() > kRecordingLineMax) return complain("the line is too long");
    const auto json = ordered_json::parse(line, nullptr, false);
    if (json.is_discarded())
      return complain(is_cut_off ? "the file is cut off in the middle of this line"
                                 : "the line is not JSON");
    if (!json.is_object()) return complain("the line is no JSON object");
    if (!json.contains("need")) {  // asked first: a mount has a source, too
      if (json.contains("source")) return read_source(json["source"]);
      return complain("the line has neither a source nor a need");
    }
    Need need;
    if (const std::string fault = take_need(json, source_count_, need); !fault.empty())
      return complain(fault);
    for (Occurrence& one : need.seen) one.source = place_[one.source];
    result_.recording.needs.push_back(std::move(need));
  }

  // A source is numbered when its id comes first; a later line about it updates it.
  void read_source(const ordered_json& json) {
    if (!json.is_object()) return complain("'source' is no JSON object");
    Source source;
    std::string fault;
    visit_source(source, Take{json, fault});
    if (fault.empty() && !is_id(source.id)) fault = "'id' is not 32 hexadecimal digits";
    if (!fault.empty()) return complain(fault);
    if (numbers_.try_emplace(source.id, source_count_).second) {
      place_.push_back(static_cast<std::uint32_t>(result_.recording.sources.size()));
      ++source_count_;
    }
    result_.recording.sources.push_back(std::move(source));
  }

  SourcePos where_;
  ReadRecording result_;
  std::size_t source_count_ = 0;
  std::map<std::string, std::size_t, std::less<>> numbers_;
  std::vector<std::uint32_t> place_;  // of each numbered source among those read
};

Result<std::string> read_bytes(const std::string& path) {
  const UniqueFd opened(path == "-" ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (path != "-" && !opened) return fail_errno(errno, "cannot open the recording", {path, 0});
  const int fd = path == "-" ? STDIN_FILENO : opened.get();
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got == 0) return text;
    if (got < 0) {
      if (errno == EINTR) continue;
      return fail_errno(errno, "cannot read the recording", {path, 0});
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kRecordingBytesMax)
      return fail(Errc::too_large, "the recording is larger than 512 MiB", {path, 0});
  }
}

}  // namespace

Result<ReadRecording> parse_recording(std::string_view text, const std::string& file) {
  return Reader(file).read(text);
}

Result<ReadRecording> read_recording(const std::string& path) {
  HARDEN_TRY(std::string bytes, read_bytes(path));
  if (!is_compressed(bytes)) return parse_recording(bytes, path);
  Decompressed plain = decompress(bytes, kRecordingBytesMax);
  HARDEN_TRY(ReadRecording read, parse_recording(plain.text, path));
  if (!plain.trouble.empty())
    add_diagnostic(read.diagnostics,
                   {Severity::error, "recording", {path, 0}, std::move(plain.trouble), {}});
  return read;
}

std::string header_line() { return line_of({{"format", kFormat}, {"schema", kRecordingSchema}}); }

std::string source_line(const Source& source) {
  ordered_json json = ordered_json::object();
  visit_source(source, Put{json});
  return line_of({{"source", std::move(json)}});
}

std::string need_line(const Need& need) {
  std::string out;
  append_need(out, need, need.seen);
  return out;
}

std::string print_recording(const Recording& recording) {
  std::string out = header_line();
  for (const Source& source : recording.sources) out += source_line(source);
  for (const Need& need : recording.needs) append_need(out, need, need.seen);
  return out;
}

Result<void> write_recording(const Recording& recording, const std::string& path) {
  std::string text = print_recording(recording);
  if (text.size() >= kCompressFrom || path.ends_with(".zst")) {
    HARDEN_TRY(text, compress(text));
  }
  constexpr mode_t kMode = 0600;  // it tells what a service does and where: not everybody's
  return write_output(path, text, kMode);
}

std::string own_recordings_dir(bool of_user_manager) {
  if (::geteuid() == 0 && !of_user_manager) return std::string(kRecordingsDir);
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/harden/recordings";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return std::string(home) + "/.local/state/harden/recordings";
  return std::string(kRecordingsDir);
}

}  // namespace harden
