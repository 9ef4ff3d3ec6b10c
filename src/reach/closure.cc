// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/closure.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace harden::reach {
namespace {

constexpr std::size_t kModulesMax = 2000;
constexpr int kRounds = 4;   // of wrappers that call wrappers of other modules

ModuleHeader header_of(const ElfImage& image) {
  ModuleHeader header{std::string(image.soname()),
                      std::string(image.interpreter()),
                      std::string(image.rpath()),
                      std::string(image.runpath()),
                      {},
                      image.ignores_default_dirs()};
  for (const std::string_view one : image.needed()) header.needed.emplace_back(one);
  return header;
}
ModuleHeader header_of(const Summary& summary) {
  return {summary.soname,  summary.interpreter, summary.rpath,
          summary.runpath, summary.needed,      summary.ignores_default_dirs};
}

}  // namespace

// What summarize_modules() needs of a module's file. The image points into the bytes.
struct Closure::Pending {
  std::string bytes;
  std::optional<ElfImage> image;
  std::optional<FileIdentity> identity;
};

Closure::Closure(const FileSystem& fs, const Isa& isa, const Cache* cache)
    : fs_(&fs), isa_(&isa), cache_(cache) {}
Closure::~Closure() = default;
Closure::Closure(Closure&&) noexcept = default;
Closure& Closure::operator=(Closure&&) noexcept = default;

Result<Closure> Closure::load(const FileSystem& fs, std::string_view program, const Isa& isa,
                              const Cache* cache) {
  Closure closure(fs, isa, cache);
  auto resolved = fs.resolve(program);
  if (!resolved) return std::unexpected(std::move(resolved).error());
  HARDEN_TRY(Module * first, closure.open(*resolved, "program"));
  closure.search_ = std::make_unique<LibrarySearch>(fs, first->header.interpreter);
  // Preloaded libraries come behind the program and before all that is needed.
  if (!first->header.interpreter.empty())
    if (const auto preload = fs.read_file("/etc/ld.so.preload", 1U << 16U)) {
      std::size_t at = 0;
      while ((at = preload->find_first_not_of(" \t\n:", at)) != std::string::npos) {
        const std::size_t end = std::min(preload->find_first_of(" \t\n:", at), preload->size());
        closure.modules_[0]->header.needed.insert(closure.modules_[0]->header.needed.begin(),
                                                  preload->substr(at, end - at));
        at = end;
      }
    }
  closure.add_needed(0);
  if (!first->header.interpreter.empty()) {
    auto path = fs.resolve(first->header.interpreter);
    auto known = path ? closure.by_name_.find(*path) : closure.by_name_.end();
    if (path && known == closure.by_name_.end())
      if (auto loader = closure.open(*path, "interpreter")) known = closure.by_name_.find(*path);
    if (known != closure.by_name_.end())
      known->second->is_loader = true;
    else
      closure.missing_.push_back("the interpreter " + first->header.interpreter);
  }
  return closure;
}

Result<Module*> Closure::open(const std::string& path, std::string reason) {
  if (modules_.size() >= kModulesMax) return fail(Errc::too_large, "there are more than 2000 modules");
  auto pending = std::make_unique<Pending>();
  auto module = std::make_unique<Module>();
  module->path = path;
  module->reason = std::move(reason);
  const auto identity = fs_->identify(path);
  if (identity) pending->identity = *identity;
  std::optional<Summary> cached;
  if (cache_ != nullptr && identity) cached = cache_->find(*identity);
  if (cached) {
    module->header = header_of(*cached);
    module->summary = std::move(*cached);
    module->is_from_cache = true;
    pending.reset();
  } else {
    auto bytes = fs_->read_file(path, Limits::file_size);
    if (!bytes) return std::unexpected(std::move(bytes).error());
    pending->bytes = std::move(*bytes);
    auto image = ElfImage::parse(Bytes(pending->bytes));
    if (!image) return std::unexpected(std::move(image).error().with_context(path));
    module->header = header_of(*image);
    pending->image = std::move(*image);
  }
  Module* result = module.get();
  by_name_.try_emplace(path, result);
  if (!result->header.soname.empty()) by_name_.try_emplace(result->header.soname, result);
  modules_.push_back(std::move(module));
  pending_.push_back(std::move(pending));
  loaded_from_.push_back(
      std::make_unique<LoadedFrom>(LoadedFrom{&result->header, dir_of(result->path), nullptr}));
  return result;
}

// Breadth first, as the dynamic linker orders its scope.
void Closure::add_needed(std::size_t first) {
  for (std::size_t i = first; i < modules_.size(); ++i) {
    const std::vector<std::string> needed = modules_[i]->header.needed;
    for (const std::string& name : needed) {
      if (by_name_.contains(name)) continue;
      bool is_found = false;
      for (const std::string& candidate : search_->candidates(name, *loaded_from_[i])) {
        const auto path = fs_->resolve(candidate);
        if (!path) continue;
        if (const auto known = by_name_.find(*path); known != by_name_.end()) {
          by_name_.emplace(name, known->second);
          is_found = true;
          break;
        }
        auto module = open(*path, "needed by " + modules_[i]->path);
        if (!module) continue;   // a 32-bit library of that name is passed over, as the linker does
        (*module)->group = modules_[i]->group;
        loaded_from_.back()->loader = loaded_from_[i].get();
        by_name_.emplace(name, *module);
        is_found = true;
        break;
      }
      if (!is_found) {
        missing_.push_back(name + ", needed by " + modules_[i]->path);
        by_name_.emplace(name, nullptr);   // said once
      }
    }
  }
}

