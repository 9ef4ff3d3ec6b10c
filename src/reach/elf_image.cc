// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/elf_image.h"

#include <fmt/core.h>

#include <algorithm>

// Of newer binutils than Debian 12's headers know.
#ifndef DT_RELR
#define DT_RELRSZ 35
#define DT_RELR 36
#define DT_RELRENT 37
#endif

namespace harden::reach {
namespace {

constexpr std::size_t kFaultsMax = 20;

SymbolKind kind_of(unsigned char info) {
  switch (ELF64_ST_TYPE(info)) {
    case STT_NOTYPE:
      return SymbolKind::none;
    case STT_FUNC:
      return SymbolKind::function;
    case STT_OBJECT:
    case STT_COMMON:
      return SymbolKind::object;
    case STT_GNU_IFUNC:
      return SymbolKind::ifunc;
    case STT_TLS:
      return SymbolKind::tls;
    default:
      return SymbolKind::other;
  }
}

std::optional<RelocationKind> kind_of(std::uint64_t type) {
  switch (type) {
    case R_X86_64_RELATIVE:
    case R_X86_64_RELATIVE64:
      return RelocationKind::relative;
    case R_X86_64_64:
    case R_X86_64_GLOB_DAT:
      return RelocationKind::symbol;
    case R_X86_64_JUMP_SLOT:
      return RelocationKind::jump_slot;
    case R_X86_64_IRELATIVE:
      return RelocationKind::irelative;
    case R_X86_64_COPY:
      return RelocationKind::copy;
    default:
      return std::nullopt;   // thread-local storage, sizes: no addresses of code
  }
}

std::string_view machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_386:
      return "32-bit x86";
    case EM_AARCH64:
      return "aarch64";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    case EM_PPC64:
      return "PowerPC 64";
    case EM_S390:
      return "S/390";
    case EM_MIPS:
      return "MIPS";
    default:
      return {};
  }
}

}  // namespace

struct ElfImage::Dynamic {
  std::uint64_t string_table = 0, string_size = 0, symbol_table = 0;
  std::uint64_t hash = 0, gnu_hash = 0;
  std::uint64_t rela = 0, rela_size = 0, jump = 0, jump_size = 0, relr = 0, relr_size = 0;
  std::uint64_t version = 0, verdef = 0, verneed = 0, verdef_count = 0, verneed_count = 0;
};

void ElfImage::add_fault(std::string text) {
  if (faults_.size() < kFaultsMax) faults_.push_back(std::move(text));
}

Result<ElfImage> ElfImage::parse(Bytes bytes) {
  const auto header = bytes.read<Elf64_Ehdr>(0);
  const auto magic = bytes.slice(0, SELFMAG);
  if (!magic || std::memcmp(magic->data(), ELFMAG, SELFMAG) != 0)
    return fail(Errc::invalid, "is no ELF file");
  if (bytes.size() > Limits::file_size) return fail(Errc::too_large, "is larger than 1 GiB");
  const auto ident = bytes.slice(0, EI_NIDENT);
  if (!ident) return fail(Errc::invalid, "is an ELF file cut off in its header");
  if (ident->data()[EI_DATA] != ELFDATA2LSB)
    return fail(Errc::unsupported, "is a big-endian ELF file; only x86-64 is read");
  if (ident->data()[EI_CLASS] != ELFCLASS64)
    return fail(Errc::unsupported, "is a 32-bit ELF file; only x86-64 is read");
  if (!header) return fail(Errc::invalid, "is an ELF file cut off in its header");
  if (header->e_machine != EM_X86_64) {
    const std::string_view name = machine_name(header->e_machine);
    return fail(Errc::unsupported, fmt::format("is an ELF file for {}; only x86-64 is read",
                                               name.empty() ? fmt::format("machine {}", header->e_machine)
                                                            : std::string(name)));
  }
  if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
    return fail(Errc::unsupported, "is an ELF file, but neither a program nor a shared library");

  ElfImage image;
  image.file_ = bytes;
  image.type_ = header->e_type;
  image.entry_ = header->e_entry;
  std::vector<Elf64_Phdr> headers;
  image.read_segments(*header, headers);
  if (image.segments_.empty()) return fail(Errc::invalid, "is an ELF file without a segment to load");
  image.read_sections(*header);
  for (const Elf64_Phdr& one : headers) {
    const auto part = bytes.slice(one.p_offset, one.p_filesz);
    if (!part) continue;   // read_segments has said so
    if (one.p_type == PT_INTERP) image.interpreter_ = part->c_string(0).value_or("");
    if (one.p_type == PT_NOTE) image.read_notes(*part, one.p_align);
    if (one.p_type == PT_GNU_EH_FRAME) image.eh_frame_header_ = one.p_vaddr;
    if (one.p_type == PT_DYNAMIC && !image.has_dynamic_) image.read_dynamic(*part);
  }
  if (!image.has_dynamic_) image.read_static_relocations();
  image.read_static_symbols();
  std::ranges::stable_sort(image.relocations_, {}, &Relocation::slot);
  return image;
}

