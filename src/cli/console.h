// SPDX-License-Identifier: LGPL-2.1-or-later
// The program's own stdout and stderr: the result goes to the one, all talk to the other. Everything that
// the program prints passes here or, as a finished text, through write().
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "emit/style.h"
#include "util/diagnostic.h"
#include "util/result.h"

namespace harden {

inline constexpr int kExitFine = 0;
inline constexpr int kExitFinding = 1;
inline constexpr int kExitTrouble = 2;

class Console {
 public:
  Console();

  void set_color(ColorWhen when);
  // Of the terminal that stdout is; kUnlimitedWidth if it is none.
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] const Style& style() const { return style_; }
  [[nodiscard]] bool talks_to_terminal() const { return err_is_terminal_; }

  // The result, on stdout. A failure is kept for finish().
  void write(std::string_view text);

  // "harden: context: file:line: message" and, if there is one, "hint: …", on stderr, escaped.
  void report(const Error& error) const;
  // The same for what went wrong with one unit: its files are named by their last part.
  void report(std::string_view unit, const Error& error) const;
  void report(const Diagnostic& diagnostic) const;
  // A line of talk, on stderr.
  void say(std::string_view line) const;
  // The same without its end, for an answer behind it.
  void ask(std::string_view question) const;

  // The exit code, `code` unless the output could not be written.
  [[nodiscard]] int finish(int code) const;

 private:
  void print_problem(std::string_view text, std::string_view hint, Ink ink) const;

  bool out_is_terminal_;
  bool err_is_terminal_;
  std::size_t width_;
  Style style_;
  Style err_style_;
  int write_errno_ = 0;
};

// A program's work from its arguments to its exit code: what it throws becomes a line of talk and
// kExitTrouble, and `program | head` ends quietly, also where a parent ignores the signal.
[[nodiscard]] int run_program(int argc, char** argv,
                              int (*run)(const std::vector<std::string>& arguments, Console& console));

}  // namespace harden
