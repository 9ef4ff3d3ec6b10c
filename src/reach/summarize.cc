// SPDX-License-Identifier: LGPL-2.1-or-later
// From an image to its summary: functions, then what they refer to, then the numbers of system calls.
//
// A reference to an address in data keeps alive the whole piece of data around it, and with it every
// function whose address the piece holds. Pieces are cut at addresses that something points at; see
// cut_data() for which.
#include <algorithm>
#include <deque>
#include <unordered_map>

#include "reach/code.h"
#include "reach/go_table.h"
#include "reach/numbers.h"
#include "reach/summary.h"

namespace harden::reach {
namespace {

constexpr std::size_t kStringsMax = 2000;

class Summarizer {
 public:
  Summarizer(const ElfImage& image, const Isa& isa, const WrapperNames& wrappers)
      : image_(image), isa_(isa), wrapper_names_(wrappers) {}

  Summary run() {
    copy_headers();
    read_functions();
    cut_data();
    number_symbols();
    collect_edges();
    collect_initial();
    find_calls();
    write_graph();
    write_exports();
    collect_strings();
    collect_lookups();
    return std::move(out_);
  }

 private:
  void copy_headers() {
    out_.build_id = image_.build_id();
    out_.soname = image_.soname();
    out_.interpreter = image_.interpreter();
    out_.rpath = image_.rpath();
    out_.runpath = image_.runpath();
    for (const std::string_view one : image_.needed()) out_.needed.emplace_back(one);
    out_.is_position_independent = image_.is_position_independent();
    out_.binds_to_itself = image_.binds_to_itself();
    out_.ignores_default_dirs = image_.ignores_default_dirs();
    out_.has_dynamic = image_.has_dynamic();
    out_.faults = image_.faults();
    for (const Segment& one : image_.segments())
      if (one.is_executable) out_.code_size += one.bytes.size();
  }

  // --- Functions ---------------------------------------------------------------------------------------

  void read_functions() {
    std::vector<std::uint64_t> starts = image_.initializers();
    starts.push_back(image_.entry());
    std::vector<UnwindRange> ranges = read_unwind_ranges(image_);
    go_ = read_go_functions(image_);
    add_go_ranges(ranges);
    for (const Symbol& one : image_.symbols()) add_symbol_start(one, starts);
    for (const Symbol& one : image_.static_symbols()) add_symbol_start(one, starts);
    slots_ = image_.relocations();
    for (const Relocation& one : slots_)
      if (one.kind == RelocationKind::irelative) starts.push_back(one.addend);
    if (!image_.is_position_independent()) add_words(ranges, starts);
    for (const Relocation& one : slots_)
      if (one.kind == RelocationKind::relative && image_.is_code(one.addend)) starts.push_back(one.addend);
    std::ranges::sort(starts);
    starts.erase(std::ranges::unique(starts).begin(), starts.end());
    code_ = read_code(image_, isa_, ranges, starts);
    out_.is_complete = code_.is_complete;
    out_.function_count = static_cast<std::uint32_t>(code_.functions.size());
  }

  static void add_symbol_start(const Symbol& one, std::vector<std::uint64_t>& starts) {
    if (one.is_defined && (one.kind == SymbolKind::function || one.kind == SymbolKind::ifunc) &&
        one.value != 0)
      starts.push_back(one.value);
  }

  // Go writes unwind ranges to no loaded segment; its own table has them.
  void add_go_ranges(std::vector<UnwindRange>& ranges) const {
    if (go_.empty()) return;
    const Segment* segment = image_.segment_at(go_.front().begin);
    for (std::size_t i = 0; i < go_.size(); ++i) {
      const std::uint64_t end =
          i + 1 < go_.size() ? go_[i + 1].begin : segment->address + segment->bytes.size();
      if (end > go_[i].begin) ranges.push_back({go_[i].begin, end, 0});
    }
    std::ranges::sort(ranges, {}, [](const UnwindRange& one) { return std::pair(one.begin, one.end); });
  }