void ElfImage::read_segments(const Elf64_Ehdr& header, std::vector<Elf64_Phdr>& headers) {
  if (header.e_phentsize != sizeof(Elf64_Phdr)) return;
  for (std::size_t i = 0; i < header.e_phnum && i < Limits::segments; ++i) {
    const auto one = file_.read<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    if (!one) return add_fault("the program headers are cut off");
    headers.push_back(*one);
    const auto part = file_.slice(one->p_offset, one->p_filesz);
    if (!part && one->p_type != PT_GNU_STACK)
      add_fault(fmt::format("segment {} lies outside of the file", i));
    if (one->p_type != PT_LOAD || one->p_memsz == 0) continue;
    if (one->p_vaddr + one->p_memsz < one->p_vaddr) {
      add_fault(fmt::format("segment {} wraps around", i));
      continue;
    }
    Segment segment{one->p_vaddr, one->p_memsz, part.value_or(Bytes()), (one->p_flags & PF_X) != 0,
                    (one->p_flags & PF_W) != 0};
    if (segment.bytes.size() > one->p_memsz) segment.bytes = *segment.bytes.slice(0, one->p_memsz);
    segments_.push_back(segment);
  }
}

void ElfImage::read_sections(const Elf64_Ehdr& header) {
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff == 0) return;
  const auto first = file_.read<Elf64_Shdr>(header.e_shoff);
  if (!first) return add_fault("the section headers are cut off");
  const std::uint64_t count = header.e_shnum != 0 ? header.e_shnum : first->sh_size;
  const std::uint64_t names_at = header.e_shstrndx != SHN_XINDEX ? header.e_shstrndx : first->sh_link;
  if (count > Limits::sections) return add_fault("there are too many sections");
  std::vector<Elf64_Shdr> headers;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto one = file_.read<Elf64_Shdr>(header.e_shoff + i * sizeof(Elf64_Shdr));
    if (!one) return add_fault("the section headers are cut off");
    headers.push_back(*one);
  }
  Bytes names;
  if (names_at < headers.size())
    names = file_.slice(headers[names_at].sh_offset, headers[names_at].sh_size).value_or(Bytes());
  for (const Elf64_Shdr& one : headers)
    sections_.push_back({names.c_string(one.sh_name, 255).value_or(""), one.sh_addr, one.sh_size,
                         one.sh_offset, one.sh_type, one.sh_flags});
}

const Section* ElfImage::find_section(std::string_view name) const {
  const auto at = std::ranges::find(sections_, name, &Section::name);
  return at == sections_.end() ? nullptr : &*at;
}

void ElfImage::read_notes(Bytes notes, std::uint64_t align) {
  const std::uint64_t unit = align == 8 ? 8 : 4;
  const auto padded = [unit](std::uint64_t size) { return (size + unit - 1) / unit * unit; };
  std::uint64_t at = 0;
  while (const auto note = notes.read<Elf64_Nhdr>(at)) {
    const std::uint64_t name_at = at + sizeof(Elf64_Nhdr);
    const std::uint64_t text_at = at + padded(sizeof(Elf64_Nhdr) + std::uint64_t{note->n_namesz});
    const auto name = notes.slice(name_at, note->n_namesz);
    const auto text = notes.slice(text_at, note->n_descsz);
    if (!name || !text) return;
    constexpr std::size_t kIdMax = 64;
    if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
        std::memcmp(name->data(), "GNU", 4) == 0 && text->size() <= kIdMax && build_id_.empty())
      for (std::size_t i = 0; i < text->size(); ++i) build_id_ += fmt::format("{:02x}", text->data()[i]);
    at = text_at + padded(note->n_descsz);
  }
}

