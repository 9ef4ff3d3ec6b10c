// SPDX-License-Identifier: LGPL-2.1-or-later
#include "advise/places.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>

#include "privileges/path_access.h"
#include "util/text.h"

namespace harden {
namespace {

// Folders in which each service has one of its own.
constexpr std::array<std::string_view, 11> kRoots = {"/var/lib",
                                                     "/var/lib/private",
                                                     "/var/cache",
                                                     "/var/log",
                                                     "/var/log/private",
                                                     "/var/spool",
                                                     "/run",
                                                     "/srv",
                                                     "/opt",
                                                     "/etc",
                                                     "/var/www"};
// And those that are everybody's otherwise.
constexpr std::array<std::string_view, 16> kShared = {
    "/",     "/usr", "/home", "/root", "/var",   "/boot",    "/efi",     "/dev",
    "/proc", "/sys", "/tmp",  "/mnt",  "/media", "/var/tmp", "/dev/shm", "/run/user"};
// So many folders of one parent stand for the parent.
constexpr std::size_t kManySiblings = 4;

constexpr CharSet kDigits("0123456789");
constexpr CharSet kHexDigits("0123456789abcdefABCDEF");

bool consists_of(std::string_view text, const CharSet& chars) {
  return std::ranges::all_of(text, [&](char c) { return chars.contains(c); });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// "redis" belongs to "redis-server", "mysql" to "mysqld": one begins with the other.
bool is_own_name(std::string_view name, const OwnNames& names) {
  constexpr std::size_t kLeast = 3;
  const std::string word = lower(name);
  return std::ranges::any_of(names, [&](const std::string& own) {
    return own == word || (std::min(own.size(), word.size()) >= kLeast &&
                           (own.starts_with(word) || word.starts_with(own)));
  });
}

// ROOT/NAME of a path below one of kRoots; empty if it is below none, or the root itself.
std::string_view owner_folder(std::string_view path) {
  std::string_view best;
  for (const std::string_view root : kRoots) {
    if (path == root || !is_at_or_below(path, root)) continue;
    const std::string_view folder = path.substr(0, path.find('/', root.size() + 1));
    if (folder.size() > best.size() && !is_shared_folder(folder)) best = folder;
  }
  return best;
}

// Without what another run would name otherwise, and all below it.
std::string_view lasting_part(std::string_view path) {
  for (std::size_t begin = 1; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (is_fleeting_name(path.substr(begin, end - begin)))
      return begin == 1 ? std::string_view("/") : path.substr(0, begin - 1);
    begin = end + 1;
  }
  return path;
}

}  // namespace

bool is_shared_folder(std::string_view path) {
  return std::ranges::find(kRoots, path) != kRoots.end() ||
         std::ranges::find(kShared, path) != kShared.end();
}

bool is_system_folder(std::string_view path) {
  constexpr std::array<std::string_view, 4> kMeetings = {"/", "/usr", "/var", "/home"};
  return std::ranges::find(kMeetings, path) != kMeetings.end();
}

bool is_fleeting_name(std::string_view name) {
  constexpr std::size_t kHexLeast = 8;
  constexpr std::size_t kRandomTail = 6;   // of mkstemp()
  constexpr std::size_t kNumberLeast = 3;  // "8" may be a version
  std::size_t digits = 0;
  std::size_t longest = 0;
  for (const char c : name) {
    digits = kDigits.contains(c) ? digits + 1 : 0;
    longest = std::max(longest, digits);
  }
  if (name.size() >= kNumberLeast && consists_of(name, kDigits)) return true;
  if (longest >= kNumberLeast + 1) return true;   // a date, a process number, a count
  const auto is_hash = [](std::string_view part) {
    return part.size() >= kHexLeast && consists_of(part, kHexDigits) &&
           std::ranges::any_of(part, [](char c) { return kDigits.contains(c); });
  };
  std::string parts(name);
  std::ranges::replace_if(parts, [](char c) { return c == '.' || c == '_'; }, '-');
  if (std::ranges::any_of(split(parts, '-'), is_hash)) return true;
  if (name.size() <= kRandomTail) return false;
  // ".XXXXXX": letters of both cases, or with digits among them.
  const std::size_t dot = name.find_last_of(".-_");
  if (dot == std::string_view::npos || name.size() - dot - 1 != kRandomTail) return false;
  const std::string_view tail = name.substr(dot + 1);
  const bool has_upper = std::ranges::any_of(tail, [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool has_lower = std::ranges::any_of(tail, [](char c) { return c >= 'a' && c <= 'z'; });
  const bool tail_has_digit = std::ranges::any_of(tail, [](char c) { return kDigits.contains(c); });
  return (has_upper && has_lower) || tail_has_digit;
}

std::string folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos || slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string common_folder(std::string_view a, std::string_view b) {
  std::string folder(a);
  while (!is_at_or_below(b, folder)) folder = folder_of(folder);
  return folder;
}

std::string_view caution_of(std::string_view path, const OwnNames& names) {
  if (is_shared_folder(path)) return "the folder is shared by the whole system";
  if (is_at_or_below(path, "/usr") || is_at_or_below(path, "/boot"))
    return "programs of the system are there";
  if (is_at_or_below(path, "/home") || is_at_or_below(path, "/root")) return "it is somebody's own";
  const std::string_view owner = owner_folder(path);
  if (!owner.empty() && !is_own_name(owner.substr(owner.rfind('/') + 1), names) &&
      !is_at_or_below(path, "/srv"))
    return "by its name it may be another service's";
  return {};
}

std::vector<Place> generalize(std::span<const Spot> spots, const OwnNames& names) {
  std::set<std::string> paths;
  for (const Spot& spot : spots) {
    const std::string_view lasting = lasting_part(spot.path);
    std::string place(lasting);
    if (spot.is_file && lasting == spot.path) {
      // One file of a folder of the service's own stands for the folder; one of a shared folder for itself.
      std::string folder = folder_of(spot.path);
      if (!is_shared_folder(folder)) place = std::move(folder);
    }
    const std::string_view owner = owner_folder(place);
    if (!owner.empty() && is_own_name(owner.substr(owner.rfind('/') + 1), names))
      place = std::string(owner);
    paths.insert(std::move(place));
  }
  for (bool changed = true; changed;) {
    changed = false;
    std::map<std::string, std::size_t> children;
    for (const std::string& path : paths)
      if (path != "/") ++children[folder_of(path)];
    for (const auto& [parent, count] : children) {
      if (count < kManySiblings || is_shared_folder(parent)) continue;
      changed = paths.insert(parent).second || changed;
      changed = std::erase_if(paths,
                              [&](const std::string& path) {
                                return path != parent && is_at_or_below(path, parent);
                              }) != 0 ||
                changed;
    }
  }
  std::vector<Place> places;
  for (const std::string& path : paths) places.push_back({path, caution_of(path, names)});
  return places;
}

}  // namespace harden
