// SPDX-License-Identifier: LGPL-2.1-or-later
// A cache file: a magic, the format, then every field in order. Numbers are little-endian as on the only
// processor there is; a vector of flat records is its count and its bytes.
#include "reach/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "reach/bytes.h"
#include "util/file_write.h"
#include "util/unique_fd.h"

namespace harden::reach {
namespace {

constexpr std::string_view kMagic = "harden-reach\n";
constexpr std::size_t kFileMax = std::size_t{512} << 20U;

class Writer {
 public:
  template <typename T>
  void put(const T& value)
    requires std::is_trivially_copyable_v<T>
  {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void put(const std::string& text) {
    put(static_cast<std::uint64_t>(text.size()));
    out += text;
  }
  template <typename T>
  void put(const std::vector<T>& list) {
    put(static_cast<std::uint64_t>(list.size()));
    if constexpr (std::is_trivially_copyable_v<T>) {
      if (!list.empty()) out.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof(T));
    } else {
      for (const T& one : list) put(one);
    }
  }
  void put(const WrapperNames& names) {
    put(static_cast<std::uint64_t>(names.size()));
    for (const auto& [name, parameters] : names) {
      put(name);
      put(parameters);
    }
  }
  std::string out;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  void get(T& value)
    requires std::is_trivially_copyable_v<T>
  {
    if (const auto read = bytes_.read<T>(at_)) {
      value = *read;
      at_ += sizeof(T);
    } else {
      failed_ = true;
    }
  }
  // Any byte but 0 and 1 in a bool would be no value of it.
  void get(bool& value) {
    std::uint8_t byte = 2;
    get(byte);
    failed_ = failed_ || byte > 1;
    value = byte == 1;
  }
  void get(std::string& text) {
    if (const auto part = counted(1))
      text.assign(reinterpret_cast<const char*>(part->data()), part->size());
  }
  template <typename T>
  void get(std::vector<T>& list) {
    if constexpr (std::is_trivially_copyable_v<T>) {
      const auto part = counted(sizeof(T));
      if (!part) return;
      list.resize(part->size() / sizeof(T));
      if (!list.empty()) std::memcpy(static_cast<void*>(list.data()), part->data(), part->size());
    } else {
      std::uint64_t count = 0;
      get(count);
      for (std::uint64_t i = 0; i < count && !failed_; ++i) get(list.emplace_back());
    }
  }
  void get(WrapperNames& names) {
    std::uint64_t count = 0;
    get(count);
    for (std::uint64_t i = 0; i < count && !failed_; ++i) {
      std::string name;
      get(name);
      get(names[name]);
    }
  }
  [[nodiscard]] bool is_done() const { return !failed_ && at_ == bytes_.size(); }

 private:
  // A count and that many records of `size` bytes.
  std::optional<Bytes> counted(std::size_t size) {
    std::uint64_t count = 0;
    get(count);
    const auto part = failed_ || count > kFileMax ? std::nullopt : bytes_.slice(at_, count * size);
    if (!part) {
      failed_ = true;
      return std::nullopt;
    }
    at_ += part->size();
    return part;
  }

