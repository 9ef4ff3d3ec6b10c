// SPDX-License-Identifier: LGPL-2.1-or-later
#include "decode/x86_64.h"

#include <gtest/gtest.h>

#include <vector>

namespace harden::reach {
namespace {

// The value of rax behind some instructions.
Value rax_after(std::initializer_list<std::uint8_t> code) {
  const std::vector<std::uint8_t> bytes(code);
  const Bytes all{std::span(bytes)};
  FlowState state = FlowState::entry();
  Instruction one;
  for (std::uint64_t at = 0; at < all.size(); at = one.end()) {
    EXPECT_TRUE(x86_64().decode(all.from(at), at, one));
    x86_64().apply(all.from(at), at, state);
  }
  return state.get(0);
}

std::vector<std::int64_t> constants_after(std::initializer_list<std::uint8_t> code) {
  const Value value = rax_after(code);
  return {value.constants().begin(), value.constants().end()};
}

TEST(X86, FollowsNumbersThroughRegisters) {
  using V = std::vector<std::int64_t>;
  EXPECT_EQ(constants_after({0xb8, 0x27, 0, 0, 0}), V{39});                          // mov eax, 39
  EXPECT_EQ(constants_after({0x31, 0xc0, 0xb0, 0x27}), V{39});  // xor eax, eax; mov al, 39
  EXPECT_EQ(constants_after({0x6a, 0x0a, 0x58}), V{10});  // push 10; pop rax
  EXPECT_EQ(constants_after({0x41, 0xb8, 0xca, 0, 0, 0, 0x44, 0x89, 0xc0}),
            V{202});  // mov r8d, 202; mov eax, r8d
  EXPECT_EQ(constants_after({0xb8, 1, 0, 0, 0, 0x0f, 0x94, 0xc0}), (V{0, 1}));  // mov eax, 1; sete al
  EXPECT_EQ(rax_after({0x89, 0xf8}).parameters(), 1U << 7U);  // mov eax, edi
  EXPECT_TRUE(rax_after({0x8b, 0x07}).is_any());  // mov eax, [rdi]
  // push rbp; mov rbp, rsp; mov [rbp-0x14], edi; mov eax, [rbp-0x14]
  EXPECT_EQ(rax_after({0x55, 0x48, 0x89, 0xe5, 0x89, 0x7d, 0xec, 0x8b, 0x45, 0xec}).parameters(), 1U << 7U);
}

TEST(X86, SeesWhatAnInstructionNames) {
  const std::vector<std::uint8_t> lea = {0x48, 0x8d, 0x05, 0x10, 0, 0, 0};
  Instruction one;
  ASSERT_TRUE(x86_64().decode(Bytes{std::span(lea)}, 0x1000, one));
  EXPECT_EQ(one.pointer, 0x1017U);
  const std::vector<std::uint8_t> stub = {0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25, 0x10, 0, 0, 0};
  EXPECT_EQ(x86_64().stub_slot(Bytes{std::span(stub)}, 0x1000), 0x101aU);
  EXPECT_EQ(x86_64().stub_slot(Bytes{std::span(lea)}, 0x1000), 0U);
}

}  // namespace
}  // namespace harden::reach
