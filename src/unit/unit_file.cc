// SPDX-License-Identifier: LGPL-2.1-or-later
// A physical line ends at \n, \r or NUL, or at one of each in a row (\r\n, \n\r, and either before a
// NUL). A logical line is a physical one or several, each but the last ending in a backslash that
// nothing escapes; comment lines between them do not count.
#include "unit/unit_file.h"

#include <algorithm>
#include <utility>

#include "util/text.h"

namespace harden {

class UnitFileParser {
 public:
  explicit UnitFileParser(UnitFile& file)
      : file_(file),
        text_(file.storage_->text),
        ascii_(is_ascii(text_)),
        newlines_only_(text_.find('\r') == std::string_view::npos &&
                       text_.find('\0') == std::string_view::npos) {}

  void run();

 private:
  struct Line {
    std::string_view text;  // without the line end
    bool too_long = false;
  };

  Line read_line();
  // Interprets one logical line; false if systemd stops here.
  bool take(std::string_view logical, std::size_t begin, unsigned line);
  void add(EntryKind kind, unsigned line, std::size_t begin, std::string_view key = {},
           std::string_view value = {});
  void warn(std::string_view id, unsigned line, std::string message, std::string hint = {});
  bool stop(unsigned line, std::string message, std::string hint, std::size_t begin,
            Errc code = Errc::refused);

  UnitFile& file_;
  std::string_view text_;
  bool ascii_;           // true of most files, and looking once is cheaper than line by line
  bool newlines_only_;   // the same: no \r and no NUL
  std::size_t at_ = 0;       // start of what is not yet read
  std::string_view section_;
  bool in_section_ = false;  // also below `[]`, whose name is empty
};

namespace {

constexpr bool is_eol(char c) { return c == '\n' || c == '\r' || c == '\0'; }

bool ends_in_open_backslash(std::string_view line) {
  std::size_t count = 0;
  while (count < line.size() && line[line.size() - 1 - count] == '\\') ++count;
  return count % 2 == 1;
}

bool is_comment(std::string_view line) {
  const std::string_view body = strip_left(line);
  return !body.empty() && (body.front() == '#' || body.front() == ';');
}

bool is_safe_section_name(std::string_view name) {
  return std::ranges::none_of(
      name, [](char c) { return (c > 0 && c < ' ') || c == '"' || c == '\'' || c == '\\' || c == '\x7f'; });
}

// UTF-8 without Unicode's noncharacters, which systemd takes for invalid: U+FDD0…FDEF and the last two
// code points of every plane. Expects valid UTF-8.
bool has_noncharacter(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (byte(i) == 0xef && byte(i + 1) == 0xb7 && byte(i + 2) >= 0x90 && byte(i + 2) <= 0xaf) return true;
    if (byte(i) == 0xef && byte(i + 1) == 0xbf && byte(i + 2) >= 0xbe) return true;
    if (byte(i) >= 0xf0 && i + 3 < text.size() && (byte(i + 1) & 0x0f) == 0x0f && byte(i + 2) == 0xbf &&
        byte(i + 3) >= 0xbe)
      return true;
  }
  return false;
}

// A message quotes no more than this of a line, which may have a megabyte. A cut character shows escaped.
std::string shorten(std::string_view text) {
  constexpr std::size_t kShown = 80;
  return text.size() <= kShown ? std::string(text) : std::string(text.substr(0, kShown)) + "…";
}

bool is_extension(std::string_view name) { return name.starts_with("X-"); }

}  // namespace

UnitFileParser::Line UnitFileParser::read_line() {
  const std::string_view rest = text_.substr(at_);
  if (newlines_only_) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    at_ += std::min(end + 1, rest.size());
    return {rest.substr(0, end), end >= kLineMax};
  }
  const std::size_t end = std::min(rest.find_first_of(std::string_view("\n\r\0", 3)), rest.size());
  Line line{rest.substr(0, end), end >= kLineMax};
  std::size_t i = end;
  bool newline = false;
  bool carriage = false;
  for (; i < rest.size() && is_eol(rest[i]); ++i) {
    if (rest[i] == '\0') {
      ++i;
      break;
    }
    bool& seen = rest[i] == '\n' ? newline : carriage;
    if (seen) break;
    seen = true;
  }
  at_ += i;
  return line;
}

void UnitFileParser::add(EntryKind kind, unsigned line, std::size_t begin, std::string_view key,
                         std::string_view value) {
  file_.entries_.push_back({kind, line, section_, key, value, text_.substr(begin, at_ - begin)});
}

void UnitFileParser::warn(std::string_view id, unsigned line, std::string message, std::string hint) {
  add_diagnostic(file_.diagnostics_, {Severity::warning, id, SourcePos{file_.path_, line},
                                      std::move(message), std::move(hint)});
}

