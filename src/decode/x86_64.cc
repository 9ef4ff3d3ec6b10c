// SPDX-License-Identifier: LGPL-2.1-or-later
// x86-64 by Zydis. Most instructions are only asked where they go and which addresses they name, which the
// raw fields of a minimal decode tell; operands are decoded in functions that make system calls.
#include "decode/x86_64.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <array>

namespace harden::reach {
namespace {

constexpr unsigned kRax = 0, kRcx = 1, kRsp = 4, kR11 = 11;
constexpr std::size_t kLongest = 15;

std::uint64_t plus(std::uint64_t base, std::int64_t offset) {
  return base + static_cast<std::uint64_t>(offset);
}

class X86 final : public Isa {
 public:
  X86() {
    (void)ZydisDecoderInit(&full_, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    brief_ = full_;
    (void)ZydisDecoderEnableMode(&brief_, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
  }

  bool decode(Bytes bytes, std::uint64_t address, Instruction& out) const override {
    ZydisDecodedInstruction raw;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&brief_, nullptr, bytes.data(),
                                                    std::min(bytes.size(), kLongest), &raw)))
      return false;
    out = {};
    out.address = address;
    out.length = raw.length;
    read_flow(raw, out);
    read_addresses(raw, out);
    return true;
  }

  void apply(Bytes bytes, std::uint64_t address, FlowState& state) const override;

  void forget_call(FlowState& state) const override {
    constexpr std::array kChanged = {0U, 1U, 2U, 6U, 7U, 8U, 9U, 10U, 11U};
    for (const unsigned index : kChanged) state.set(index, Value::any());
  }

  std::uint64_t stub_slot(Bytes bytes, std::uint64_t address) const override {
    const std::uint8_t* at = bytes.data();
    const std::size_t size = std::min<std::size_t>(bytes.size(), 16);
    std::size_t i = 0;
    constexpr std::array<std::uint8_t, 4> kEndbr = {0xf3, 0x0f, 0x1e, 0xfa};
    if (size >= 4 && std::equal(kEndbr.begin(), kEndbr.end(), at)) i = 4;
    if (i < size && at[i] == 0xf2) ++i;   // bnd
    if (size < i + 6 || at[i] != 0xff || at[i + 1] != 0x25) return 0;
    return plus(address + i + 6, *bytes.read<std::int32_t>(i + 2));
  }

 private:
  static void read_flow(const ZydisDecodedInstruction& raw, Instruction& out) {
    const unsigned op = raw.opcode;
    const auto relative = [&](Flow flow) {
      out.flow = flow;
      out.target = plus(out.address + raw.length, raw.raw.imm[0].value.s);
    };
    if (raw.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) return;
    if (raw.opcode_map == ZYDIS_OPCODE_MAP_0F) {
      if (op >= 0x80 && op <= 0x8f) return relative(Flow::branch);
      if (op == 0x05) out.flow = Flow::system_call;
      if (op == 0x34) out.flow = Flow::compat_call;
      if (op == 0x0b || op == 0xb9 || op == 0xff) out.flow = Flow::trap;
      if (op == 0x1f) out.is_padding = true;
      return;
    }
    if (raw.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT) return;
    if ((op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xe3)) return relative(Flow::branch);
    switch (op) {
      case 0xe8:
        return relative(Flow::call);
      case 0xe9:
      case 0xeb:
        return relative(Flow::jump);
      case 0xc2:
      case 0xc3:
      case 0xca:
      case 0xcb:
      case 0xcf:
        out.flow = Flow::stop;
        break;
      case 0xf4:
        out.flow = Flow::trap;
        break;
      case 0xcc:
        out.flow = Flow::trap;
        out.is_padding = true;
        break;
      case 0xcd:
        out.flow = raw.raw.imm[0].value.u == 0x80 ? Flow::compat_call : Flow::next;
        break;
      case 0x90:
        out.is_padding = true;
        break;
      case 0xff:
        if (raw.raw.modrm.reg == 2 || raw.raw.modrm.reg == 3) out.flow = Flow::indirect_call;
        if (raw.raw.modrm.reg == 4 || raw.raw.modrm.reg == 5) out.flow = Flow::indirect_jump;
        break;
      default:
        break;
    }
  }

