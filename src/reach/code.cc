// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/code.h"

#include <algorithm>
#include <unordered_map>

namespace harden::reach {
namespace {

constexpr std::size_t kRefsMax = 32U << 20U;
constexpr std::size_t kFunctionsMax = 4U << 20U;

// A bit for each byte of an executable segment.
class Marks {
 public:
  explicit Marks(const Segment& segment) : begin_(segment.address), bits_(segment.bytes.size()) {}
  [[nodiscard]] bool covers(std::uint64_t address) const { return address - begin_ < bits_.size(); }
  // Whether the address had been marked before.
  bool mark(std::uint64_t address) {
    const bool was = bits_[static_cast<std::size_t>(address - begin_)];
    bits_[static_cast<std::size_t>(address - begin_)] = true;
    return was;
  }
  [[nodiscard]] bool is_marked(std::uint64_t address) const {
    return bits_[static_cast<std::size_t>(address - begin_)];
  }

 private:
  std::uint64_t begin_;
  std::vector<bool> bits_;
};

class Reader {
 public:
  Reader(const ElfImage& image, const Isa& isa) : image_(image), isa_(isa) {
    for (const Segment& one : image.segments())
      if (one.is_executable && !one.bytes.empty()) {
        marks_.emplace_back(one);
        segments_.push_back(&one);
      }
  }

  Code run(std::span<const UnwindRange> ranges, std::span<const std::uint64_t> starts) {
    add_ranges(ranges);
    covered_ = functions_.size();
    for (std::uint32_t i = 0; i < covered_; ++i) sweep(i);
    // What the tables name first: the places inside it that are only pointed at then belong to it.
    for (const std::uint64_t start : starts) add_start(start, false);
    follow_starts();
    for (std::size_t done = 0; done < refs_.size();) {
      for (; done < refs_.size(); ++done) {
        const Ref ref = refs_[done];
        if (ref.kind == RefKind::word || !has_code(ref.target)) continue;
        if (ref.kind == RefKind::pointer && !looks_like_code(ref.target)) continue;
        add_start(ref.target, true);
      }
      follow_starts();
    }
    return finish();
  }

 private:
  void add_ranges(std::span<const UnwindRange> ranges) {
    for (const UnwindRange& one : ranges) {
      if (!functions_.empty() && one.begin == functions_.back().begin) continue;
      if (!functions_.empty()) functions_.back().end = std::min(functions_.back().end, one.begin);
      const Segment* segment = image_.segment_at(one.begin);
      const std::uint64_t limit = segment->address + segment->bytes.size();
      functions_.push_back({one.begin, std::min(one.end, limit), {}, one.exception_table});
    }
  }

  [[nodiscard]] Marks* marks_at(std::uint64_t address) {
    for (Marks& one : marks_)
      if (one.covers(address)) return &one;
    return nullptr;
  }
  [[nodiscard]] bool has_code(std::uint64_t address) { return marks_at(address) != nullptr; }
  [[nodiscard]] Bytes code_at(std::uint64_t address) const {
    for (const Segment* one : segments_)
      if (one->contains(address)) return one->bytes.from(address - one->address);
    return {};
  }

  // Of the unwind ranges.
  [[nodiscard]] std::uint32_t range_of(std::uint64_t address) const {
    const auto covered = std::span(functions_).first(covered_);
    const auto after = std::ranges::upper_bound(covered, address, {}, &Function::begin);
    if (after == covered.begin()) return Code::npos;
    const auto at = after - 1;
    return address < at->end ? static_cast<std::uint32_t>(at - covered.begin()) : Code::npos;
  }

  // Tables of constants stand between functions too (libcrypto has 150 KB of them), and a constant may
  // happen to be a code address. Code decodes up to its first jump or return.
  [[nodiscard]] bool looks_like_code(std::uint64_t address) const {
    constexpr int kLookAhead = 48;
    Instruction one;
    for (int i = 0; i < kLookAhead; ++i) {
      if (!isa_.decode(code_at(address), address, one)) return false;
      if (one.is_last()) return i > 0 || one.flow == Flow::jump || one.flow == Flow::indirect_jump;
      address = one.end();
    }
    return true;
  }

