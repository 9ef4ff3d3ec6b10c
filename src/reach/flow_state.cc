// SPDX-License-Identifier: LGPL-2.1-or-later
#include "reach/flow_state.h"

#include <algorithm>

namespace harden::reach {
namespace {
constexpr unsigned kStackPointer = 4;   // rsp by its number in the instruction set
}

Value Value::any() {
  Value value;
  value.is_any_ = true;
  return value;
}

Value Value::constant(std::int64_t one) {
  Value value;
  value.constants_[0] = one;
  value.size_ = 1;
  return value;
}

Value Value::parameter(unsigned index) {
  Value value;
  value.parameters_ = 1U << index;
  return value;
}

Value Value::stack(std::int64_t offset) {
  Value value;
  value.is_stack_ = true;
  value.constants_[0] = offset;
  return value;
}

std::span<const std::int64_t> Value::constants() const {
  return std::span(constants_).first(is_any_ || is_stack_ ? 0 : size_);
}

void Value::add(std::int64_t one) {
  const auto end = constants_.begin() + size_;
  const auto at = std::lower_bound(constants_.begin(), end, one);
  if (at != end && *at == one) return;
  if (size_ == kConstantsMax) {
    *this = any();
    return;
  }
  std::move_backward(at, end, end + 1);
  *at = one;
  ++size_;
}

bool Value::join(const Value& other) {
  if (is_any_ || other.is_none()) return false;
  if (is_none()) {
    *this = other;
    return true;
  }
  if (is_stack_ || other.is_stack_) {
    if (is_stack_ && other.is_stack_ && constants_[0] == other.constants_[0]) return false;
    *this = any();
    return true;
  }
  if (other.is_any_) {
    *this = any();
    return true;
  }
  const std::uint8_t size = size_;
  const std::uint32_t parameters = parameters_;
  parameters_ |= other.parameters_;
  for (const std::int64_t one : other.constants()) {
    if (is_any_) break;
    add(one);
  }
  return is_any_ || size_ != size || parameters_ != parameters;
}

FlowState FlowState::unknown() {
  FlowState state;
  state.registers_.fill(Value::any());
  return state;
}

FlowState FlowState::entry() {
  FlowState state;
  for (unsigned i = 0; i < kRegisters; ++i) state.registers_[i] = Value::parameter(i);
  state.registers_[kStackPointer] = Value::stack(0);
  state.has_parameters_ = true;
  return state;
}

Value FlowState::load(std::int64_t offset) const {
  const auto at = std::ranges::lower_bound(words_, offset, {}, &Word::offset);
  if (at != words_.end() && at->offset == offset) return at->value;
  if (has_parameters_ && offset >= 8 && offset % 8 == 0 && offset / 8 <= std::int64_t{kStackParameters})
    return Value::parameter(kRegisters + static_cast<unsigned>(offset / 8) - 1);
  return Value::any();
}

void FlowState::store(std::int64_t offset, const Value& value) {
  auto at = std::ranges::lower_bound(words_, offset, {}, &Word::offset);
  if (at != words_.end() && at->offset == offset) {
    at->value = value;
  } else if (words_.size() < kStackWordsMax) {
    words_.insert(at, {offset, value});
  }
}

Value FlowState::argument(Parameter parameter, bool is_jump) const {
  if (parameter < kRegisters) return registers_[parameter];
  const Value& top = registers_[kStackPointer];
  if (!top.is_stack()) return Value::any();
  const std::int64_t index = std::int64_t{parameter} - kRegisters;
  const std::uint64_t above = static_cast<std::uint64_t>(8 * index) + (is_jump ? 8 : 0);
  return load(static_cast<std::int64_t>(static_cast<std::uint64_t>(top.stack_offset()) + above));
}

bool FlowState::join(const FlowState& other) {
  bool grew = false;
  for (unsigned i = 0; i < kRegisters; ++i) grew = registers_[i].join(other.registers_[i]) || grew;
  // A word that one side does not know is anything after the join.
  for (auto word = words_.begin(); word != words_.end();) {
    const Value theirs = other.load(word->offset);
    if (theirs.is_any() && !word->value.is_any()) {
      word->value = Value::any();
      grew = true;
    } else {
      grew = word->value.join(theirs) || grew;
    }
    ++word;
  }
  if (has_parameters_)
    for (const Word& word : other.words_) {
      if (word.offset < 8 || std::ranges::binary_search(words_, word.offset, {}, &Word::offset)) continue;
      Value value = load(word.offset);
      if (value.join(word.value)) {
        store(word.offset, value);
        grew = true;
      }
    }
  if (has_parameters_ && !other.has_parameters_) {
    has_parameters_ = false;
    grew = true;
  }
  return grew;
}

}  // namespace harden::reach
