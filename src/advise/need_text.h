// SPDX-License-Identifier: LGPL-2.1-or-later
// Needs in words: for `Ignore=`, and for people.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "needs/recording.h"

namespace harden {

// A need in one word, as `Ignore=` takes it: "file:/etc/x", "syscall:personality", "capability:CAP_KILL".
[[nodiscard]] std::string need_word(const Need& need);
// Does one of the words, in which * and ? stand for anything, name it? "syscall:*" names all of a kind.
[[nodiscard]] bool is_named_by(const Need& need, std::span<const std::string> words);
// In a few English words, the verb without its subject: "write /var/log/x". Text from the recording stands
// in it as it came: whoever prints it escapes it.
[[nodiscard]] std::string need_text(const Need& need);
// "ExecStart: nginx (12 times, first 3 s after the start)": who had it, how often, when.
[[nodiscard]] std::string evidence_text(const Need& need, const Recording& recording);

}  // namespace harden