  // A program at a fixed address has its addresses written by the linker, without relocations: any aligned
  // word of its data that is the start of a function may be one.
  void add_words(const std::vector<UnwindRange>& ranges, std::vector<std::uint64_t>& starts) {
    std::vector<std::uint64_t> known = starts;
    for (const UnwindRange& one : ranges) known.push_back(one.begin);
    std::ranges::sort(known);
    const std::size_t relocated = slots_.size();
    for (const Segment& segment : image_.segments()) {
      // One segment may hold code and constants alike.
      std::uint64_t at = (segment.address + 7) / 8 * 8;
      for (; at + 8 <= segment.address + segment.bytes.size(); at += 8) {
        const std::uint64_t word = *segment.bytes.read<std::uint64_t>(at - segment.address);
        if (word == 0 || !image_.is_code(word)) continue;
        const auto after = std::ranges::upper_bound(ranges, word, {}, &UnwindRange::begin);
        const bool is_covered = after != ranges.begin() && word < (after - 1)->end;
        if (is_covered ? !std::ranges::binary_search(known, word) : segment.is_executable) continue;
        if (slots_.size() == Limits::relocations) break;
        slots_.push_back({at, word, 0, RelocationKind::relative});
      }
    }
    std::ranges::stable_sort(slots_, {}, &Relocation::slot);
    (void)relocated;
  }

  // --- Data ----------------------------------------------------------------------------------------------

  // Pieces are cut where something in the module points: an address in code, a relocated word, a symbol.
  void cut_data() {
    if (!image_.is_position_independent()) {  // addresses of data cannot be told from numbers there
      for (const Segment& one : image_.segments()) cuts_.push_back(one.address);
    } else {
      for (const Segment& one : image_.segments()) cuts_.push_back(one.address);
      for (const Ref& ref : code_.refs)
        if (ref.kind == RefKind::pointer && code_.find(ref.target) == Code::npos)
          cuts_.push_back(ref.target);
      for (const Relocation& one : slots_)
        if (one.kind == RelocationKind::relative && code_.find(one.addend) == Code::npos)
          cuts_.push_back(one.addend);
      for (const Symbol& one : image_.symbols())
        if (one.is_defined && one.kind == SymbolKind::object) cuts_.push_back(one.value);
      for (const Symbol& one : image_.static_symbols())
        if (one.kind == SymbolKind::object) cuts_.push_back(one.value);
    }
    std::ranges::sort(cuts_);
    cuts_.erase(std::ranges::unique(cuts_).begin(), cuts_.end());
    // Only pieces with a relocated word in them are vertices.
    for (const Relocation& one : slots_) {
      const std::uint64_t cut = cut_of(one.slot);
      if (pieces_.empty() || pieces_.back() != cut) pieces_.push_back(cut);
    }
    std::ranges::sort(pieces_);
    pieces_.erase(std::ranges::unique(pieces_).begin(), pieces_.end());
  }
  [[nodiscard]] std::uint64_t cut_of(std::uint64_t address) const {
    const auto after = std::ranges::upper_bound(cuts_, address);
    return after == cuts_.begin() ? 0 : *(after - 1);
  }
  // The vertex of the piece around the address; kNone if it holds no addresses.
  [[nodiscard]] std::uint32_t piece_at(std::uint64_t address) const {
    const auto at = std::ranges::lower_bound(pieces_, cut_of(address));
    if (at == pieces_.end() || *at != cut_of(address)) return Import::kNone;
    return out_.function_count + static_cast<std::uint32_t>(at - pieces_.begin());
  }

  // --- Symbols -------------------------------------------------------------------------------------------

  Text keep(std::string_view text) {
    if (text.empty()) return {};
    const auto [at, is_new] = texts_.try_emplace(text, Text{});
    if (is_new) {
      at->second = {static_cast<std::uint32_t>(out_.text.size()), static_cast<std::uint32_t>(text.size())};
      out_.text += text;
    }
    return at->second;
  }

  void number_symbols() { import_of_.assign(image_.symbols().size(), Import::kNone); }

  std::uint32_t import_of(std::uint32_t symbol) {
    if (symbol >= image_.symbols().size()) return Import::kNone;
    std::uint32_t& index = import_of_[symbol];
    const Symbol& one = image_.symbols()[symbol];
    if (index != Import::kNone || one.name.empty()) return index;
    index = static_cast<std::uint32_t>(out_.imports.size());
    Import import{keep(one.name), keep(one.version), hash_name(one.name), Import::kNone};
    if (one.is_defined) import.own_vertex = vertex_of(one.value);
    out_.imports.push_back(import);
    return index;
  }

  // --- Edges ---------------------------------------------------------------------------------------------

  [[nodiscard]] std::uint32_t vertex_of(std::uint64_t address) const {
    const std::uint32_t function = code_.find(address);
    return function != Code::npos ? function : piece_at(address);
  }
  [[nodiscard]] const Relocation* slot_at(std::uint64_t address) const {
    const auto at = std::ranges::lower_bound(slots_, address, {}, &Relocation::slot);
    return at != slots_.end() && at->slot == address ? &*at : nullptr;
  }