  void add_start(std::uint64_t address, bool is_guess) {
    if (!has_code(address) || range_of(address) != Code::npos) return;
    if (is_guess && isa_.stub_slot(code_at(address), address) != 0) return;
    if (functions_.size() >= kFunctionsMax) {
      is_complete_ = false;
      return;
    }
    if (marks_at(address)->is_marked(address) || !starts_.emplace(address, 0).second) return;
    Function function{address, address};
    function.is_guess = is_guess;
    pending_.push_back(static_cast<std::uint32_t>(functions_.size()));
    functions_.push_back(std::move(function));
  }

  void follow_starts() {
    while (!pending_.empty()) {
      const std::uint32_t index = pending_.back();
      pending_.pop_back();
      follow(index, functions_[index].begin);
    }
  }

  void note(std::uint32_t index, const Instruction& one) {
    Function& function = functions_[index];
    if (one.flow == Flow::system_call) function.has_system_call = true;
    if (one.flow == Flow::compat_call) function.has_compat_call = true;
    if (one.flow == Flow::call) add_ref(index, RefKind::call, one.target);
    if ((one.flow == Flow::jump || one.flow == Flow::branch) &&
        (one.target < function.begin || one.target >= function.end))
      add_ref(index, RefKind::call, one.target);
    if (one.memory != 0 && !one.is_store) add_ref(index, RefKind::word, one.memory, one.memory_size);
    note_pointers(index, one);
  }
  void note_pointers(std::uint32_t index, const Instruction& one) {
    if (one.pointer != 0 && image_.segment_at(one.pointer) != nullptr)
      add_ref(index, RefKind::pointer, one.pointer);
    if (!image_.is_position_independent() && one.absolute != 0 &&
        image_.segment_at(one.absolute) != nullptr)
      add_ref(index, RefKind::pointer, one.absolute);
  }
  void add_ref(std::uint32_t index, RefKind kind, std::uint64_t target, std::uint8_t size = 0) {
    if (refs_.size() < kRefsMax)
      refs_.push_back({index, size, kind, target});
    else
      is_complete_ = false;
  }

  // An unwind range from its begin to its end, whatever the flow: compilers put nothing else there.
  void sweep(std::uint32_t index) {
    const std::uint64_t begin = functions_[index].begin, end = functions_[index].end;
    Marks& marks = *marks_at(begin);
    Instruction one;
    std::vector<std::uint64_t> targets;
    bool goes_on = true;
    for (std::uint64_t at = begin; at < end;) {
      if (!isa_.decode(code_at(at), at, one)) {
        ++at;
        goes_on = false;
        continue;
      }
      (void)marks.mark(at);
      note(index, one);
      if ((one.flow == Flow::branch || one.flow == Flow::jump) && one.target >= begin && one.target < end)
        targets.push_back(one.target);
      goes_on = !one.is_last() && !one.is_padding;
      at = one.end();
    }
    // Jumps into the middle of an instruction, such as one over a lock prefix.
    for (std::uint64_t at : targets)
      while (at < end && !marks.mark(at) && isa_.decode(code_at(at), at, one)) {
        note(index, one);
        at = one.end();
      }
    // glibc's clone() ends its unwind range before its system call.
    if (goes_on && end < begin + (1U << 30U) && has_code(end) && range_of_next(index) > end &&
        !is_padding(end))
      follow(index, end);
  }
  [[nodiscard]] std::uint64_t range_of_next(std::uint32_t index) const {
    return index + 1 < covered_ ? functions_[index + 1].begin : ~std::uint64_t{0};
  }
  [[nodiscard]] bool is_padding(std::uint64_t address) const {
    Instruction one;
    return !isa_.decode(code_at(address), address, one) || one.is_padding;
  }