bool UnitFileParser::stop(unsigned line, std::string message, std::string hint, std::size_t begin,
                          Errc code) {
  file_.stopped_ = Error{code, std::move(message), 0, SourcePos{file_.path_, line}, std::move(hint)};
  at_ = text_.size();
  add(EntryKind::malformed, line, begin);
  return false;
}

bool UnitFileParser::take(std::string_view logical, std::size_t begin, unsigned line) {
  const std::string_view body = strip(logical);
  if (body.empty()) {
    add(EntryKind::blank, line, begin);
    return true;
  }
  if (!ascii_ && (!is_valid_utf8(body) || has_noncharacter(body)))
    return stop(line, "the line is not UTF-8; systemd reads no further in this file",
                "write the value in UTF-8, or bytes as \\xNN where the directive takes escapes", begin);
  if (body.front() == '[') {
    if (body.back() != ']' || !is_safe_section_name(body.substr(1, body.size() - 2)))
      return stop(line,
                  "invalid section header '" + shorten(body) + "'; systemd reads no further in this file",
                  "write it as [Name], without quotes or backslashes", begin);
    section_ = body.substr(1, body.size() - 2);
    in_section_ = true;
    add(EntryKind::section, line, begin);
    return true;
  }
  if (section_.empty()) {
    if (!in_section_)
      warn("outside-section", line, "the line stands before any section header and is ignored",
           "put it below [Service] or the section it belongs to");
    add(EntryKind::malformed, line, begin);
    return true;
  }
  const std::size_t equals = body.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    // Lines below an X- section are nobody's business but their owner's.
    if (!is_extension(section_))
      warn(equals == 0 ? "missing-key" : "missing-equals", line,
           equals == 0 ? "no key before the '='; the line is ignored" : "no '=' in the line; it is ignored",
           "write it as Key=value");
    add(EntryKind::malformed, line, begin);
    return true;
  }
  add(EntryKind::assignment, line, begin, strip(body.substr(0, equals)), strip(body.substr(equals + 1)));
  return true;
}

void UnitFileParser::run() {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  bool mark_seen = false;
  unsigned line_number = 0;
  std::string* continuation = nullptr;  // in Storage: the entries' views point into it
  std::size_t begin = 0;
  unsigned first_line = 0;

  constexpr std::size_t kUsualLine = 24;  // bytes; a guess that saves moving the entries time and again
  file_.entries_.reserve(std::min(text_.size() / kUsualLine + 1, kEntriesMax));
  while (at_ < text_.size()) {
    const std::size_t line_begin = at_;
    if (continuation == nullptr && file_.entries_.size() + 1 == kEntriesMax) {
      stop(line_number + 1, "the file has more entries than are read of one", {}, line_begin,
           Errc::too_large);
      return;
    }
    const Line line = read_line();
    ++line_number;
    if (continuation == nullptr) {
      begin = line_begin;
      first_line = line_number;
    }
    if (line.too_long) {
      stop(line_number, "the line is longer than 1 MiB; systemd reads no further in this file",
           "split the list over several assignments", begin);
      return;
    }
    if (is_comment(line.text)) {
      if (continuation == nullptr) add(EntryKind::comment, line_number, begin);
      continue;
    }

    std::string_view piece = line.text;
    if (!mark_seen && piece.starts_with(kByteOrderMark)) {
      piece.remove_prefix(kByteOrderMark.size());
      mark_seen = true;
    }
    const bool open = ends_in_open_backslash(piece);
    if (continuation == nullptr && !open) {
      if (!take(piece, begin, first_line)) return;
      continue;
    }
    if (continuation == nullptr) {
      continuation = &file_.storage_->joined.emplace_back();
    } else if (continuation->size() + piece.size() > kLineMax) {
      stop(first_line, "the continued line is longer than 1 MiB; systemd reads no further in this file",
           "split the list over several assignments", begin);
      return;
    }
    continuation->append(piece);
    if (open) {
      continuation->back() = ' ';
      continue;
    }
    const std::string& logical = *std::exchange(continuation, nullptr);
    if (!take(logical, begin, first_line)) return;
  }
  if (continuation != nullptr) (void)take(*continuation, begin, first_line);  // nothing follows either way
}

UnitFile parse_unit_file(std::string text, std::string path) {
  UnitFile file;
  file.path_ = std::move(path);
  file.storage_ = std::make_shared<UnitFile::Storage>();
  file.storage_->text = std::move(text);
  UnitFileParser(file).run();
  return file;
}

std::string print_unit_file(const UnitFile& file) {
  std::string out;
  out.reserve(file.text().size());
  for (const Entry& entry : file.entries()) out += entry.raw;
  return out;
}

}  // namespace harden