  void link(std::uint32_t from, std::uint32_t to, bool is_call) {
    if (to == Import::kNone || (from == to && !is_call)) return;
    raw_edges_.push_back({from, Edge{to & 0x3fffffffU, 0, is_call ? 1U : 0U}});
  }
  void link_import(std::uint32_t from, std::uint32_t import, bool is_call) {
    if (import != Import::kNone)
      raw_edges_.push_back({from, Edge{import & 0x3fffffffU, 1, is_call ? 1U : 0U}});
  }
  // What the word holds once the module is loaded.
  void link_slot(std::uint32_t from, const Relocation& slot, bool is_call) {
    switch (slot.kind) {
      case RelocationKind::relative:
      case RelocationKind::irelative:
        return link_address(from, slot.addend, is_call);
      case RelocationKind::symbol:
      case RelocationKind::jump_slot:
      case RelocationKind::copy: {
        const Symbol& symbol = image_.symbols().at(slot.symbol);
        // STB_LOCAL or the null symbol: an address of the module itself.
        if (symbol.name.empty() || (symbol.is_local && symbol.is_defined))
          return link_address(from, symbol.value + slot.addend, is_call);
        return link_import(from, import_of(slot.symbol), is_call);
      }
    }
  }
  void link_address(std::uint32_t from, std::uint64_t address, bool is_call) {
    if (image_.is_code(address)) {
      if (const std::uint64_t word = isa_.stub_slot(image_.bytes_at(address), address); word != 0)
        if (const Relocation* slot = slot_at(word)) return link_slot(from, *slot, is_call);
    }
    link(from, vertex_of(address), is_call);
  }

  void collect_edges() {
    for (const Ref& ref : code_.refs) {
      switch (ref.kind) {
        case RefKind::call:
          link_address(ref.function, ref.target, true);
          break;
        case RefKind::pointer:
          link_address(ref.function, ref.target, false);
          break;
        case RefKind::word: {
          auto at = std::ranges::lower_bound(slots_, ref.target, {}, &Relocation::slot);
          for (; at != slots_.end() && at->slot < ref.target + ref.size; ++at)
            link_slot(ref.function, *at, false);
          break;
        }
      }
    }
    for (const Relocation& slot : slots_) {
      const std::uint32_t piece = piece_at(slot.slot);
      if (piece == Import::kNone) continue;
      if (slot.kind == RelocationKind::copy) {
        const std::uint32_t import = import_of(slot.symbol);
        if (import != Import::kNone) out_.copied.push_back(import);
        continue;
      }
      if (slot.kind == RelocationKind::jump_slot)
        continue;  // of the linkage table: reached by its stub alone
      link_slot(piece, slot, false);
    }
  }

  void collect_initial() {
    const auto add = [&](std::uint32_t vertex) {
      if (vertex != Import::kNone) out_.initial.push_back(vertex);
    };
    for (const std::uint64_t one : image_.initializers()) add(vertex_of(one));
    for (const ElfImage::Range& one : image_.initializer_arrays())
      for (const std::uint64_t end = one.address + std::min<std::uint64_t>(one.size, 1U << 24U); true;) {
        auto at = std::ranges::lower_bound(slots_, one.address, {}, &Relocation::slot);
        for (; at != slots_.end() && at->slot < end; ++at)
          add(at->kind == RelocationKind::symbol
                  ? vertex_of(image_.symbols().at(at->symbol).value + at->addend)
                  : vertex_of(at->addend));
        break;
      }
    // Resolvers run when their word is relocated, which may be at load.
    for (const Relocation& one : slots_)
      if (one.kind == RelocationKind::irelative) add(vertex_of(one.addend));
    std::ranges::sort(out_.initial);
    out_.initial.erase(std::ranges::unique(out_.initial).begin(), out_.initial.end());
    if (image_.entry() != 0) out_.entry = vertex_of(image_.entry());
  }

  // --- System calls --------------------------------------------------------------------------------------

