// SPDX-License-Identifier: LGPL-2.1-or-later
// Summaries kept between runs, one file a module. A file is named by the module's build-id and by the
// identity of its file (device, inode, size, times), so that a copied build-id does not pass for another's,
// and by the format. What is read back is checked like any other input: a file that does not hold together
// is no entry. Writers replace files whole and may run at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "reach/summary.h"
#include "util/root_dir.h"

namespace harden::reach {

// Raised when the same module would give another summary.
inline constexpr std::uint32_t kSummaryFormat = 1;

// The bytes of a cache file; and back, nothing unless every offset, index and count holds.
[[nodiscard]] std::string write_summary(const Summary& summary);
[[nodiscard]] std::optional<Summary> read_summary(std::string_view bytes);

class Cache {
 public:
  static constexpr std::uint64_t kDefaultLimit = std::uint64_t{256} << 20U;

  // `dir` is made, with its parents, when the first entry is written. Bytes past `limit` go, oldest first.
  explicit Cache(std::string dir, std::uint64_t limit = kDefaultLimit)
      : dir_(std::move(dir)), limit_(limit) {}
  // $XDG_CACHE_HOME/harden/scan, or below ~/.cache; for root /var/cache/harden/scan. Empty if there is no
  // home.
  [[nodiscard]] static std::string default_dir();

  [[nodiscard]] std::optional<Summary> find(const FileIdentity& file) const;
  // A failure to write is no failure of the scan.
  void keep(const FileIdentity& file, const Summary& summary) const;

 private:
  [[nodiscard]] static std::string name_of(const FileIdentity& file);
  void shrink() const;

  std::string dir_;
  std::uint64_t limit_;
};

}  // namespace harden::reach