void ElfImage::read_dynamic(Bytes table) {
  has_dynamic_ = true;
  Dynamic dynamic;
  std::vector<std::uint64_t> needed;
  std::optional<std::uint64_t> soname, rpath, runpath;
  Range preinit, init, fini;
  for (std::uint64_t at = 0; const auto one = table.read<Elf64_Dyn>(at); at += sizeof(Elf64_Dyn)) {
    const std::uint64_t value = one->d_un.d_val;
    if (one->d_tag == DT_NULL) break;
    switch (one->d_tag) {
      case DT_NEEDED:
        if (needed.size() < Limits::needed) needed.push_back(value);
        break;
      case DT_SONAME:
        soname = value;
        break;
      case DT_RPATH:
        rpath = value;
        break;
      case DT_RUNPATH:
        runpath = value;
        break;
      case DT_STRTAB:
        dynamic.string_table = value;
        break;
      case DT_STRSZ:
        dynamic.string_size = value;
        break;
      case DT_SYMTAB:
        dynamic.symbol_table = value;
        break;
      case DT_HASH:
        dynamic.hash = value;
        break;
      case DT_GNU_HASH:
        dynamic.gnu_hash = value;
        break;
      case DT_RELA:
        dynamic.rela = value;
        break;
      case DT_RELASZ:
        dynamic.rela_size = value;
        break;
      case DT_JMPREL:
        dynamic.jump = value;
        break;
      case DT_PLTRELSZ:
        dynamic.jump_size = value;
        break;
      case DT_RELR:
        dynamic.relr = value;
        break;
      case DT_RELRSZ:
        dynamic.relr_size = value;
        break;
      case DT_VERSYM:
        dynamic.version = value;
        break;
      case DT_VERDEF:
        dynamic.verdef = value;
        break;
      case DT_VERDEFNUM:
        dynamic.verdef_count = value;
        break;
      case DT_VERNEED:
        dynamic.verneed = value;
        break;
      case DT_VERNEEDNUM:
        dynamic.verneed_count = value;
        break;
      case DT_SYMBOLIC:
        is_symbolic_ = true;
        break;
      case DT_FLAGS:
        is_symbolic_ = is_symbolic_ || (value & DF_SYMBOLIC) != 0;
        break;
      case DT_FLAGS_1:
        no_default_lib_ = (value & DF_1_NODEFLIB) != 0;
        break;
      case DT_INIT:
      case DT_FINI:
        if (value != 0) initializers_.push_back(value);
        break;
      case DT_PREINIT_ARRAY:
        preinit.address = value;
        break;
      case DT_PREINIT_ARRAYSZ:
        preinit.size = value;
        break;
      case DT_INIT_ARRAY:
        init.address = value;
        break;
      case DT_INIT_ARRAYSZ:
        init.size = value;
        break;
      case DT_FINI_ARRAY:
        fini.address = value;
        break;
      case DT_FINI_ARRAYSZ:
        fini.size = value;
        break;
      default:
        break;
    }
  }
  for (const Range& one : {preinit, init, fini})
    if (one.address != 0 && one.size != 0) initializer_arrays_.push_back(one);
  const Bytes strings = bytes_at(dynamic.string_table).slice(0, dynamic.string_size).value_or(Bytes());
  const auto text = [&](std::optional<std::uint64_t> offset) -> std::string_view {
    return offset ? strings.c_string(*offset).value_or("") : "";
  };
  for (const std::uint64_t offset : needed) needed_.push_back(text(offset));
  std::erase(needed_, std::string_view());
  soname_ = text(soname);
  rpath_ = text(rpath);
  runpath_ = text(runpath);
  read_symbols(dynamic);
  read_relocations(dynamic);
}

// The table has no length of its own: the hash table over it tells.
std::size_t ElfImage::count_symbols(const Dynamic& dynamic) const {
  if (dynamic.hash != 0)
    if (const auto count = bytes_at(dynamic.hash).read<std::uint32_t>(4)) return *count;
  if (dynamic.gnu_hash == 0) return 0;
  const Bytes table = bytes_at(dynamic.gnu_hash);
  const auto buckets = table.read<std::uint32_t>(0), first = table.read<std::uint32_t>(4),
             bloom = table.read<std::uint32_t>(8);
  if (!buckets || !first || !bloom) return 0;
  const std::uint64_t buckets_at = 16 + std::uint64_t{*bloom} * 8;
  const std::uint64_t chains_at = buckets_at + std::uint64_t{*buckets} * 4;
  std::uint32_t last = 0;
  for (std::uint64_t i = 0; i < *buckets; ++i) {
    const auto bucket = table.read<std::uint32_t>(buckets_at + i * 4);
    if (!bucket) return 0;
    last = std::max(last, *bucket);
  }
  if (last < *first) return *first;
  while (last < Limits::symbols) {
    const auto hash = table.read<std::uint32_t>(chains_at + std::uint64_t{last - *first} * 4);
    if (!hash) return 0;
    ++last;
    if ((*hash & 1U) != 0) return last;
  }
  return last;
}

