// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/fake_file_system.h"

#include <cassert>
#include <cerrno>
#include <deque>

#include "util/text.h"

namespace harden {

struct FakeFileSystem::Node {
  FileType type = FileType::directory;
  std::string text = {};  // content of a file, target of a symlink
  bool readable = true;
  std::map<std::string, Node, std::less<>> children = {};
};

struct FakeFileSystem::Place {
  const Node* node;
  std::string path;
};

FakeFileSystem::FakeFileSystem() : root_(std::make_unique<Node>()) {}
FakeFileSystem::~FakeFileSystem() = default;
FakeFileSystem::FakeFileSystem(FakeFileSystem&&) noexcept = default;
FakeFileSystem& FakeFileSystem::operator=(FakeFileSystem&&) noexcept = default;

FakeFileSystem::FakeFileSystem(std::initializer_list<std::pair<std::string_view, std::string_view>> files)
    : FakeFileSystem() {
  for (const auto& [path, content] : files) add_file(path, content);
}

void FakeFileSystem::add(std::string_view path, Node node) {
  Node* at = root_.get();
  for (std::string_view name : split(path, '/')) {
    if (name.empty()) continue;
    assert(at->type == FileType::directory && "the parent is not a directory");
    assert(name != "." && name != ".." && "paths of add_* are literal");
    at = &at->children[std::string(name)];
  }
  const bool keeps_children = node.type == FileType::directory && at->type == FileType::directory;
  if (!keeps_children) *at = std::move(node);
}

void FakeFileSystem::add_file(std::string_view path, std::string_view content) {
  add(path, {.type = FileType::regular, .text = std::string(content)});
}
void FakeFileSystem::add_symlink(std::string_view path, std::string_view target) {
  add(path, {.type = FileType::symlink, .text = std::string(target)});
}
void FakeFileSystem::add_dir(std::string_view path) { add(path, {}); }
void FakeFileSystem::add_null_device(std::string_view path) { add(path, {.type = FileType::null_device}); }
void FakeFileSystem::add_special(std::string_view path) { add(path, {.type = FileType::other}); }
void FakeFileSystem::add_unreadable(std::string_view path) {
  add(path, {.type = FileType::regular, .readable = false});
}

void FakeFileSystem::remove(std::string_view path) {
  Node* at = root_.get();
  Node* parent = nullptr;
  std::string_view last;
  for (std::string_view name : split(path, '/')) {
    if (name.empty()) continue;
    const auto child = at->children.find(name);
    if (child == at->children.end()) return;
    parent = at;
    last = name;
    at = &child->second;
  }
  if (parent != nullptr) parent->children.erase(parent->children.find(last));
}

// The kernel's rules, spelled out once more and independently of RootDir: components are taken from
// the left, ".." at the root stays, an absolute target starts at the root again, 40 symlinks are the most.
Result<FakeFileSystem::Place> FakeFileSystem::find(std::string_view path, bool follow_last) const {
  const std::string shown(path);
  if (path.find('\0') != std::string_view::npos) return fail(Errc::invalid, "the path holds a NUL byte");
  if (path.empty()) return fail_errno(ENOENT, shown);

  std::vector<std::pair<const Node*, std::string>> at{{root_.get(), ""}};
  std::deque<std::string> ahead;
  for (std::string_view name : split(path, '/')) ahead.emplace_back(name);
  int links = 0;
  while (!ahead.empty()) {
    const std::string name = ahead.front();
    ahead.pop_front();
    if (name.empty() && !ahead.empty()) continue;  // "a//b"; an empty last name is a trailing slash
    if (at.back().first->type != FileType::directory) return fail_errno(ENOTDIR, shown);
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      if (at.size() > 1) at.pop_back();
      continue;
    }
    const auto child = at.back().first->children.find(name);
    if (child == at.back().first->children.end()) return fail_errno(ENOENT, shown);
    if (child->second.type != FileType::symlink || (ahead.empty() && !follow_last)) {
      at.emplace_back(&child->second, name);
      continue;
    }
    if (++links > 40) return fail(Errc::invalid, shown + ": too many levels of symlinks");
    const std::string& target = child->second.text;
    if (target.starts_with('/')) at.resize(1);
    std::vector<std::string_view> names = split(target, '/');
    // A target's own trailing slash asks for a directory, as the slash after the link does.
    for (auto it = names.rbegin(); it != names.rend(); ++it) ahead.emplace_front(*it);
  }

  std::string resolved;
  for (const auto& step : at) {
    if (!step.second.empty()) resolved.append("/").append(step.second);
  }
  return Place{at.back().first, resolved.empty() ? "/" : resolved};
}

Result<std::string> FakeFileSystem::read_file(std::string_view path, std::size_t limit) const {
  HARDEN_TRY(const Place place, find(path, true));
  if (place.node->type == FileType::null_device) return std::string();
  if (place.node->type != FileType::regular) {
    return fail(Errc::invalid, std::string(path) + " is not a regular file");
  }
  if (!place.node->readable) return fail_errno(EACCES, "cannot read " + std::string(path));
  if (place.node->text.size() > limit) return fail(Errc::too_large, std::string(path) + " is too large");
  return place.node->text;
}

Result<std::vector<DirEntry>> FakeFileSystem::list_dir(std::string_view path) const {
  HARDEN_TRY(const Place place, find(path, true));
  if (place.node->type != FileType::directory) return fail_errno(ENOTDIR, std::string(path));
  std::vector<DirEntry> entries;
  entries.reserve(place.node->children.size());
  for (const auto& [name, node] : place.node->children) entries.push_back({name, node.type});
  return entries;
}

Result<std::string> FakeFileSystem::read_link(std::string_view path) const {
  HARDEN_TRY(const Place place, find(path, false));
  if (place.node->type != FileType::symlink) {
    return fail(Errc::invalid, std::string(path) + " is not a symlink");
  }
  return place.node->text;
}

Result<std::string> FakeFileSystem::resolve(std::string_view path) const {
  HARDEN_TRY(Place place, find(path, true));
  return std::move(place.path);
}

Result<FileType> FakeFileSystem::stat_type(std::string_view path) const {
  HARDEN_TRY(const Place place, find(path, true));
  return place.node->type;
}

}  // namespace harden
