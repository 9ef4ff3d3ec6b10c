// SPDX-License-Identifier: LGPL-2.1-or-later
#include "record/process_lookup.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <cstring>

#include "util/root_dir.h"
#include "util/text.h"
#include "util/unique_fd.h"

namespace harden::record {
namespace {

constexpr std::string_view kDeleted = " (deleted)";   // behind the path of a file that has none any more

std::string proc_path(std::int32_t pid, std::string_view file) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(file);
}

// Of files that the kernel makes up: they have no size, and some have no end.
std::string read_proc(const std::string& path, std::size_t limit = std::size_t{4} << 20U) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 16384> buffer;
  while (fd && text.size() < limit) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got <= 0) break;   // gone: what there is of it
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::string read_link(const std::string& path) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

template <typename Each>
void for_each_entry(const std::string& dir, Each each) {
  const auto root = RootDir::open("/");
  if (!root) return;
  if (const auto entries = root->list_dir(dir))
    for (const DirEntry& entry : *entries) each(entry.name);
}

// A line of /proc/PID/mountinfo: what of a file system (by its device) is mounted where.
struct MountedAt {
  std::string device, root, point;
};

std::vector<MountedAt> read_mounts(const std::string& path) {
  std::vector<MountedAt> mounts;
  const std::string text = read_proc(path);
  for (const std::string_view line : split(text, '\n')) {
    const auto words = split(line, ' ');
    constexpr std::size_t kDevice = 2;
    constexpr std::size_t kRoot = 3;
    constexpr std::size_t kPoint = 4;
    if (words.size() <= kPoint) continue;
    mounts.push_back({std::string(words[kDevice]), std::string(words[kRoot]), std::string(words[kPoint])});
  }
  return mounts;
}

bool is_below(std::string_view path, std::string_view dir) {
  return dir == "/" || path == dir || (path.starts_with(dir) && path[dir.size()] == '/');
}
std::string join_paths(std::string_view dir, std::string_view rest) {
  if (rest.empty() || rest == "/") return std::string(dir);
  return std::string(dir == "/" ? "" : dir).append(rest.starts_with('/') ? "" : "/").append(rest);
}
std::string_view rest_below(std::string_view path, std::string_view dir) {
  return dir == "/" ? path : path.substr(dir.size());
}

}  // namespace

std::string process_name(std::int32_t pid) { return std::string(strip(read_proc(proc_path(pid, "comm")))); }

std::string process_exe(std::int32_t pid) {
  std::string path = read_link(proc_path(pid, "exe"));
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path;
}

std::string process_cgroup(std::int32_t pid) {
  const std::string text = read_proc(proc_path(pid, "cgroup"));
  for (const std::string_view line : split(text, '\n'))
    if (line.starts_with("0::")) return std::string(line.substr(3));
  return {};
}

std::string process_unit(std::int32_t pid) {
  const std::string path = process_cgroup(pid);
  const auto parts = split(path, '/');
  for (auto part = parts.rbegin(); part != parts.rend(); ++part)
    for (const std::string_view suffix : {".service", ".scope", ".socket", ".mount"})
      if (part->ends_with(suffix)) return std::string(*part);
  return parts.empty() ? std::string() : std::string(parts.back());
}

std::optional<std::string> resolve_for(std::int32_t pid, const std::string& path) {
  if (pid <= 0) return std::nullopt;
  const auto root = RootDir::open(proc_path(pid, "root"));
  if (!root) return std::nullopt;
  auto resolved = root->resolve(path);
  if (!resolved) return std::nullopt;
  return *std::move(resolved);
}

std::string host_path_of(std::int32_t pid, const std::string& path) {
  if (pid <= 0 || !path.starts_with('/')) return {};
  if (read_link(proc_path(pid, "ns/mnt")) == read_link("/proc/self/ns/mnt"))
    return {};   // nor for who is gone
  // mountinfo is relative to the process's root already. The last mount at the longest path holds the file.
  const std::vector<MountedAt> mounts = read_mounts(proc_path(pid, "mountinfo"));
  const MountedAt* here = nullptr;
  for (const MountedAt& one : mounts)
    if (is_below(path, one.point) && (here == nullptr || one.point.size() >= here->point.size()))
      here = &one;
  if (here == nullptr) return {};
  const std::string inside = join_paths(here->root, rest_below(path, here->point));
  std::string best;
  for (const MountedAt& one : read_mounts("/proc/self/mountinfo")) {
    if (one.device != here->device || !is_below(inside, one.root)) continue;
    std::string candidate = join_paths(one.point, rest_below(inside, one.root));
    if (candidate == path) return {};
    if (best.empty() || candidate.size() < best.size()) best = std::move(candidate);
  }
  return best;
}