void ElfImage::read_versions(const Dynamic& dynamic, std::vector<std::string_view>& names) {
  const Bytes strings = bytes_at(dynamic.string_table).slice(0, dynamic.string_size).value_or(Bytes());
  const auto name = [&](std::uint16_t index, std::uint32_t offset) {
    const std::size_t at = index & 0x7fffU;
    if (at >= names.size()) names.resize(at + 1);
    names[at] = strings.c_string(offset).value_or("");
  };
  constexpr std::uint64_t kMost = 0x8000;
  const Bytes defined = bytes_at(dynamic.verdef);
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; dynamic.verdef != 0 && i < std::min(dynamic.verdef_count, kMost); ++i) {
    const auto one = defined.read<Elf64_Verdef>(at);
    if (!one) break;
    if (const auto aux = defined.read<Elf64_Verdaux>(at + one->vd_aux)) name(one->vd_ndx, aux->vda_name);
    if (one->vd_next == 0) break;
    at += one->vd_next;
  }
  const Bytes needed = bytes_at(dynamic.verneed);
  at = 0;
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; dynamic.verneed != 0 && i < std::min(dynamic.verneed_count, kMost); ++i) {
    const auto one = needed.read<Elf64_Verneed>(at);
    if (!one) break;
    std::uint64_t aux_at = at + one->vn_aux;
    for (std::uint16_t k = 0; k < one->vn_cnt && total < kMost; ++k, ++total) {
      const auto aux = needed.read<Elf64_Vernaux>(aux_at);
      if (!aux) break;
      name(aux->vna_other, aux->vna_name);
      if (aux->vna_next == 0) break;
      aux_at += aux->vna_next;
    }
    if (one->vn_next == 0) break;
    at += one->vn_next;
  }
}

void ElfImage::read_symbols(const Dynamic& dynamic) {
  if (dynamic.symbol_table == 0) return;
  const Bytes strings = bytes_at(dynamic.string_table).slice(0, dynamic.string_size).value_or(Bytes());
  const Bytes table = bytes_at(dynamic.symbol_table);
  const Bytes version_of = dynamic.version != 0 ? bytes_at(dynamic.version) : Bytes();
  std::vector<std::string_view> versions;
  read_versions(dynamic, versions);
  std::size_t count = std::min(count_symbols(dynamic), Limits::symbols);
  count = std::min(count, table.size() / sizeof(Elf64_Sym));
  symbols_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Elf64_Sym raw = *table.read<Elf64_Sym>(i * sizeof(Elf64_Sym));
    Symbol symbol{strings.c_string(raw.st_name).value_or(""),
                  {},
                  raw.st_value,
                  raw.st_size,
                  kind_of(raw.st_info),
                  raw.st_shndx != SHN_UNDEF,
                  ELF64_ST_BIND(raw.st_info) == STB_LOCAL,
                  ELF64_ST_BIND(raw.st_info) == STB_WEAK,
                  false};
    if (const auto version = version_of.read<std::uint16_t>(i * 2)) {
      const std::size_t index = *version & 0x7fffU;
      if (index >= 2 && index < versions.size()) symbol.version = versions[index];
      symbol.is_hidden_version = (*version & 0x8000U) != 0;
      symbol.is_local = symbol.is_local || index == 0;
    }
    symbols_.push_back(symbol);
  }
}

void ElfImage::read_rela(std::uint64_t address, std::uint64_t size) {
  const Bytes table = bytes_at(address).slice(0, size).value_or(Bytes());
  if (table.size() != size) return add_fault("a table of relocations lies outside of the file");
  for (std::size_t i = 0; i + sizeof(Elf64_Rela) <= table.size(); i += sizeof(Elf64_Rela)) {
    const Elf64_Rela raw = *table.read<Elf64_Rela>(i);
    const auto kind = kind_of(ELF64_R_TYPE(raw.r_info));
    if (!kind) continue;
    if (relocations_.size() == Limits::relocations) return add_fault("there are too many relocations");
    const auto symbol = static_cast<std::uint32_t>(ELF64_R_SYM(raw.r_info));
    if (symbol >= std::max<std::size_t>(symbols_.size(), 1)) {
      add_fault("a relocation names a symbol that is not there");
      continue;
    }
    relocations_.push_back({raw.r_offset, static_cast<std::uint64_t>(raw.r_addend), symbol, *kind});
  }
}