  // Of what stands at the address or behind its stub.
  std::uint32_t parameters_at(std::uint64_t address) {
    if (!image_.is_code(address)) return 0;
    if (const std::uint64_t word = isa_.stub_slot(image_.bytes_at(address), address); word != 0)
      if (slot_at(word) != nullptr) return parameters_by_word(word);
    const std::uint32_t function = code_.find(address);
    return function == Code::npos ? 0 : wrapper_parameters_[function];
  }
  std::uint32_t parameters_by_word(std::uint64_t word) {
    const Relocation* slot = slot_at(word);
    if (slot == nullptr) return 0;
    if (slot->kind == RelocationKind::relative) return parameters_at(slot->addend);
    if (slot->symbol >= image_.symbols().size() || slot->kind == RelocationKind::irelative) return 0;
    const Symbol& symbol = image_.symbols()[slot->symbol];
    if (symbol.is_defined) return parameters_at(symbol.value);
    const auto known = wrapper_names_.find(symbol.name);
    return known == wrapper_names_.end() ? 0 : known->second;
  }

  // Whether a function may come back to who called it: it has a return, or goes on elsewhere, on some way
  // from its begin. Compilers put nothing behind a call that does not return, so a way that runs out of the
  // function's own code ends.
  bool returns(std::uint64_t address, int jumps) {
    constexpr int kJumpsMax = 8;
    constexpr std::size_t kInstructionsMax = 4000;
    if (!image_.is_code(address) || jumps > kJumpsMax) return true;
    if (const std::uint64_t word = isa_.stub_slot(image_.bytes_at(address), address); word != 0)
      if (const Relocation* slot = slot_at(word); slot != nullptr) return !ends_process(*slot);
    if (const auto known = returns_.find(address); known != returns_.end()) return known->second;
    const std::uint32_t function = code_.find(address);
    if (function == Code::npos) return true;
    std::vector<std::uint64_t> todo = {address};
    std::unordered_map<std::uint64_t, bool> seen;
    bool result = false;
    Instruction one;
    while (!todo.empty() && !result) {
      std::uint64_t at = todo.back();
      todo.pop_back();
      while (code_.find(at) == function && seen.try_emplace(at, true).second) {
        if (seen.size() > kInstructionsMax || !isa_.decode(image_.bytes_at(at), at, one)) {
          result = true;
          break;
        }
        if (one.flow == Flow::branch || one.flow == Flow::jump) {
          if (code_.find(one.target) == function)
            todo.push_back(one.target);
          else if (returns(one.target, jumps + 1))
            result = true;
        }
        if (one.flow == Flow::stop || one.flow == Flow::indirect_jump) result = true;
        if (one.is_last() || result) break;
        at = one.end();
      }
    }
    returns_[address] = result;
    return result;
  }
  [[nodiscard]] bool ends_process(const Relocation& slot) const {
    constexpr std::string_view kNames[] = {
        "abort",      "exit",    "_exit",      "__stack_chk_fail", "__assert_fail", "__fortify_fail",
        "__chk_fail", "longjmp", "siglongjmp", "__longjmp_chk",    "_Unwind_Resume"};
    if (slot.kind == RelocationKind::relative || slot.kind == RelocationKind::irelative ||
        slot.symbol >= image_.symbols().size())
      return false;
    return std::ranges::find(kNames, image_.symbols()[slot.symbol].name) != std::end(kNames);
  }

  void find_calls() {
    const std::size_t count = code_.functions.size();
    wrapper_parameters_.assign(count, 0);
    std::vector<NumberUse> uses(count);
    std::deque<std::uint32_t> todo;
    std::vector<bool> is_queued(count, false);
    const auto queue = [&](std::uint32_t function) {
      if (is_queued[function]) return;
      is_queued[function] = true;
      todo.push_back(function);
    };
    for (std::uint32_t i = 0; i < count; ++i)
      if (code_.functions[i].has_system_call) queue(i);
    // Callers, for wrappers found later; and callers of imports that are wrappers.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> callers;  // callee, caller
    for (const RawEdge& one : raw_edges_) {
      if (one.edge.is_import == 0) {
        if (one.from < count && one.edge.target < count) callers.emplace_back(one.edge.target, one.from);
        continue;
      }
      const Import& import = out_.imports[one.edge.target];
      if (one.from < count && import.own_vertex != Import::kNone && import.own_vertex < count)
        callers.emplace_back(import.own_vertex, one.from);
      const auto known = wrapper_names_.find(out_.text_of(import.name));
      if (known == wrapper_names_.end() || one.from >= count) continue;
      if (import.own_vertex != Import::kNone) continue;
      out_.assumed_wrappers.insert(*known);
      queue(one.from);
    }
    std::ranges::sort(callers);
    callers.erase(std::ranges::unique(callers).begin(), callers.end());
    const CallLookup lookup{[this](std::uint64_t at) { return parameters_at(at); },
                            [this](std::uint64_t at) { return parameters_by_word(at); },
                            [this](std::uint64_t at) { return returns(at, 0); }};
    std::size_t rounds = 0;
    while (!todo.empty()) {
      const std::uint32_t function = todo.front();
      todo.pop_front();
      is_queued[function] = false;
      if (++rounds > 64 * count + 1024) {  // sets only grow, so this does not happen; a bound all the same
        out_.is_complete = false;
        break;
      }
      NumberUse use = find_numbers(image_, isa_, code_.functions[function], lookup);
      const bool is_new = (use.parameters & ~wrapper_parameters_[function]) != 0;
      wrapper_parameters_[function] |= use.parameters;
      uses[function] = std::move(use);
      if (!is_new) continue;
      auto at =
          std::ranges::lower_bound(callers, function, {}, &std::pair<std::uint32_t, std::uint32_t>::first);
      for (; at != callers.end() && at->first == function; ++at) queue(at->second);
    }
    for (std::uint32_t i = 0; i < count; ++i) write_use(i, uses[i]);
  }