  // Code outside of unwind ranges, along its flow. An instruction belongs to who came first; flow that runs
  // into another function's code is a reference to it.
  void follow(std::uint32_t index, std::uint64_t from) {
    std::vector<std::uint64_t> todo = {from};
    std::vector<Extent> extents;
    Instruction one;
    while (!todo.empty()) {
      std::uint64_t at = todo.back();
      todo.pop_back();
      Extent extent{at, at};
      while (true) {
        Marks* marks = marks_at(at);
        if (marks == nullptr) break;
        const bool is_other_start = at != functions_[index].begin && starts_.contains(at);
        if (range_of(at) != Code::npos || is_other_start || marks->is_marked(at)) {
          if (at != from || is_other_start) add_ref(index, RefKind::call, at);
          break;
        }
        if (!isa_.decode(code_at(at), at, one)) break;
        (void)marks->mark(at);
        extent.end = one.end();
        note_followed(index, one, todo);
        if (one.is_last()) break;
        at = one.end();
      }
      if (extent.end > extent.begin) extents.push_back(extent);
    }
    add_extents(functions_[index], std::move(extents));
  }
  void note_followed(std::uint32_t index, const Instruction& one, std::vector<std::uint64_t>& todo) {
    Function& function = functions_[index];
    if (one.flow == Flow::system_call) function.has_system_call = true;
    if (one.flow == Flow::compat_call) function.has_compat_call = true;
    if (one.flow == Flow::call) add_ref(index, RefKind::call, one.target);
    if (one.flow == Flow::jump || one.flow == Flow::branch) {
      if (range_of(one.target) == Code::npos && has_code(one.target))
        todo.push_back(one.target);
      else
        add_ref(index, RefKind::call, one.target);
    }
    if (one.memory != 0 && !one.is_store) add_ref(index, RefKind::word, one.memory, one.memory_size);
    note_pointers(index, one);
  }
  static void add_extents(Function& function, std::vector<Extent> extents) {
    std::ranges::sort(extents, {}, &Extent::begin);
    for (const Extent& one : extents) {
      if (one.begin == function.end)
        function.end = one.end;
      else if (!function.further.empty() && function.further.back().end == one.begin)
        function.further.back().end = one.end;
      else
        function.further.push_back(one);
    }
  }

  Code finish() {
    Code code;
    std::vector<std::uint32_t> order(functions_.size()), place(functions_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return functions_[i].begin; });
    code.functions.reserve(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
      code.functions.push_back(std::move(functions_[order[i]]));
    }
    for (Ref& ref : refs_) ref.function = place[ref.function];
    code.refs = std::move(refs_);
    code.is_complete = is_complete_;
    for (std::uint32_t i = 0; i < code.functions.size(); ++i) {
      const Function& one = code.functions[i];
      if (one.end > one.begin) code.pieces.push_back({{one.begin, one.end}, i});
      for (const Extent& extent : one.further) code.pieces.push_back({extent, i});
    }
    std::ranges::sort(code.pieces, {}, [](const Code::Piece& one) { return one.extent.begin; });
    return code;
  }

  const ElfImage& image_;
  const Isa& isa_;
  std::vector<Marks> marks_;
  std::vector<const Segment*> segments_;
  std::vector<Function> functions_;
  std::size_t covered_ = 0;  // the first ones are the unwind ranges, in order
  std::unordered_map<std::uint64_t, int> starts_;
  std::vector<std::uint32_t> pending_;
  std::vector<Ref> refs_;
  bool is_complete_ = true;
};

}  // namespace

std::uint32_t Code::find(std::uint64_t address) const {
  const auto after =
      std::ranges::upper_bound(pieces, address, {}, [](const Piece& one) { return one.extent.begin; });
  if (after == pieces.begin()) return npos;
  const auto at = after - 1;
  return address < at->extent.end ? at->function : npos;
}

Code read_code(const ElfImage& image, const Isa& isa, std::span<const UnwindRange> ranges,
               std::span<const std::uint64_t> starts) {
  return Reader(image, isa).run(ranges, starts);
}

}  // namespace harden::reach