  static void read_addresses(const ZydisDecodedInstruction& raw, Instruction& out) {
    const bool is_legacy = raw.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY;
    const bool is_one_byte = is_legacy && raw.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT;
    const unsigned op = raw.opcode;
    const bool is_nop = is_legacy && raw.opcode_map == ZYDIS_OPCODE_MAP_0F && op == 0x1f;
    if (raw.raw.modrm.offset != 0 && raw.raw.modrm.mod != 3 && raw.raw.disp.size == 32 && !is_nop) {
      if (raw.raw.modrm.mod == 0 && raw.raw.modrm.rm == 5) {
        const std::uint64_t at = plus(out.address + raw.length, raw.raw.disp.value);
        if (is_one_byte && op == 0x8d) {
          out.pointer = at;
        } else {
          out.memory = at;
          // Vectors read several words; the rest of the instruction set one.
          out.memory_size = is_one_byte ? 8 : 64;
          out.is_store = is_one_byte && (op == 0x88 || op == 0x89 || op == 0xc6 || op == 0xc7);
        }
      } else {
        // An absolute address that registers are added to: the start of an array, in code that is not
        // position-independent.
        out.absolute = static_cast<std::uint64_t>(raw.raw.disp.value);
      }
    }
    if (out.absolute == 0 && raw.raw.imm[0].size >= 32 && raw.raw.imm[0].is_relative == 0)
      out.absolute = raw.raw.imm[0].value.u & (raw.raw.imm[0].size == 32 ? 0xffffffffU : ~std::uint64_t{0});
  }

  ZydisDecoder brief_{}, full_{};
};

// --- The registers -----------------------------------------------------------------------------------

int register_index(ZydisRegister reg) {
  const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
  if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15) return -1;
  return whole - ZYDIS_REGISTER_RAX;
}

bool is_high_byte(ZydisRegister reg) { return reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH; }

std::int64_t cut(std::int64_t value, unsigned bits, bool is_signed) {
  if (bits >= 64) return value;
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  std::uint64_t low = static_cast<std::uint64_t>(value) & mask;
  if (is_signed && (low >> (bits - 1) & 1U) != 0) low |= ~mask;
  return static_cast<std::int64_t>(low);
}

// Each constant through `change`; what is no constant becomes anything, but parameters pass if `keeps`.
template <typename Change>
Value map_constants(const Value& value, bool keeps, Change change) {
  if (value.is_any() || value.is_stack()) return Value::any();
  if (!keeps && value.parameters() != 0) return Value::any();
  Value result;
  for (unsigned i = 0; i < kParameters; ++i)
    if ((value.parameters() >> i & 1U) != 0) result.join(Value::parameter(i));
  for (const std::int64_t one : value.constants()) result.join(Value::constant(change(one)));
  return result;
}

class Step {
 public:
  Step(const ZydisDecodedInstruction& raw, const ZydisDecodedOperand* operands, std::uint64_t address,
       FlowState& state)
      : raw_(raw), operands_(operands), end_(address + raw.length), state_(state) {}

