// SPDX-License-Identifier: LGPL-2.1-or-later
// From single files to the folders that an expert would name: the next run writes other files than the one
// that was recorded, but into the same places. docs/suggest.md has the rules in prose.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace harden {

// Words that a service's own folders are named by: its unit, its user, its programs; lower case.
using OwnNames = std::set<std::string, std::less<>>;

struct Place {
  std::string path;
  std::string_view caution;   // why one would think twice, a clause; or empty
  friend auto operator<=>(const Place&, const Place&) = default;
};

// One thing of the file tree that has to be opened.
struct Spot {
  std::string path;
  bool is_file = false;   // itself, as it stands; else what is in the folder
  friend auto operator<=>(const Spot&, const Spot&) = default;
};

// Folders and files that cover all the spots, sorted. A folder stands for what is at or below it.
[[nodiscard]] std::vector<Place> generalize(std::span<const Spot> spots, const OwnNames& names);

// One that belongs to the whole system: "/", "/etc", "/var/lib".
[[nodiscard]] bool is_shared_folder(std::string_view path);
// One that no service can have to itself, since the system's parts meet there: "/", "/usr", "/var",
// "/home".
[[nodiscard]] bool is_system_folder(std::string_view path);
// A part of a name that another run would not have: a number, a date, letters at random.
[[nodiscard]] bool is_fleeting_name(std::string_view name);
// The nearest folder at or above both.
[[nodiscard]] std::string common_folder(std::string_view a, std::string_view b);
[[nodiscard]] std::string folder_of(std::string_view path);
// What speaks against opening it to be written; empty if nothing does.
[[nodiscard]] std::string_view caution_of(std::string_view path, const OwnNames& names);

}  // namespace harden