  void write_use(std::uint32_t function, const NumberUse& use) {
    for (const NumberUse::Found& one : use.found)
      out_.calls.push_back(
          {function, one.number, static_cast<std::uint16_t>(one.is_wrapped ? 1 : 0), one.site});
    for (const std::uint64_t site : use.unresolved)
      out_.unresolved.push_back({function, UnresolvedKind::number, site});
    if (code_.functions[function].has_compat_call)
      out_.unresolved.push_back({function, UnresolvedKind::compat_call, code_.functions[function].begin});
    if (wrapper_parameters_[function] != 0)
      out_.wrappers.push_back({function, wrapper_parameters_[function]});
  }

  // --- Output
  // ----------------------------------------------------------------------------------------------

  void write_graph() {
    std::vector<Text> names(code_.functions.size());
    const auto name = [&](std::uint64_t address, std::string_view text) {
      const std::uint32_t function = code_.find(address);
      if (function == Code::npos || code_.functions[function].begin != address || text.empty()) return;
      // Of several names the shortest tells most: read, not __libc_read.
      if (names[function].size == 0 || text.size() < names[function].size) names[function] = keep(text);
    };
    for (const Symbol& one : image_.symbols())
      if (one.is_defined && one.kind != SymbolKind::object) name(one.value, one.name);
    for (const Symbol& one : image_.static_symbols())
      if (one.kind != SymbolKind::object) name(one.value, one.name);
    for (const GoFunction& one : go_) name(one.begin, one.name);

    std::ranges::sort(raw_edges_, {}, [](const RawEdge& one) {
      return std::tuple(one.from, static_cast<unsigned>(one.edge.is_import),
                        static_cast<unsigned>(one.edge.target), 1U - one.edge.is_call);
    });
    const auto same = std::ranges::unique(raw_edges_, [](const RawEdge& a, const RawEdge& b) {
      return a.from == b.from && a.edge.is_import == b.edge.is_import && a.edge.target == b.edge.target &&
             a.edge.is_call == b.edge.is_call;
    });
    raw_edges_.erase(same.begin(), same.end());
    const std::size_t count = code_.functions.size() + pieces_.size();
    out_.vertices.reserve(count + 1);
    out_.edges.reserve(raw_edges_.size());
    std::size_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
      Vertex vertex;
      vertex.first_edge = static_cast<std::uint32_t>(out_.edges.size());
      const bool is_function = i < code_.functions.size();
      vertex.address = is_function ? code_.functions[i].begin : pieces_[i - code_.functions.size()];
      if (is_function) vertex.name = names[i];
      out_.vertices.push_back(vertex);
      for (; next < raw_edges_.size() && raw_edges_[next].from == i; ++next)
        out_.edges.push_back(raw_edges_[next].edge);
    }
    out_.vertices.push_back({0, static_cast<std::uint32_t>(out_.edges.size()), {}});
  }

  void write_exports() {
    for (const Symbol& one : image_.symbols()) {
      if (!one.is_defined || one.is_local || one.name.empty() || one.kind == SymbolKind::tls ||
          one.kind == SymbolKind::other)
        continue;
      const bool is_function = one.kind != SymbolKind::object;
      out_.exports.push_back({keep(one.name), keep(one.version), hash_name(one.name), vertex_of(one.value),
                              one.is_hidden_version ? 1U : 0U, is_function ? 1U : 0U});
    }
  }

