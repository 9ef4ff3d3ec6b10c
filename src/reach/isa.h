// SPDX-License-Identifier: LGPL-2.1-or-later
// What the analysis asks of a processor: where an instruction goes, what addresses it names, and what it
// does to registers that may hold a system call number. x86-64 is
// in src/decode, apart from here, so that what only prints or compares results does without a disassembler.
#pragma once

#include <cstdint>
#include <span>

#include "reach/bytes.h"
#include "reach/flow_state.h"

namespace harden::reach {

enum class Flow : std::uint8_t {
  next,  // goes on to the next instruction
  branch,  // to the target or on
  jump,  // to the target
  call,  // to the target, and on when it returns
  indirect_jump,
  indirect_call,
  stop,  // return
  trap,  // ends here and does not return
  system_call,  // and on
  compat_call,  // int 0x80: numbers of another table
};

struct Instruction {
  std::uint64_t address = 0;
  std::uint64_t target = 0;  // of branch, jump, call
  std::uint64_t memory = 0;  // a constant address that is read or written; 0: none
  std::uint64_t pointer = 0;  // an address held as a value; 0: none
  std::uint64_t absolute = 0;  // a constant that is one, perhaps, in code at a fixed address; 0: none
  std::uint8_t memory_size = 0;  // bytes at `memory`, at most
  std::uint8_t length = 0;
  Flow flow = Flow::next;
  bool is_store = false;  // `memory` is only written
  bool is_padding = false;  // nop, int3: between functions

  [[nodiscard]] std::uint64_t end() const { return address + length; }
  // Nothing follows it but by a jump.
  [[nodiscard]] bool is_last() const {
    return flow == Flow::jump || flow == Flow::indirect_jump || flow == Flow::stop || flow == Flow::trap;
  }
};

class Isa {
 public:
  virtual ~Isa() = default;

  // False for bytes that are no instruction.
  [[nodiscard]] virtual bool decode(Bytes bytes, std::uint64_t address, Instruction& out) const = 0;
  // The state after the instruction at `address`, control flow aside.
  virtual void apply(Bytes bytes, std::uint64_t address, FlowState& state) const = 0;
  // A call returns: what the callee may change is unknown.
  virtual void forget_call(FlowState& state) const = 0;
  // The word at a stub of the procedure linkage table that it jumps through; 0: it is no stub.
  [[nodiscard]] virtual std::uint64_t stub_slot(Bytes bytes, std::uint64_t address) const = 0;

 protected:
  Isa() = default;
  Isa(const Isa&) = default;
  Isa& operator=(const Isa&) = default;
};

}  // namespace harden::reach
