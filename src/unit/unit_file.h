// SPDX-License-Identifier: LGPL-2.1-or-later
// One unit file or drop-in as a sequence of entries that cover its bytes without gap, so that an
// untouched file prints as it was read. Reading follows systemd's own line rules; what a line means is
// for the layers above. Source: systemd.syntax(7).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/diagnostic.h"
#include "util/result.h"

namespace harden {

inline constexpr std::size_t kUnitFileMax = 16U << 20U;  // bytes we read of one file; ours, not systemd's
inline constexpr std::size_t kEntriesMax = 1U << 20U;  // entries of one file; ours as well
inline constexpr std::size_t kLineMax = 1U
                                        << 20U;  // bytes of one line, continued or not, as systemd has it

enum class EntryKind : std::uint8_t {
  blank,
  comment,
  section,  // [section]
  assignment,  // key=value
  malformed,  // systemd skips it with a warning, or stops at it (then it is the last entry)
};

// Views point into the UnitFile that holds the entry.
struct Entry {
  EntryKind kind = EntryKind::blank;
  unsigned line = 0;  // where it begins, from 1
  std::string_view section;  // the one it stands in or, for a section, names; empty before the first
  std::string_view key;  // assignment: stripped
  std::string_view value;  // assignment: stripped, continuation lines joined, comments in them left out
  std::string_view raw;  // every byte of it, line ends included
};

class UnitFile {
 public:
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& text() const { return storage_->text; }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] const Diagnostics& diagnostics() const { return diagnostics_; }
  // Set if systemd would stop reading here: the rest of the file does not count and, of a main unit
  // file, the unit does not load. The last entry is the rest, malformed. With Errc::too_large it is we
  // who stopped, at kEntriesMax; what the rest says is not known.
  [[nodiscard]] const std::optional<Error>& stopped() const { return stopped_; }

  friend bool operator==(const UnitFile& a, const UnitFile& b) {
    return a.path_ == b.path_ && a.text() == b.text();
  }

 private:
  friend UnitFile parse_unit_file(std::string text, std::string path);
  friend class UnitFileParser;
  struct Storage {
    std::string text;
    std::deque<std::string> joined;  // values of continued lines
  };

  std::string path_;
  std::shared_ptr<Storage>
      storage_;  // shared and never changed after parsing, so that views outlive moves and copies
  std::vector<Entry> entries_;
  Diagnostics diagnostics_;
  std::optional<Error> stopped_;
};

// Takes any bytes. `path` is only for messages. Never fails: what systemd would refuse is in stopped().
[[nodiscard]] UnitFile parse_unit_file(std::string text, std::string path);

[[nodiscard]] std::string print_unit_file(const UnitFile& file);

}  // namespace harden
