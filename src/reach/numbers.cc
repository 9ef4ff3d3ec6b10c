// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/numbers.h"

#include <algorithm>
#include <map>

namespace harden::reach {
namespace {

constexpr unsigned kRax = 0;
constexpr std::size_t kStepsMax = 400'000;          // instructions applied, in one function
constexpr std::size_t kInstructionsMax = 200'000;   // of one function
constexpr std::int64_t kNumberMax = 1023;           // of the kernel's table, with room

struct Leader {
  FlowState state;
  bool is_reached = false;
  bool is_orphan = false;   // no static predecessor: where an indirect jump may lead
};

class Analysis {
 public:
  Analysis(const ElfImage& image, const Isa& isa, const Function& function, const CallLookup& calls)
      : image_(image), isa_(isa), function_(function), calls_(calls) {}

  NumberUse run() {
    read({function_.begin, function_.end});
    for (const Extent& one : function_.further) read(one);
    if (instructions_.size() >= kInstructionsMax) return give_up();
    find_leaders();
    enter(function_.begin, FlowState::entry());
    for (const std::uint64_t pad :
         read_landing_pads(image_, {function_.begin, function_.end, function_.exception_table}))
      if (is_inside(pad)) enter(pad, FlowState::unknown());
    if (!has_indirect_jump_) enter_orphans(FlowState::unknown());
    std::size_t steps = 0;
    while (!todo_.empty()) {
      const std::uint64_t at = todo_.back();
      todo_.pop_back();
      steps += walk(at);
      if (steps > kStepsMax) return give_up();
    }
    collect();
    return std::move(use_);
  }

 private:
  void read(const Extent& extent) {
    Instruction one;
    for (std::uint64_t at = extent.begin; at < extent.end && instructions_.size() < kInstructionsMax;) {
      if (!isa_.decode(image_.bytes_at(at), at, one)) {
        ++at;
        continue;
      }
      instructions_.emplace(at, one);
      at = one.end();
    }
    std::vector<std::uint64_t> inside;
    for (const auto& [at, instruction] : instructions_)
      if ((instruction.flow == Flow::branch || instruction.flow == Flow::jump) &&
          is_inside(instruction.target))
        inside.push_back(instruction.target);
    for (std::uint64_t at : inside)
      while (is_inside(at) && !instructions_.contains(at) && isa_.decode(image_.bytes_at(at), at, one)) {
        instructions_.emplace(at, one);
        at = one.end();
      }
  }

  [[nodiscard]] bool is_inside(std::uint64_t address) const {
    if (address >= function_.begin && address < function_.end) return true;
    return std::ranges::any_of(
        function_.further, [&](const Extent& one) { return address >= one.begin && address < one.end; });
  }

  void find_leaders() {
    bool after_end = false;
    for (const auto& [at, one] : instructions_) {
      if ((one.flow == Flow::branch || one.flow == Flow::jump) && is_inside(one.target))
        leaders_[one.target];
      if (one.flow == Flow::indirect_jump) has_indirect_jump_ = true;
    }
    for (const auto& [at, one] : instructions_) {
      // Padding behind a jump is never run into and must not count as a place that is.
      if (after_end && !one.is_padding && !leaders_.contains(at)) leaders_[at].is_orphan = true;
      if (!after_end || !one.is_padding) after_end = one.is_last();
    }
  }

  void enter(std::uint64_t at, const FlowState& state) {
    Leader& leader = leaders_[at];
    if (!leader.is_reached) {
      leader.is_reached = true;
      leader.state = state;
      todo_.push_back(at);
    } else if (leader.state.join(state)) {
      todo_.push_back(at);
    }
  }
  void enter_orphans(const FlowState& state) {
    for (auto& [at, leader] : leaders_)
      if (leader.is_orphan) enter(at, state);
  }

  std::size_t walk(std::uint64_t at) {
    FlowState state = leaders_[at].state;
    std::size_t steps = 0;
    for (auto here = instructions_.find(at); here != instructions_.end(); here = instructions_.find(at)) {
      if (steps > 0 && leaders_.contains(at)) {
        enter(at, state);
        break;
      }
      ++steps;
      const Instruction& one = here->second;
      if (!step(one, state)) break;
      at = one.end();
    }
    return steps;
  }

  // False if the flow does not go on behind it.
  bool step(const Instruction& one, FlowState& state) {
    switch (one.flow) {
      case Flow::branch:
      case Flow::jump:
        if (is_inside(one.target))
          enter(one.target, state);
        else
          pass(one.address, calls_.by_target(one.target), state, true);
        return one.flow == Flow::branch;
      case Flow::indirect_jump:
        if (one.memory != 0)
          pass(one.address, calls_.by_word(one.memory), state, true);
        else
          enter_orphans(state);
        return false;
      case Flow::call:
      case Flow::indirect_call:
        if (one.flow == Flow::call) {
          pass(one.address, calls_.by_target(one.target), state, false);
          if (!calls_.returns(one.target)) return false;
        }
        if (one.memory != 0) pass(one.address, calls_.by_word(one.memory), state, false);
        isa_.forget_call(state);
        return true;
      case Flow::system_call:
        sites_[one.address].value.join(state.get(kRax));
        break;
      case Flow::stop:
      case Flow::trap:
        return false;
      default:
        break;
    }
    isa_.apply(image_.bytes_at(one.address), one.address, state);
    return true;
  }

  void pass(std::uint64_t site, std::uint32_t parameters, const FlowState& state, bool is_jump) {
    for (unsigned i = 0; i < kParameters; ++i) {
      if ((parameters >> i & 1U) == 0) continue;
      Site& known = sites_[site];
      known.is_wrapped = true;
      known.value.join(state.argument(static_cast<Parameter>(i), is_jump));
    }
  }

  void collect() {
    for (const auto& [at, site] : sites_) {
      use_.parameters |= site.value.parameters();
      if (site.value.is_any() || site.value.is_stack()) use_.unresolved.push_back(at);
      for (const std::int64_t one : site.value.constants()) {
        // The kernel takes the low half of the register.
        const std::int64_t number = one & 0xffffffff;
        if (number <= kNumberMax)
          use_.found.push_back({static_cast<std::uint16_t>(number), site.is_wrapped, at});
      }
    }
    // A site that no flow was seen to reach still stands in the function.
    for (const auto& [at, one] : instructions_)
      if (one.flow == Flow::system_call && !sites_.contains(at)) use_.unresolved.push_back(at);
  }

  NumberUse give_up() {
    use_ = {};
    for (const auto& [at, one] : instructions_)
      if (one.flow == Flow::system_call) use_.unresolved.push_back(at);
    return use_;
  }

  struct Site {
    Value value;
    bool is_wrapped = false;
  };

  const ElfImage& image_;
  const Isa& isa_;
  const Function& function_;
  const CallLookup& calls_;
  std::map<std::uint64_t, Instruction> instructions_;
  std::map<std::uint64_t, Leader> leaders_;
  std::map<std::uint64_t, Site> sites_;
  std::vector<std::uint64_t> todo_;
  bool has_indirect_jump_ = false;
  NumberUse use_;
};

}  // namespace

NumberUse find_numbers(const ElfImage& image, const Isa& isa, const Function& function,
                       const CallLookup& calls) {
  return Analysis(image, isa, function, calls).run();
}

}  // namespace harden::reach
