// SPDX-License-Identifier: LGPL-2.1-or-later
// Which system call numbers a function uses: a forward dataflow of constants over its code. A number that
// the function got from its caller makes it a wrapper, and each of its callers is asked in turn, up to a
// fixpoint over the module.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "reach/code.h"
#include "reach/flow_state.h"

namespace harden::reach {

// What one function does with system call numbers.
struct NumberUse {
  struct Found {
    std::uint16_t number = 0;
    bool is_wrapped = false;
    std::uint64_t site = 0;
  };
  std::vector<Found> found;
  std::uint32_t parameters = 0;            // of the function itself that are numbers
  std::vector<std::uint64_t> unresolved;   // sites
};

// What is known of the functions that are called, by their address or by the word that holds it.
struct CallLookup {
  // The parameters that are numbers of system calls; 0 for what is no wrapper.
  std::function<std::uint32_t(std::uint64_t)> by_target;
  std::function<std::uint32_t(std::uint64_t)> by_word;
  // False for what ends the process or jumps away: no flow goes on behind the call.
  std::function<bool(std::uint64_t)> returns;
};

[[nodiscard]] NumberUse find_numbers(const ElfImage& image, const Isa& isa, const Function& function,
                                     const CallLookup& calls);

}  // namespace harden::reach
