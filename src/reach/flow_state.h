// SPDX-License-Identifier: LGPL-2.1-or-later
// What is known of the registers and stack words at one place of a function: for each a set of constants,
// of the function's own parameters (the registers and stack words as they were at its entry), or anything.
// Sets only grow as paths join, and are anything past a small size, so that a fixpoint ends soon.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace harden::reach {

// A register at a function's entry, or past 16 a stack word: 16 is the first above the return address.
using Parameter = std::uint8_t;
inline constexpr unsigned kRegisters = 16;
inline constexpr unsigned kStackParameters = 8;
inline constexpr unsigned kParameters = kRegisters + kStackParameters;

class Value {
 public:
  static constexpr std::size_t kConstantsMax = 24;

  Value() = default;   // no value: the place was not reached
  [[nodiscard]] static Value any();
  [[nodiscard]] static Value constant(std::int64_t one);
  [[nodiscard]] static Value parameter(unsigned index);
  // The stack pointer at entry plus an offset.
  [[nodiscard]] static Value stack(std::int64_t offset);

  [[nodiscard]] bool is_any() const { return is_any_; }
  [[nodiscard]] bool is_none() const { return !is_any_ && !is_stack_ && parameters_ == 0 && size_ == 0; }
  [[nodiscard]] bool is_stack() const { return is_stack_; }
  [[nodiscard]] std::int64_t stack_offset() const { return constants_[0]; }
  [[nodiscard]] std::span<const std::int64_t> constants() const;
  [[nodiscard]] std::uint32_t parameters() const { return parameters_; }   // a bit for each
  // Constants and nothing else.
  [[nodiscard]] bool is_constant() const {
    return !is_any_ && !is_stack_ && parameters_ == 0 && size_ != 0;
  }

  // Whether it grew.
  bool join(const Value& other);

 private:
  void add(std::int64_t one);

  std::array<std::int64_t, kConstantsMax> constants_{};   // ascending
  std::uint32_t parameters_ = 0;
  std::uint8_t size_ = 0;
  bool is_any_ = false;
  bool is_stack_ = false;
};

class FlowState {
 public:
  static constexpr std::size_t kStackWordsMax = 64;

  // Nothing is known of where it came from, or, at a function's entry, everything is a parameter.
  [[nodiscard]] static FlowState unknown();
  [[nodiscard]] static FlowState entry();

  [[nodiscard]] const Value& get(unsigned index) const { return registers_[index]; }
  void set(unsigned index, const Value& value) { registers_[index] = value; }
  // A word of the stack by its offset from the stack pointer at entry.
  [[nodiscard]] Value load(std::int64_t offset) const;
  void store(std::int64_t offset, const Value& value);
  void forget_stack() { words_.clear(); }
  // What a function called from here finds as its parameter; the call has not pushed yet.
  [[nodiscard]] Value argument(Parameter parameter, bool is_jump) const;

  bool join(const FlowState& other);

 private:
  struct Word {
    std::int64_t offset;
    Value value;
  };
  std::array<Value, kRegisters> registers_;
  std::vector<Word> words_;   // ascending by offset; a word that is not here is anything
  bool has_parameters_ = false;   // stack words at and above the return address are as at entry
};

}  // namespace harden::reach