  Bytes bytes_;
  std::uint64_t at_ = 0;
  bool failed_ = false;
};

// One list of fields for both directions.
template <typename Stream, typename S>
void pass_fields(Stream& stream, S& s) {
  const auto pass = [&](auto& field) {
    if constexpr (std::is_same_v<Stream, Writer>)
      stream.put(field);
    else
      stream.get(field);
  };
  pass(s.build_id), pass(s.soname), pass(s.interpreter), pass(s.rpath), pass(s.runpath), pass(s.needed);
  pass(s.is_position_independent), pass(s.binds_to_itself), pass(s.ignores_default_dirs),
      pass(s.has_dynamic);
  pass(s.is_complete), pass(s.code_size), pass(s.entry), pass(s.function_count), pass(s.text),
      pass(s.vertices);
  pass(s.edges), pass(s.imports), pass(s.exports), pass(s.initial), pass(s.copied), pass(s.calls);
  pass(s.wrappers), pass(s.unresolved), pass(s.assumed_wrappers), pass(s.libraries), pass(s.programs),
      pass(s.lookups);
  pass(s.go_version), pass(s.faults);
}

// Whether all offsets and indices of what was read lead somewhere.
bool holds_together(const Summary& s) {
  if (s.vertices.empty() || s.vertices.size() > (1U << 30U) || s.function_count > s.vertex_count())
    return false;
  const std::size_t count = s.vertex_count();
  const auto is_text = [&](Text one) {
    return one.offset <= s.text.size() && one.size <= s.text.size() - one.offset;
  };
  const auto is_vertex = [&](std::uint32_t one) { return one < count; };
  const auto is_vertex_or_none = [&](std::uint32_t one) { return one < count || one == Import::kNone; };
  for (std::size_t i = 0; i <= count; ++i) {
    const Vertex& one = s.vertices[i];
    const std::uint32_t before = i == 0 ? 0 : s.vertices[i - 1].first_edge;
    if (one.first_edge < before || one.first_edge > s.edges.size() || !is_text(one.name)) return false;
  }
  if (s.vertices[0].first_edge != 0 || s.vertices[count].first_edge != s.edges.size()) return false;
  for (const Edge& one : s.edges)
    if (one.is_import != 0 ? one.target >= s.imports.size() : one.target >= count) return false;
  const auto is_import = [&](const Import& one) {
    return is_text(one.name) && is_text(one.version) && is_vertex_or_none(one.own_vertex);
  };
  const auto is_export = [&](const Export& one) {
    return is_text(one.name) && is_text(one.version) && is_vertex_or_none(one.vertex);
  };
  return std::ranges::all_of(s.imports, is_import) && std::ranges::all_of(s.exports, is_export) &&
         std::ranges::all_of(s.initial, is_vertex) && is_vertex_or_none(s.entry) &&
         std::ranges::all_of(s.copied, [&](std::uint32_t one) { return one < s.imports.size(); }) &&
         std::ranges::all_of(s.calls, is_vertex, &SystemCall::vertex) &&
         std::ranges::all_of(s.wrappers, is_vertex, &Wrapper::vertex) &&
         std::ranges::all_of(s.unresolved, [&](const Unresolved& one) {
           return is_vertex(one.vertex) &&
                  (one.kind == UnresolvedKind::number || one.kind == UnresolvedKind::compat_call);
         });
}

bool make_dirs(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
    (void)::mkdir(path.substr(0, at).c_str(), 0755);   // one that is there is fine; the last one tells
  return ::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST;
}

}  // namespace

std::string write_summary(const Summary& summary) {
  Writer writer;
  writer.out = kMagic;
  writer.put(kSummaryFormat);
  pass_fields(writer, summary);
  return std::move(writer.out);
}

std::optional<Summary> read_summary(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return std::nullopt;
  Reader reader(bytes.substr(kMagic.size()));
  std::uint32_t format = 0;
  reader.get(format);
  if (format != kSummaryFormat) return std::nullopt;
  std::optional<Summary> summary(std::in_place);
  pass_fields(reader, *summary);
  if (!reader.is_done() || !holds_together(*summary)) summary.reset();
  return summary;
}

std::string Cache::default_dir() {
  if (::geteuid() == 0) return "/var/cache/harden/scan";
  const char* base = std::getenv("XDG_CACHE_HOME");
  if (base != nullptr && *base == '/') return std::string(base) + "/harden/scan";
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/.cache/harden/scan" : std::string();
}

std::string Cache::name_of(const FileIdentity& file) {
  return fmt::format("{}-{:x}-{:x}-{:x}-{:x}-{:x}", kSummaryFormat, file.device, file.inode, file.size,
                     static_cast<std::uint64_t>(file.modified_ns),
                     static_cast<std::uint64_t>(file.changed_ns));
}

std::optional<Summary> Cache::find(const FileIdentity& file) const {
  if (dir_.empty()) return std::nullopt;
  const UniqueFd fd(
      ::open((dir_ + "/" + name_of(file)).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st;
  // Only our own files count: another user could have written what he liked.
  if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != ::geteuid() ||
      static_cast<std::uint64_t>(st.st_size) > kFileMax)
    return std::nullopt;
  std::string bytes(static_cast<std::size_t>(st.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    filled += static_cast<std::size_t>(got);
  }
  return read_summary(bytes);
}

void Cache::keep(const FileIdentity& file, const Summary& summary) const {
  if (dir_.empty() || !make_dirs(dir_)) return;
  // Readers see the old bytes or the new ones; a power cut may cost the entry, which is only time.
  if (replace_file(dir_ + "/" + name_of(file), write_summary(summary), 0600, Durability::volatile_))
    shrink();
}

void Cache::shrink() const {
  struct Entry {
    std::int64_t used;
    std::uint64_t size;
    std::string name;
  };
  std::vector<Entry> entries;
  std::uint64_t total = 0;
  DIR* dir = ::opendir(dir_.c_str());
  if (dir == nullptr) return;
  while (const dirent* one = ::readdir(dir)) {
    struct stat st;
    if (::fstatat(::dirfd(dir), &one->d_name[0], &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
      continue;
    entries.push_back({st.st_mtim.tv_sec, static_cast<std::uint64_t>(st.st_size), &one->d_name[0]});
    total += entries.back().size;
  }
  std::ranges::sort(entries, {}, &Entry::used);
  for (const Entry& one : entries) {
    if (total <= limit_) break;
    if (::unlinkat(::dirfd(dir), one.name.c_str(), 0) == 0) total -= one.size;
  }
  (void)::closedir(dir);
}

}  // namespace harden::reach
