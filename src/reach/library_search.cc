// SPDX-License-Identifier: LGPL-2.1-or-later
// ld.so reads /etc/ld.so.cache, which ldconfig writes from /etc/ld.so.conf; the text is read here, since
// it says the same and a tree below --root may have no cache.
#include "reach/library_search.h"

#include <fnmatch.h>

#include <algorithm>

#include "util/text.h"

namespace harden::reach {
namespace {

constexpr std::size_t kConfMax = 1U << 20U;
constexpr int kIncludeDepth = 4;
constexpr std::size_t kFilesMax = 500;

// $ORIGIN, ${ORIGIN} and the like; nothing for a token that the linker does not know.
std::string expand(std::string_view path, std::string_view origin) {
  constexpr std::pair<std::string_view, std::string_view> kTokens[] = {
      {"ORIGIN", {}}, {"LIB", "lib/x86_64-linux-gnu"}, {"PLATFORM", "x86_64"}};
  std::string out;
  for (std::size_t at = 0; at < path.size();) {
    if (path[at] != '$') {
      out += path[at++];
      continue;
    }
    const bool braced = at + 1 < path.size() && path[at + 1] == '{';
    const std::string_view rest = path.substr(at + (braced ? 2 : 1));
    const auto token =
        std::ranges::find_if(kTokens, [&](const auto& one) { return rest.starts_with(one.first); });
    if (token == std::end(kTokens)) {
      out += path[at++];
      continue;
    }
    out += token->second.empty() ? origin : token->second;
    at += token->first.size() + (braced ? 3 : 1);
  }
  return out;
}

}  // namespace

std::string_view dir_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::vector<std::string> matching_files(const FileSystem& fs, std::string_view pattern) {
  std::vector<std::string> files;
  if (pattern.empty()) return files;
  if (pattern.find_first_of("*?[") == std::string_view::npos) return {std::string(pattern)};
  const auto entries = fs.list_dir(dir_of(pattern));
  if (!entries) return files;
  for (const DirEntry& one : *entries)
    if (files.size() < kFilesMax &&
        ::fnmatch(std::string(base_name(pattern)).c_str(), one.name.c_str(), FNM_PERIOD) == 0)
      files.push_back(std::string(dir_of(pattern)) + "/" + one.name);
  return files;
}

LibrarySearch::LibrarySearch(const FileSystem& fs, std::string_view interpreter) {
  if (base_name(interpreter).starts_with("ld-musl")) {
    if (const auto text = fs.read_file("/etc/ld-musl-x86_64.path", kConfMax))
      for (const std::string_view line : split(*text, '\n'))
        for (const std::string_view dir : split(line, ':')) add_dir(strip(dir));
    for (const char* dir :
         {"/lib", "/usr/local/lib", "/usr/lib", "/usr/lib/x86_64-linux-musl", "/lib/x86_64-linux-musl"})
      add_dir(dir);
    return;
  }
  read_conf(fs, "/etc/ld.so.conf", 0);
  for (const char* dir :
       {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"})
    add_dir(dir);
}

void LibrarySearch::add_dir(std::string_view dir) {
  if (dir.starts_with('/') && std::ranges::find(dirs_, dir) == dirs_.end()) dirs_.emplace_back(dir);
}

void LibrarySearch::read_conf(const FileSystem& fs, std::string_view path, int depth) {
  const auto text = fs.read_file(path, kConfMax);
  if (!text) return;
  for (std::string_view line : split(*text, '\n')) {
    line = strip(line.substr(0, line.find('#')));
    if (!line.starts_with("include")) {
      add_dir(line);
      continue;
    }
    if (depth == kIncludeDepth) continue;
    for (const std::string& file :
         matching_files(fs, strip(line.substr(std::string_view("include").size()))))
      read_conf(fs, file, depth + 1);
  }
}

std::vector<std::string> LibrarySearch::candidates(std::string_view name, const LoadedFrom& loader) const {
  std::vector<std::string> paths;
  if (name.find('/') != std::string_view::npos) {
    const std::string path = expand(name, loader.dir);
    if (path.starts_with('/')) paths.push_back(path);
    return paths;
  }
  const auto add = [&](std::string_view list, std::string_view origin) {
    for (const std::string_view one : split(list, ':')) {
      const std::string dir = expand(one, origin);
      if (dir.starts_with('/')) paths.push_back(dir + "/" + std::string(name));
    }
  };
  if (loader.header->runpath.empty())
    for (const LoadedFrom* one = &loader; one != nullptr; one = one->loader)
      if (one->header->runpath.empty()) add(one->header->rpath, one->dir);
  add(loader.header->runpath, loader.dir);
  if (!loader.header->ignores_default_dirs)
    for (const std::string& dir : dirs_) paths.push_back(dir + "/" + std::string(name));
  return paths;
}

}  // namespace harden::reach