bool Closure::add_plugin(std::string_view name, std::string_view reason, bool is_required) {
  const std::string key(name);
  const auto mark = [&](Module* module) {
    if (module == nullptr) return false;
    if (!module->is_plugin && module != modules_[0].get() && !module->is_loader) {
      module->is_plugin = true;
      module->reason += fmt::format("; {}", reason);
    }
    return true;
  };
  if (const auto known = by_name_.find(key); known != by_name_.end()) return mark(known->second);
  std::vector<std::string> candidates = {key};
  if (name.find('/') == std::string_view::npos) candidates = search_->candidates(name, *loaded_from_[0]);
  for (const std::string& candidate : candidates) {
    const auto path = fs_->resolve(candidate);
    if (!path) continue;
    if (const auto known = by_name_.find(*path); known != by_name_.end()) {
      by_name_.emplace(key, known->second);
      return mark(known->second);
    }
    auto module = open(*path, std::string(reason));
    if (!module) continue;
    (*module)->is_plugin = true;
    (*module)->group = ++groups_;
    by_name_.emplace(key, *module);
    add_needed(modules_.size() - 1);
    return true;
  }
  if (is_required) missing_.push_back(fmt::format("{}, {}", name, reason));
  return false;
}

bool Closure::has_library(std::string_view soname) const {
  const auto known = by_name_.find(std::string(soname));
  return known != by_name_.end() && known->second != nullptr;
}

WrapperNames Closure::exported_wrappers() const {
  WrapperNames names = known_wrappers();
  for (const auto& module : modules_) {
    const Summary& s = module->summary;
    for (const Export& one : s.exports) {
      const auto at = std::ranges::lower_bound(s.wrappers, one.vertex, {}, &Wrapper::vertex);
      if (at != s.wrappers.end() && at->vertex == one.vertex && one.is_function != 0)
        names[std::string(s.text_of(one.name))] |= at->parameters;
    }
  }
  return names;
}

// A module that came from the cache has to be read after all.
void Closure::reopen(std::size_t index) {
  if (pending_[index]) return;
  auto pending = std::make_unique<Pending>();
  const std::string& path = modules_[index]->path;
  if (const auto identity = fs_->identify(path)) pending->identity = *identity;
  auto bytes = fs_->read_file(path, Limits::file_size);
  if (!bytes) return;
  pending->bytes = std::move(*bytes);
  auto image = ElfImage::parse(Bytes(pending->bytes));
  if (!image) return;
  pending->image = std::move(*image);
  pending_[index] = std::move(pending);
}

void Closure::summarize_modules(const std::function<void(std::size_t done, std::size_t all)>& progress) {
  WrapperNames names = known_wrappers();
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::size_t> todo;
    for (std::size_t i = 0; i < modules_.size(); ++i) {
      Summary& summary = modules_[i]->summary;
      const bool is_missing = summary.vertices.empty();
      // A module that imports what turned out to be a wrapper was read without knowing it.
      bool is_stale = false;
      if (!is_missing && round > 0)
        is_stale = std::ranges::any_of(summary.imports, [&](const Import& one) {
          const auto name = names.find(summary.text_of(one.name));
          if (name == names.end() || one.own_vertex != Import::kNone) return false;
          const auto assumed = summary.assumed_wrappers.find(name->first);
          return assumed == summary.assumed_wrappers.end() || (name->second & ~assumed->second) != 0;
        });
      if (is_stale) reopen(i);
      if (pending_[i] && (is_missing || is_stale)) todo.push_back(i);
    }
    if (todo.empty() && round > 0) break;
    // The largest first, so that no thread ends up alone with it.
    std::ranges::sort(todo, std::ranges::greater(),
                      [&](std::size_t i) { return pending_[i] ? pending_[i]->bytes.size() : 0; });
    std::atomic<std::size_t> next = 0, done = 0;
    std::mutex mutex;
    const auto work = [&] {
      for (std::size_t k = next++; k < todo.size(); k = next++) {
        Module& module = *modules_[todo[k]];
        Pending* pending = pending_[todo[k]].get();
        if (pending != nullptr && pending->image) module.summary = summarize(*pending->image, *isa_, names);
        const std::scoped_lock lock(mutex);
        if (progress) progress(++done, todo.size());
      }
    };
    std::size_t work_bytes = 0;
    for (const std::size_t i : todo) work_bytes += pending_[i] ? pending_[i]->bytes.size() : 0;
    constexpr std::size_t kWorthThreads = 512U << 10U;
    const std::size_t threads =
        work_bytes < kWorthThreads
            ? 1
            : std::min<std::size_t>(std::thread::hardware_concurrency(), todo.size());
    {
      std::vector<std::jthread> pool;
      for (std::size_t i = 1; i < threads; ++i) pool.emplace_back(work);
      work();
    }
    names = exported_wrappers();
  }
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    if (!pending_[i]) continue;
    const auto& identity = pending_[i]->identity;
    if (cache_ != nullptr && identity && fs_->identify(modules_[i]->path) == *identity)
      cache_->keep(*identity, modules_[i]->summary);
    pending_[i].reset();
  }
}

}  // namespace harden::reach
