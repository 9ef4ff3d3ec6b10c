// SPDX-License-Identifier: LGPL-2.1-or-later
// One module (a program or a shared library) as reachability sees it: a graph whose vertices are functions
// and pieces of data that hold addresses, with the symbols it takes from and gives to others, and the
// system calls that each function makes itself. It depends on the module's bytes alone, holds no path,
// and is what the cache keeps.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reach/elf_image.h"
#include "reach/flow_state.h"
#include "reach/isa.h"

namespace harden::reach {

// A place in Summary::text.
struct Text {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;

  friend bool operator==(const Text&, const Text&) = default;
};

struct Vertex {
  std::uint64_t address = 0;
  std::uint32_t first_edge = 0;   // into Summary::edges, up to the next vertex's
  Text name;                      // empty: it has none

  friend bool operator==(const Vertex&, const Vertex&) = default;
};

// Where an edge leads: a vertex of the module or one of its imports; and how: a call goes there and back,
// anything else only says that the address is known to the code.
struct Edge {
  std::uint32_t target : 30 = 0;
  std::uint32_t is_import : 1 = 0;
  std::uint32_t is_call : 1 = 0;

  friend bool operator==(const Edge&, const Edge&) = default;
};

struct Import {
  Text name, version;
  std::uint32_t hash = 0;         // hash_name(name)
  std::uint32_t own_vertex = kNone;   // the module's own definition
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  friend bool operator==(const Import&, const Import&) = default;
};

struct Export {
  Text name, version;
  std::uint32_t hash = 0;
  std::uint32_t vertex = 0;       // Import::kNone: data without addresses in it
  std::uint32_t is_hidden = 0;    // a version that only who asks for it gets
  std::uint32_t is_function = 0;

  friend bool operator==(const Export&, const Export&) = default;
};

struct SystemCall {
  std::uint32_t vertex = 0;
  std::uint16_t number = 0;
  std::uint16_t is_wrapped = 0;   // made by a function that got the number from here
  std::uint64_t site = 0;         // address of the instruction, or of the call of the wrapper

  friend bool operator==(const SystemCall&, const SystemCall&) = default;
};

// A function that makes a system call whose number it was given.
struct Wrapper {
  std::uint32_t vertex = 0;
  std::uint32_t parameters = 0;   // a bit for each

  friend bool operator==(const Wrapper&, const Wrapper&) = default;
};

enum class UnresolvedKind : std::uint32_t {
  number,         // the number comes from memory, or from where it could not be followed
  compat_call,    // int 0x80 or sysenter
};
struct Unresolved {
  std::uint32_t vertex = 0;
  UnresolvedKind kind = UnresolvedKind::number;
  std::uint64_t site = 0;

  friend bool operator==(const Unresolved&, const Unresolved&) = default;
};

// What imported functions are taken for: a name and the parameters that are system call numbers.
using WrapperNames = std::map<std::string, std::uint32_t, std::less<>>;

struct Summary {
  std::string build_id, soname, interpreter, rpath, runpath;
  std::vector<std::string> needed;
  bool is_position_independent = true;
  bool binds_to_itself = false;
  bool ignores_default_dirs = false;
  bool has_dynamic = false;
  bool is_complete = true;        // the code was read to the end; else a limit was hit
  std::uint64_t code_size = 0;    // bytes of executable segments
  std::uint32_t entry = Import::kNone;
  std::uint32_t function_count = 0;   // the first vertices; pieces of data follow
  std::string text;
  std::vector<Vertex> vertices;
  std::vector<Edge> edges;
  std::vector<Import> imports;
  std::vector<Export> exports;
  std::vector<std::uint32_t> initial;   // run or read at load: initializers, finalizers, resolvers
  std::vector<std::uint32_t> copied;    // imports whose data is copied into the program
  std::vector<SystemCall> calls;        // by vertex, then number
  std::vector<Wrapper> wrappers;        // by vertex
  std::vector<Unresolved> unresolved;
  WrapperNames assumed_wrappers;        // among the imports
  std::vector<std::string> libraries;   // strings that name shared libraries or modules
  std::vector<std::string> programs;    // strings that are paths of programs
  std::vector<std::uint32_t>
      lookups;   // hash_name() of the identifiers in its data, ascending, if it uses dlsym()
  std::string go_version;               // of a Go program
  std::vector<std::string> faults;

  [[nodiscard]] std::string_view text_of(Text place) const {
    return std::string_view(text).substr(place.offset, place.size);
  }
  [[nodiscard]] std::span<const Edge> edges_of(std::uint32_t vertex) const {
    return std::span(edges).subspan(vertices[vertex].first_edge,
                                    vertices[vertex + 1].first_edge - vertices[vertex].first_edge);
  }
  [[nodiscard]] std::uint32_t vertex_count() const {
    return static_cast<std::uint32_t>(vertices.size()) - 1;
  }
  [[nodiscard]] bool is_data(std::uint32_t vertex) const { return vertex >= function_count; }

  friend bool operator==(const Summary&, const Summary&) = default;
};

[[nodiscard]] std::uint32_t hash_name(std::string_view name);

// Never fails: what cannot be made out is in `unresolved` and `faults`. `wrappers` holds what the module's
// imports are known to be, at least syscall(2).
[[nodiscard]] Summary summarize(const ElfImage& image, const Isa& isa, const WrapperNames& wrappers);

// The default: syscall(2) of the C library takes the number in its first argument.
[[nodiscard]] const WrapperNames& known_wrappers();

}  // namespace harden::reach
