// SPDX-License-Identifier: LGPL-2.1-or-later
#include "deploy/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "unit/unit_name.h"
#include "util/file_write.h"
#include "util/root_dir.h"

namespace harden {
namespace {

using nlohmann::json;

constexpr int kSchema = 1;
constexpr std::size_t kFileMax = std::size_t{16} << 20U;
constexpr mode_t kDirMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr std::array<std::string_view, 4> kPhases = {"trying", "trial", "committing", "rolling-back"};

Result<void> make_dir(const std::string& path) {
  if (::mkdir(path.c_str(), kDirMode) == 0 || errno == EEXIST) return {};
  return fail_errno(errno, "cannot make the folder", {path, 0});
}

Result<std::string> read_whole(const std::string& path) {
  HARDEN_TRY(const RootDir root, RootDir::open("/"));
  return root.read_file(path, kFileMax);
}

std::optional<unsigned> read_number(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> list(const std::string& path) {
  std::vector<std::string> names;
  DIR* dir = ::opendir(path.c_str());
  if (dir == nullptr) return names;
  // Nobody else reads this stream.
  while (const dirent* entry = ::readdir(dir))  // NOLINT(concurrency-mt-unsafe)
    if (entry->d_name[0] != '.') names.emplace_back(static_cast<const char*>(entry->d_name));
  ::closedir(dir);
  std::ranges::sort(names);
  return names;
}

// Without the files' bytes, which are files of their own.
json record_of(const Generation& generation) {
  json files = json::array();
  for (const ChangedFile& file : generation.files)
    files.push_back({{"path", file.path},
                     {"before", file.before.has_value()},
                     {"after", file.after.has_value()},
                     {"mode_before", file.mode_before},
                     {"folder_made", file.folder_made}});
  return {{"schema", kSchema},
          {"number", generation.number},
          {"previous", generation.previous},
          {"made_us", generation.made_us},
          {"profile", generation.profile},
          {"grants", generation.grants},
          {"static", generation.is_static},
          {"systemd", generation.systemd},
          {"files", files}};
}

Generation generation_of(const json& record) {
  Generation generation;
  generation.number = record.at("number").get<unsigned>();
  generation.previous = record.at("previous").get<unsigned>();
  generation.made_us = record.at("made_us").get<std::uint64_t>();
  generation.profile = record.at("profile").get<std::string>();
  generation.grants = record.at("grants").get<std::string>();
  generation.is_static = record.at("static").get<bool>();
  generation.systemd = record.at("systemd").get<unsigned>();
  for (const json& file : record.at("files")) {
    ChangedFile changed;
    changed.path = file.at("path").get<std::string>();
    if (file.at("before").get<bool>()) changed.before.emplace();
    if (file.at("after").get<bool>()) changed.after.emplace();
    changed.mode_before = file.at("mode_before").get<std::uint32_t>();
    changed.folder_made = file.at("folder_made").get<bool>();
    generation.files.push_back(std::move(changed));
  }
  return generation;
}

Result<json> read_json(const std::string& path) {
  HARDEN_TRY(const std::string text, read_whole(path));
  const auto broken = [&](std::string_view what) {
    return fail(Errc::invalid, fmt::format("is no record of harden: {}", what), {path, 0},
                "it was written by something else, or by a newer harden; move it away to go on without it");
  };
  json record = json::parse(text, nullptr, false);
  if (!record.is_object()) return broken("not a JSON object");
  const auto schema = record.find("schema");
  if (schema == record.end() || *schema != kSchema) return broken("its schema is unknown");
  return record;
}

// The bytes of a generation's files, beside its record.
Result<void> write_bytes(const std::string& dir, const Generation& generation) {
  for (std::size_t i = 0; i < generation.files.size(); ++i) {
    const ChangedFile& file = generation.files[i];
    if (file.before) {
      HARDEN_CHECK(replace_file(fmt::format("{}/{}.before", dir, i), *file.before, kFileMode));
    }
    if (file.after) {
      HARDEN_CHECK(replace_file(fmt::format("{}/{}.after", dir, i), *file.after, kFileMode));
    }
  }
  return {};
}
Result<void> read_bytes(const std::string& dir, Generation& generation) {
  for (std::size_t i = 0; i < generation.files.size(); ++i) {
    ChangedFile& file = generation.files[i];
    if (file.before) {
      HARDEN_TRY(*file.before, read_whole(fmt::format("{}/{}.before", dir, i)));
    }
    if (file.after) {
      HARDEN_TRY(*file.after, read_whole(fmt::format("{}/{}.after", dir, i)));
    }
  }
  return {};
}

template <typename Read>
auto read_record(const std::string& path, Read read) -> Result<decltype(read(json()))> {
  HARDEN_TRY(const json record, read_json(path));
  try {
    return read(record);
  } catch (const json::exception& error) {
    return fail(Errc::invalid, fmt::format("is no record of harden: {}", error.what()), {path, 0});
  }
}

}  // namespace

std::string_view phase_name(DeployPhase phase) { return kPhases.at(static_cast<std::size_t>(phase)); }

Result<Store> Store::open(const std::string& dir) {
  HARDEN_CHECK(make_dir(dir));
  HARDEN_CHECK(make_dir(dir + "/units"));
  Store store(dir);
  const std::string path = dir + "/lock";
  store.lock_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!store.lock_) return fail_errno(errno, "cannot open the lock", {path, 0});
  if (::flock(store.lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno(errno, "cannot take the lock", {path, 0});
    return fail(Errc::refused, "another harden is changing this machine", {path, 0},
                "`harden status` shows what it is at; try again when it is done");
  }
  return store;
}

Result<Store> Store::open_to_read(const std::string& dir) {
  struct stat info{};
  if (::stat((dir + "/units").c_str(), &info) != 0)
    return fail_errno(errno, "cannot read what harden has changed", {dir, 0});
  return Store(dir);
}

std::vector<std::string> Store::units() const {
  std::vector<std::string> names = list(dir_ + "/units");
  std::erase_if(names, [](const std::string& name) { return !is_unit_name(name); });
  return names;
}

Result<std::string> Store::make_unit_dir(const std::string& unit) const {
  HARDEN_CHECK(make_dir(unit_dir(unit)));
  return unit_dir(unit);
}

Result<unsigned> Store::current(const std::string& unit) const {
  const std::string path = unit_dir(unit) + "/current";
  auto text = read_whole(path);
  if (!text && text.error().code == Errc::not_found) return 0U;
  if (!text) return std::unexpected(text.error());
  const auto number = read_number(*text);
  if (!number) return fail(Errc::invalid, "is no number of a generation", {path, 0});
  return *number;
}

Result<Generation> Store::generation(const std::string& unit, unsigned number) const {
  const std::string dir = fmt::format("{}/{}", unit_dir(unit), number);
  HARDEN_TRY(Generation generation, read_record(dir + "/record.json", generation_of));
  HARDEN_CHECK(read_bytes(dir, generation));
  return generation;
}

std::vector<unsigned> Store::generations(const std::string& unit) const {
  std::vector<unsigned> numbers;
  for (const std::string& name : list(unit_dir(unit)))
    if (const auto number = read_number(name);
        number && ::access(fmt::format("{}/{}/record.json", unit_dir(unit), name).c_str(), F_OK) == 0)
      numbers.push_back(*number);
  std::ranges::sort(numbers);
  return numbers;
}

Result<std::optional<Pending>> Store::pending(const std::string& unit) const {
  const std::string dir = unit_dir(unit);
  auto pending = read_record(dir + "/pending.json", [](const json& record) {
    Pending read;
    const auto phase = std::ranges::find(kPhases, record.at("phase").get<std::string>());
    if (phase == kPhases.end()) throw json::other_error::create(501, "unknown phase", nullptr);
    read.phase = static_cast<DeployPhase>(phase - kPhases.begin());
    read.generation = generation_of(record.at("generation"));
    read.deadline_us = record.at("deadline_us").get<std::uint64_t>();
    read.boot_id = record.at("boot_id").get<std::string>();
    read.restart = record.at("restart").get<bool>();
    return read;
  });
  if (!pending && pending.error().code == Errc::not_found) return std::optional<Pending>();
  if (!pending) return std::unexpected(pending.error());
  HARDEN_CHECK(read_bytes(dir + "/pending", pending->generation));
  return std::optional<Pending>(std::move(*pending));
}

Result<void> Store::set_pending(const std::string& unit, const Pending& pending) {
  HARDEN_TRY(const std::string dir, make_unit_dir(unit));
  HARDEN_CHECK(make_dir(dir + "/pending"));
  HARDEN_CHECK(write_bytes(dir + "/pending", pending.generation));
  const json record = {{"schema", kSchema},
                       {"phase", phase_name(pending.phase)},
                       {"generation", record_of(pending.generation)},
                       {"deadline_us", pending.deadline_us},
                       {"boot_id", pending.boot_id},
                       {"restart", pending.restart}};
  return replace_file(dir + "/pending.json", record.dump(2) + "\n", kFileMode);
}

Result<void> Store::clear_pending(const std::string& unit) {
  const std::string dir = unit_dir(unit);
  const std::string path = dir + "/pending.json";
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno(errno, "cannot remove", {path, 0});
  const UniqueFd folder(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) (void)::fsync(folder.get());  // if it comes back, recovery does what was done
  for (const std::string& name : list(dir + "/pending")) (void)::unlink((dir + "/pending/" + name).c_str());
  (void)::rmdir((dir + "/pending").c_str());
  return {};
}

Result<void> Store::add_generation(const std::string& unit, const Generation& generation) {
  HARDEN_TRY(const std::string unit_folder, make_unit_dir(unit));
  const std::string dir = fmt::format("{}/{}", unit_folder, generation.number);
  HARDEN_CHECK(make_dir(dir));
  HARDEN_CHECK(write_bytes(dir, generation));
  return replace_file(dir + "/record.json", record_of(generation).dump(2) + "\n", kFileMode);
}

Result<void> Store::set_current(const std::string& unit, unsigned number) {
  HARDEN_TRY(const std::string dir, make_unit_dir(unit));
  return replace_file(dir + "/current", std::to_string(number) + "\n", kFileMode);
}

Result<std::string> Store::keep_copy(const std::string& unit, std::string_view name,
                                     std::string_view bytes) {
  HARDEN_TRY(const std::string dir, make_unit_dir(unit));
  std::string path;
  for (unsigned i = 1;; ++i) {
    path = fmt::format("{}/kept-{}-{}", dir, i, name);
    if (::access(path.c_str(), F_OK) != 0) break;
  }
  HARDEN_CHECK(replace_file(path, bytes, kFileMode));
  return path;
}

}  // namespace harden