  void collect_strings() {
    for (const Segment& segment : image_.segments()) {
      if (segment.is_executable && image_.segments().size() > 1) continue;
      const auto* data = reinterpret_cast<const char*>(segment.bytes.data());
      std::size_t start = 0;
      const std::string_view all(data, segment.bytes.size());
      for (std::size_t at = all.find(".so"); at != std::string_view::npos; at = all.find(".so", at + 3)) {
        start = at;
        while (start > 0 && at - start < 200 && is_path_char(all[start - 1])) --start;
        std::size_t end = at + 3;
        while (end < all.size() && end - start < 256 && is_path_char(all[end])) ++end;
        const std::string_view text = all.substr(start, end - start);
        const bool is_whole = end < all.size() && all[end] == 0 && (start == 0 || all[start - 1] == 0);
        if (is_whole && (end == at + 3 || all[at + 3] == '.') && text.size() > 4)
          add_string(out_.libraries, text);
      }
      for (const std::string_view dir :
           {std::string_view("/bin/"), std::string_view("/sbin/"), std::string_view("/lib/")})
        for (std::size_t at = all.find(dir); at != std::string_view::npos;
             at = all.find(dir, at + dir.size())) {
          start = at;
          while (start > 0 && at - start < 200 && is_path_char(all[start - 1])) --start;
          std::size_t end = at + dir.size();
          while (end < all.size() && end - start < 256 && is_path_char(all[end])) ++end;
          if (end < all.size() && all[end] == 0 && end > at + dir.size() && all[start] == '/')
            add_string(out_.programs, all.substr(start, end - start));
        }
    }
    for (std::vector<std::string>* one : {&out_.libraries, &out_.programs}) {
      std::ranges::sort(*one);
      one->erase(std::ranges::unique(*one).begin(), one->end());
    }
  }
  void collect_lookups() {
    const auto uses = [&](const Import& one) {
      const std::string_view name = out_.text_of(one.name);
      return name == "dlsym" || name == "dlvsym";
    };
    if (std::ranges::none_of(out_.imports, uses)) return;
    constexpr std::size_t kNameMax = 128;
    for (const Segment& segment : image_.segments()) {
      if (segment.is_executable && image_.segments().size() > 1) continue;
      const std::string_view all(reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size());
      for (std::size_t start = 0; start < all.size();) {
        const std::size_t end = std::min(all.find('\0', start), all.size());
        const std::string_view text = all.substr(start, end - start);
        start = end + 1;
        const auto is_word = [](char c) {
          return is_path_char(c) && c != '/' && c != '.' && c != '-' && c != '+';
        };
        if (text.size() > 2 && text.size() <= kNameMax && std::ranges::all_of(text, is_word))
          out_.lookups.push_back(hash_name(text));
      }
    }
    std::ranges::sort(out_.lookups);
    out_.lookups.erase(std::ranges::unique(out_.lookups).begin(), out_.lookups.end());
  }
  static bool is_path_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-' || c == '+' || c == '/';
  }
  static void add_string(std::vector<std::string>& list, std::string_view text) {
    if (list.size() < kStringsMax) list.emplace_back(text);
  }

  struct RawEdge {
    std::uint32_t from;
    Edge edge;
  };

  const ElfImage& image_;
  const Isa& isa_;
  const WrapperNames& wrapper_names_;
  std::vector<GoFunction> go_;
  std::vector<Relocation> slots_;  // by slot; words that hold addresses without a relocation too
  Code code_;
  std::vector<std::uint64_t> cuts_, pieces_;
  std::vector<std::uint32_t> import_of_;
  std::unordered_map<std::string_view, Text> texts_;
  std::vector<RawEdge> raw_edges_;
  std::vector<std::uint32_t> wrapper_parameters_;
  std::unordered_map<std::uint64_t, bool> returns_;
  Summary out_;
};

}  // namespace

// FNV-1a; only a way to find names fast, they are compared in full.
std::uint32_t hash_name(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

const WrapperNames& known_wrappers() {
  static const WrapperNames names = {{"syscall", 1U << 7U}};  // rdi
  return names;
}

Summary summarize(const ElfImage& image, const Isa& isa, const WrapperNames& wrappers) {
  return Summarizer(image, isa, wrappers).run();
}

}  // namespace harden::reach