  void run() {
    const ZydisDecodedOperand& out = operands_[0];
    switch (raw_.mnemonic) {
      case ZYDIS_MNEMONIC_MOV:
        return write(out, read(operands_[1]));
      case ZYDIS_MNEMONIC_MOVZX:
        return write(out, map_constants(read(operands_[1]), true, [](auto v) { return v; }));
      case ZYDIS_MNEMONIC_MOVSX:
      case ZYDIS_MNEMONIC_MOVSXD:
        return write(out, map_constants(read(operands_[1]), true,
                                        [&](auto v) { return cut(v, operands_[1].size, true); }));
      case ZYDIS_MNEMONIC_CDQE:
        return write_rax(map_constants(state_.get(kRax), true, [](auto v) { return cut(v, 32, true); }));
      case ZYDIS_MNEMONIC_LEA:
        return write(out, address_of(operands_[1]));
      case ZYDIS_MNEMONIC_PUSH:
        return push(out);
      case ZYDIS_MNEMONIC_POP:
        return pop(out);
      case ZYDIS_MNEMONIC_XCHG: {
        const Value first = read(out), second = read(operands_[1]);
        write(out, second);
        return write(operands_[1], first);
      }
      case ZYDIS_MNEMONIC_LEAVE: {
        const Value frame = state_.get(5);
        state_.set(kRsp, frame);
        pop_into_frame(frame);
        return;
      }
      case ZYDIS_MNEMONIC_XOR:
      case ZYDIS_MNEMONIC_SUB:
        if (is_same_register()) return write(out, Value::constant(0));
        if (raw_.mnemonic == ZYDIS_MNEMONIC_SUB) return combine([](auto a, auto b) { return a - b; }, -1);
        return combine([](auto a, auto b) { return a ^ b; });
      case ZYDIS_MNEMONIC_SBB:
        if (!is_same_register()) break;
        {
          Value either = Value::constant(0);
          either.join(Value::constant(-1));
          return write(out, either);
        }
      case ZYDIS_MNEMONIC_ADD:
        return combine([](auto a, auto b) { return a + b; }, 1);
      case ZYDIS_MNEMONIC_OR:
        if (operands_[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operands_[1].imm.value.s == -1)
          return write(out, Value::constant(-1));
        return combine([](auto a, auto b) { return a | b; });
      case ZYDIS_MNEMONIC_AND: {
        // Of an unknown value a mask leaves a few: the choice between two numbers is often made so.
        const Value mask = read(operands_[1]);
        if (!read(out).is_constant() && mask.is_constant() && mask.constants().size() == 1) {
          const std::int64_t bits = mask.constants()[0];
          if (bits >= 0 && bits <= 7) {
            Value all;
            for (std::int64_t i = 0; i <= bits; ++i) all.join(Value::constant(i & bits));
            return write(out, all);
          }
        }
        return combine([](auto a, auto b) { return a & b; });
      }
      case ZYDIS_MNEMONIC_SHL:
        return combine([](auto a, auto b) { return shifted(a, b); });
      case ZYDIS_MNEMONIC_INC:
        return write(out, map_constants(read(out), false, [](auto v) { return plus_one(v, 1); }));
      case ZYDIS_MNEMONIC_DEC:
        return write(out, map_constants(read(out), false, [](auto v) { return plus_one(v, -1); }));
      case ZYDIS_MNEMONIC_NOT:
        return write(out, map_constants(read(out), false, [](auto v) { return ~v; }));
      default:
        break;
    }
    if (raw_.meta.category == ZYDIS_CATEGORY_CMOV) {
      Value either = read(out);
      either.join(read(operands_[1]));
      return write(out, either);
    }
    if (raw_.meta.category == ZYDIS_CATEGORY_SETCC) {
      Value either = Value::constant(0);
      either.join(Value::constant(1));
      return write(out, either);
    }
    forget_written();
  }

 private:
  static std::int64_t plus_one(std::int64_t value, int by) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) +
                                     static_cast<std::uint64_t>(static_cast<std::int64_t>(by)));
  }
  static std::uint64_t shifted(std::uint64_t value, std::uint64_t by) { return value << (by & 63U); }

  [[nodiscard]] bool is_same_register() const {
    return operands_[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operands_[1].type == ZYDIS_OPERAND_TYPE_REGISTER &&
           operands_[0].reg.value == operands_[1].reg.value;
  }

  // Of [base + displacement] and [rip + displacement]; anything else is anything.
  [[nodiscard]] Value address_of(const ZydisDecodedOperand& one) const {
    const auto displacement = one.mem.disp.has_displacement != 0 ? one.mem.disp.value : 0;
    if (one.mem.base == ZYDIS_REGISTER_RIP)
      return Value::constant(static_cast<std::int64_t>(plus(end_, displacement)));
    const auto add = [&](const Value& value, std::int64_t what) {
      if (value.is_stack()) return Value::stack(plus_wrapped(value.stack_offset(), what));
      return map_constants(value, what == 0, [&](auto v) { return plus_wrapped(v, what); });
    };
    const int index = register_index(one.mem.index);
    if (index >= 0 && one.mem.index != ZYDIS_REGISTER_NONE) {
      const Value& scaled = state_.get(static_cast<unsigned>(index));
      if (one.mem.base == ZYDIS_REGISTER_NONE && scaled.is_constant())
        return map_constants(scaled, false,
                             [&](auto v) { return scaled_plus(v, one.mem.scale, displacement); });
      return Value::any();
    }
    if (one.mem.base == ZYDIS_REGISTER_NONE) return Value::constant(displacement);
    const int base = register_index(one.mem.base);
    return base < 0 ? Value::any() : add(state_.get(static_cast<unsigned>(base)), displacement);
  }
  static std::int64_t scaled_plus(std::int64_t value, unsigned scale, std::int64_t offset) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) * scale +
                                     static_cast<std::uint64_t>(offset));
  }
  static std::int64_t plus_wrapped(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }

  [[nodiscard]] Value read(const ZydisDecodedOperand& one) const {
    switch (one.type) {
      case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        return Value::constant(one.imm.is_signed != 0 ? one.imm.value.s
                                                      : static_cast<std::int64_t>(one.imm.value.u));
      case ZYDIS_OPERAND_TYPE_REGISTER: {
        const int index = register_index(one.reg.value);
        if (index < 0 || is_high_byte(one.reg.value)) return Value::any();
        const Value& whole = state_.get(static_cast<unsigned>(index));
        if (one.size >= 64) return whole;
        return map_constants(whole, true, [&](auto v) { return cut(v, one.size, false); });
      }
      case ZYDIS_OPERAND_TYPE_MEMORY: {
        if (one.mem.segment != ZYDIS_REGISTER_SS && one.mem.segment != ZYDIS_REGISTER_DS)
          return Value::any();
        const Value at = address_of(one);
        if (!at.is_stack() || one.size < 32) return Value::any();
        const Value word = state_.load(at.stack_offset());
        if (one.size >= 64) return word;
        return map_constants(word, true, [&](auto v) { return cut(v, one.size, false); });
      }
      default:
        return Value::any();
    }
  }

  void write(const ZydisDecodedOperand& one, const Value& value) {
    if (one.type == ZYDIS_OPERAND_TYPE_REGISTER) {
      const int index = register_index(one.reg.value);
      if (index < 0) return;
      const auto at = static_cast<unsigned>(index);
      if (one.size >= 64) return state_.set(at, value);
      if (one.size == 32)
        return state_.set(at, map_constants(value, true, [](auto v) { return cut(v, 32, false); }));
      if (is_high_byte(one.reg.value)) return state_.set(at, Value::any());
      return state_.set(at, merged(state_.get(at), value, one.size));
    }
    if (one.type == ZYDIS_OPERAND_TYPE_MEMORY) {
      const Value at = address_of(one);
      if (at.is_stack()) state_.store(at.stack_offset(), one.size >= 32 ? value : Value::any());
    }
  }
  void write_rax(const Value& value) { state_.set(kRax, value); }

  // The low bits replaced: `xor eax, eax; mov al, 39`.
  static Value merged(const Value& whole, const Value& low, unsigned bits) {
    if (!whole.is_constant() || !low.is_constant()) return Value::any();
    Value result;
    const auto mask = static_cast<std::int64_t>((std::uint64_t{1} << bits) - 1);
    for (const std::int64_t a : whole.constants())
      for (const std::int64_t b : low.constants()) result.join(Value::constant((a & ~mask) | (b & mask)));
    return result;
  }

  // `direction`: the stack pointer moves by constants, forward or back.
  template <typename Change>
  void combine(Change change, int direction = 0) {
    const Value a = read(operands_[0]), b = read(operands_[1]);
    if (direction != 0 && a.is_stack()) {
      if (!b.is_constant() || b.constants().size() != 1) return write(operands_[0], Value::any());
      const auto by = static_cast<std::uint64_t>(b.constants()[0]);
      return write(operands_[0],
                   Value::stack(plus_wrapped(a.stack_offset(),
                                             static_cast<std::int64_t>(direction < 0 ? ~by + 1 : by))));
    }
    if (!a.is_constant() || !b.is_constant()) return write(operands_[0], Value::any());
    Value result;
    for (const std::int64_t x : a.constants())
      for (const std::int64_t y : b.constants())
        result.join(Value::constant(static_cast<std::int64_t>(
            change(static_cast<std::uint64_t>(x), static_cast<std::uint64_t>(y)))));
    write(operands_[0], result);
  }

  void push(const ZydisDecodedOperand& one) {
    const Value value = read(one);
    const Value top = state_.get(kRsp);
    if (!top.is_stack()) return;
    state_.set(kRsp, Value::stack(plus_wrapped(top.stack_offset(), -8)));
    state_.store(plus_wrapped(top.stack_offset(), -8), value);
  }
  void pop(const ZydisDecodedOperand& one) {
    const Value top = state_.get(kRsp);
    if (!top.is_stack()) return write(one, Value::any());
    const Value value = state_.load(top.stack_offset());
    state_.set(kRsp, Value::stack(plus_wrapped(top.stack_offset(), 8)));
    write(one, value);
  }
  void pop_into_frame(const Value& frame) {
    if (!frame.is_stack()) return state_.set(5, Value::any());
    state_.set(5, state_.load(frame.stack_offset()));
    state_.set(kRsp, Value::stack(plus_wrapped(frame.stack_offset(), 8)));
  }

  void forget_written() {
    for (unsigned i = 0; i < raw_.operand_count; ++i) {
      const ZydisDecodedOperand& one = operands_[i];
      if ((one.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) {
        if (one.type == ZYDIS_OPERAND_TYPE_REGISTER) {
          const int index = register_index(one.reg.value);
          if (index >= 0) state_.set(static_cast<unsigned>(index), Value::any());
        } else if (one.type == ZYDIS_OPERAND_TYPE_MEMORY) {
          write(one, Value::any());
        }
      }
    }
  }

  const ZydisDecodedInstruction& raw_;
  const ZydisDecodedOperand* operands_;
  std::uint64_t end_;
  FlowState& state_;
};

void X86::apply(Bytes bytes, std::uint64_t address, FlowState& state) const {
  ZydisDecodedInstruction raw;
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&full_, bytes.data(), std::min(bytes.size(), kLongest), &raw,
                                           operands.data()))) {
    state = FlowState::unknown();
    return;
  }
  if (raw.mnemonic == ZYDIS_MNEMONIC_SYSCALL) {
    state.set(kRax, Value::any());
    state.set(kRcx, Value::any());
    state.set(kR11, Value::any());
    return;
  }
  if (raw.meta.category == ZYDIS_CATEGORY_CALL || raw.meta.category == ZYDIS_CATEGORY_RET) return;
  Step(raw, operands.data(), address, state).run();
}

}  // namespace

const Isa& x86_64() {
  static const X86 isa;
  return isa;
}

}  // namespace harden::reach
