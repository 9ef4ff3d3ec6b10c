// SPDX-License-Identifier: LGPL-2.1-or-later
// A bounds-checked view of an ELF file as the dynamic linker would load it: segments, the dynamic section,
// symbols with their versions, relocations. Everything is found by the program headers, as at run time;
// section headers serve for symbols that the loader does not need and are optional.
//
// The bytes are untrusted: every offset, count and address is checked, every table has a limit. A file that
// breaks the rules in one table loses that table and says so in faults(); one that is no x86-64 ELF fails.
#pragma once

#include <elf.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reach/bytes.h"
#include "util/result.h"

namespace harden::reach {

struct Segment {
  std::uint64_t address = 0;
  std::uint64_t memory_size = 0;
  Bytes bytes;  // what the file has of it
  bool is_executable = false;
  bool is_writable = false;

  [[nodiscard]] bool contains(std::uint64_t at) const { return at - address < memory_size; }
};

struct Section {
  std::string_view name;
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::uint32_t type = 0;
  std::uint64_t flags = 0;
};

enum class SymbolKind : std::uint8_t { none, function, object, ifunc, tls, other };

struct Symbol {
  std::string_view name;
  std::string_view version;  // "GLIBC_2.34"; empty without one
  std::uint64_t value = 0;
  std::uint64_t size = 0;
  SymbolKind kind = SymbolKind::none;
  bool is_defined = false;
  bool is_local = false;
  bool is_weak = false;
  bool is_hidden_version = false;  // "name@VERSION": found only by who asks for that version
};

enum class RelocationKind : std::uint8_t {
  relative,  // the slot becomes base + addend
  symbol,  // the address of a symbol plus addend: data, GLOB_DAT
  jump_slot,
  irelative,  // what the resolver at base + addend returns
  copy,  // the symbol's object is copied here
};

struct Relocation {
  std::uint64_t slot = 0;  // address of the word that is written
  std::uint64_t addend = 0;  // an address for relative and irelative
  std::uint32_t symbol = 0;  // index into symbols()
  RelocationKind kind = RelocationKind::relative;
};

struct Limits {
  static constexpr std::size_t file_size = std::size_t{1} << 30U;
  static constexpr std::size_t segments = 256;
  static constexpr std::size_t sections = 1U << 16U;
  static constexpr std::size_t symbols = 4U << 20U;
  static constexpr std::size_t relocations = 8U << 20U;
  static constexpr std::size_t needed = 1024;
};

class ElfImage {
 public:
  // `bytes` must outlive the image. Errc::invalid: no ELF, or cut off in its headers; Errc::unsupported:
  // an ELF for another machine, 32 bits, big-endian, or no program (relocatable, core), said in words.
  [[nodiscard]] static Result<ElfImage> parse(Bytes bytes);

  [[nodiscard]] std::uint16_t type() const { return type_; }  // ET_EXEC, ET_DYN
  [[nodiscard]] bool is_position_independent() const { return type_ == ET_DYN; }
  [[nodiscard]] std::uint64_t entry() const { return entry_; }
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  [[nodiscard]] const std::vector<Section>& sections() const { return sections_; }
  [[nodiscard]] const Section* find_section(std::string_view name) const;

  [[nodiscard]] bool has_dynamic() const { return has_dynamic_; }
  [[nodiscard]] std::string_view interpreter() const { return interpreter_; }  // empty: none
  [[nodiscard]] std::string_view soname() const { return soname_; }
  [[nodiscard]] const std::vector<std::string_view>& needed() const { return needed_; }
  [[nodiscard]] std::string_view rpath() const { return rpath_; }
  [[nodiscard]] std::string_view runpath() const { return runpath_; }
  [[nodiscard]] bool binds_to_itself() const { return is_symbolic_; }  // DT_SYMBOLIC, DF_SYMBOLIC
  [[nodiscard]] bool ignores_default_dirs() const { return no_default_lib_; }  // DF_1_NODEFLIB
  [[nodiscard]] std::string build_id() const { return build_id_; }  // in hexadecimal; empty: none

  // DT_INIT, DT_FINI; the words of DT_PREINIT_ARRAY, DT_INIT_ARRAY and DT_FINI_ARRAY are read where no
  // relocation writes them.
  [[nodiscard]] const std::vector<std::uint64_t>& initializers() const { return initializers_; }
  struct Range {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
  };
  [[nodiscard]] const std::vector<Range>& initializer_arrays() const { return initializer_arrays_; }

  // Of the dynamic symbol table, index 0 included.
  [[nodiscard]] const std::vector<Symbol>& symbols() const { return symbols_; }
  // Of .symtab, where the file was not stripped.
  [[nodiscard]] const std::vector<Symbol>& static_symbols() const { return static_symbols_; }
  // By slot, ascending.
  [[nodiscard]] const std::vector<Relocation>& relocations() const { return relocations_; }
  // Of .eh_frame_hdr; nothing without one.
  [[nodiscard]] std::optional<std::uint64_t> eh_frame_header() const { return eh_frame_header_; }

  [[nodiscard]] const Segment* segment_at(std::uint64_t address) const;
  // The bytes of the file from that address to the end of its segment's part of the file.
  [[nodiscard]] Bytes bytes_at(std::uint64_t address) const;
  [[nodiscard]] bool is_code(std::uint64_t address) const;

  // What was left out since it breaks the format, in words.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }

 private:
  struct Dynamic;
  void read_segments(const Elf64_Ehdr& header, std::vector<Elf64_Phdr>& headers);
  void read_sections(const Elf64_Ehdr& header);
  void read_notes(Bytes notes, std::uint64_t align);
  void read_dynamic(Bytes table);
  void read_symbols(const Dynamic& dynamic);
  void read_versions(const Dynamic& dynamic, std::vector<std::string_view>& names);
  [[nodiscard]] std::size_t count_symbols(const Dynamic& dynamic) const;
  void read_relocations(const Dynamic& dynamic);
  void read_rela(std::uint64_t address, std::uint64_t size);
  void read_relr(std::uint64_t address, std::uint64_t size);
  void read_static_relocations();
  void read_static_symbols();
  void add_fault(std::string text);

  Bytes file_;
  std::uint16_t type_ = 0;
  std::uint64_t entry_ = 0;
  std::vector<Segment> segments_;
  std::vector<Section> sections_;
  bool has_dynamic_ = false;
  bool is_symbolic_ = false;
  bool no_default_lib_ = false;
  std::string_view interpreter_, soname_, rpath_, runpath_;
  std::vector<std::string_view> needed_;
  std::string build_id_;
  std::vector<std::uint64_t> initializers_;
  std::vector<Range> initializer_arrays_;
  std::vector<Symbol> symbols_, static_symbols_;
  std::vector<Relocation> relocations_;
  std::optional<std::uint64_t> eh_frame_header_;
  std::vector<std::string> faults_;
};

}  // namespace harden::reach