std::vector<Finding> findings_of_running(std::int32_t pid, const Lookup& lookup) {
  std::vector<Finding> out;
  const auto add = [&](FileAccess access, NodeType type, const std::string& path, std::uint32_t rdev) {
    const FileUse use{access, type, path, {}, false};
    out.push_back({use, 0});
    add_derived(use, rdev, 0, lookup, out);
  };
  for_each_entry(proc_path(pid, "fd"), [&](const std::string& fd) {
    const std::string link = proc_path(pid, "fd/" + fd);
    const std::string path = read_link(link);
    struct stat about{};
    if (!path.starts_with('/') || path.ends_with(kDeleted) || ::stat(link.c_str(), &about) < 0) return;
    const std::string info = read_proc(proc_path(pid, "fdinfo/" + fd));
    unsigned flags = 0;
    const std::size_t at = info.find("flags:\t");
    if (at != std::string::npos)
      flags = static_cast<unsigned>(std::strtoul(info.c_str() + at + 7, nullptr, 8));
    const std::uint32_t rdev =
        static_cast<std::uint32_t>(major(about.st_rdev) << 20U | minor(about.st_rdev));
    const NodeType type = node_type_of_mode(about.st_mode);
    if ((flags & O_ACCMODE) != O_WRONLY) add(FileAccess::read, type, path, rdev);
    if ((flags & O_ACCMODE) != O_RDONLY) add(FileAccess::write, type, path, rdev);
  });
  const std::string maps = read_proc(proc_path(pid, "maps"));
  for (const std::string_view line : split(maps, '\n')) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.size() < space + 5) continue;
    const std::string_view modes = line.substr(space + 1, 4);
    if (modes[2] != 'x') continue;
    const std::size_t slash = line.find('/');
    const std::string path =
        slash == std::string_view::npos ? std::string() : std::string(line.substr(slash));
    if (!path.empty() && !path.ends_with(kDeleted))
      add(FileAccess::map_execute, NodeType::regular, path, 0);
    if (modes[1] == 'w')
      out.push_back({CallUse<NeedKind::wx_memory>{"mmap", path.empty() ? "anonymous" : path}, 0});
  }
  return out;
}

std::vector<unsigned> calls_in_progress(std::int32_t pid) {
  std::vector<unsigned> calls;
  for_each_entry(proc_path(pid, "task"), [&](const std::string& thread) {
    const std::string text = read_proc(proc_path(pid, "task/" + thread + "/syscall"));
    unsigned number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault == std::errc() && end != text.data() + text.size())
      calls.push_back(number);  // not "running", "-1"
  });
  return calls;
}

std::optional<std::string> loader_of(std::int32_t pid, const std::string& path) {
  const auto root = RootDir::open(proc_path(pid, "root"));
  if (!root) return std::nullopt;
  constexpr std::size_t kStart = 4096;
  const auto start = root->read_start(path, kStart);
  Elf64_Ehdr header{};
  if (!start || start->size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, start->data(), sizeof(header));
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
    return std::nullopt;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    const std::uint64_t at = header.e_phoff + std::uint64_t{i} * sizeof(segment);
    if (at > start->size() || start->size() - at < sizeof(segment)) return std::nullopt;
    std::memcpy(&segment, start->data() + at, sizeof(segment));
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_offset > start->size() || start->size() - segment.p_offset < segment.p_filesz)
      return std::nullopt;
    const std::string_view name = std::string_view(*start).substr(segment.p_offset, segment.p_filesz);
    return std::string(name.substr(0, name.find('\0')));
  }
  return std::nullopt;
}

std::optional<std::string> unified_hierarchy() {
  const std::string text = read_proc("/proc/self/mountinfo");
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t dash = line.find(" - cgroup2 ");
    const auto words = split(line, ' ');
    constexpr std::size_t kPoint = 4;
    if (dash != std::string_view::npos && words.size() > kPoint) return std::string(words[kPoint]);
  }
  return std::nullopt;
}

}  // namespace harden::record