// Source: the generic ABI's "Relative Relocation Table": an even word is an address, an odd one a bitmap
// of the 63 words that follow.
void ElfImage::read_relr(std::uint64_t address, std::uint64_t size) {
  const Bytes table = bytes_at(address).slice(0, size).value_or(Bytes());
  if (table.size() != size) return add_fault("the table of packed relocations lies outside of the file");
  std::uint64_t where = 0;
  const auto add = [&](std::uint64_t slot) {
    if (relocations_.size() == Limits::relocations) return;
    if (const auto word = bytes_at(slot).read<std::uint64_t>(0))
      relocations_.push_back({slot, *word, 0, RelocationKind::relative});
  };
  for (std::size_t i = 0; i + 8 <= table.size(); i += 8) {
    const std::uint64_t entry = *table.read<std::uint64_t>(i);
    if ((entry & 1U) == 0) {
      add(entry);
      where = entry + 8;
      continue;
    }
    for (std::uint64_t bit = 1; bit < 64; ++bit)
      if ((entry >> bit & 1U) != 0) add(where + (bit - 1) * 8);
    where += std::uint64_t{63} * 8;
    if (relocations_.size() == Limits::relocations) return add_fault("there are too many relocations");
  }
}

void ElfImage::read_relocations(const Dynamic& dynamic) {
  if (dynamic.rela != 0) read_rela(dynamic.rela, dynamic.rela_size);
  // Some linkers let DT_RELA cover DT_JMPREL.
  const bool is_covered = dynamic.jump >= dynamic.rela && dynamic.jump < dynamic.rela + dynamic.rela_size;
  if (dynamic.jump != 0 && !is_covered) read_rela(dynamic.jump, dynamic.jump_size);
  if (dynamic.relr != 0) read_relr(dynamic.relr, dynamic.relr_size);
}

// A static program that is not position-independent has no dynamic section, only a table of IRELATIVE
// relocations that its start-up code finds by two symbols. Its section is the one trace of it.
void ElfImage::read_static_relocations() {
  for (const Section& one : sections_)
    if (one.type == SHT_RELA && (one.flags & SHF_ALLOC) != 0 && one.address != 0)
      read_rela(one.address, one.size);
}

void ElfImage::read_static_symbols() {
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    if (sections_[i].type != SHT_SYMTAB) continue;
    const auto table = file_.slice(sections_[i].offset, sections_[i].size);
    const Section* names = find_section(".strtab");
    const auto strings = names != nullptr ? file_.slice(names->offset, names->size) : std::nullopt;
    if (!table || !strings) return add_fault("the table of static symbols lies outside of the file");
    const std::size_t count = std::min(table->size() / sizeof(Elf64_Sym), Limits::symbols);
    for (std::size_t k = 0; k < count; ++k) {
      const Elf64_Sym raw = *table->read<Elf64_Sym>(k * sizeof(Elf64_Sym));
      const SymbolKind kind = kind_of(raw.st_info);
      if (raw.st_shndx == SHN_UNDEF || raw.st_shndx == SHN_ABS || kind == SymbolKind::other ||
          kind == SymbolKind::tls)
        continue;
      static_symbols_.push_back({strings->c_string(raw.st_name).value_or(""),
                                 {},
                                 raw.st_value,
                                 raw.st_size,
                                 kind,
                                 true,
                                 ELF64_ST_BIND(raw.st_info) == STB_LOCAL,
                                 ELF64_ST_BIND(raw.st_info) == STB_WEAK,
                                 false});
    }
    return;
  }
}

const Segment* ElfImage::segment_at(std::uint64_t address) const {
  const auto at =
      std::ranges::find_if(segments_, [&](const Segment& one) { return one.contains(address); });
  return at == segments_.end() ? nullptr : &*at;
}

Bytes ElfImage::bytes_at(std::uint64_t address) const {
  const Segment* segment = segment_at(address);
  return segment == nullptr ? Bytes() : segment->bytes.from(address - segment->address);
}

bool ElfImage::is_code(std::uint64_t address) const {
  const Segment* segment = segment_at(address);
  return segment != nullptr && segment->is_executable && address - segment->address < segment->bytes.size();
}

}  // namespace harden::reach
