// SPDX-License-Identifier: LGPL-2.1-or-later
// The options of one command: declared, parsed, and printed for --help. A fault is one line and a hint.
// CLI11 stays inside the .cc.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"

namespace harden {

class OptionParser {
 public:
  // `command` as on the command line; `summary` one sentence; `arguments` for the usage line: "[UNIT…]".
  OptionParser(std::string_view command, std::string_view summary, std::string_view arguments);
  ~OptionParser();
  OptionParser(const OptionParser&) = delete;
  OptionParser& operator=(const OptionParser&) = delete;

  // Names with their dashes. What is given out must outlive parse(); of an option given twice the last
  // counts.
  void add_flag(const std::string& name, bool& out, const std::string& help);
  void add_text(const std::string& name, const std::string& value_name, std::optional<std::string>& out,
                const std::string& help);
  // May be given several times; each is kept, in order.
  void add_texts(const std::string& name, const std::string& value_name, std::vector<std::string>& out,
                 const std::string& help);
  void add_number(const std::string& name, unsigned least, unsigned most, std::optional<unsigned>& out,
                  const std::string& help);
  // `out` keeps its value unless the option is given; it is always one of `words`.
  void add_choice(const std::string& name, std::vector<std::string_view> words, std::string& out,
                  const std::string& help);
  void add_arguments(std::vector<std::string>& out, std::size_t least);
  // Lines behind the options of --help.
  void add_note(std::string_view note) { notes_.emplace_back(note); }

  // Nothing: go on. Else the exit code, after --help or a fault, which has been printed.
  [[nodiscard]] std::optional<int> parse(std::span<const std::string> arguments, Console& console);

 private:
  struct App;
  void print_help(Console& console) const;
  [[nodiscard]] int complain(const Console& console, std::string message, std::string hint = {}) const;

  std::string command_;
  std::string summary_;
  std::string arguments_;
  std::vector<std::string> notes_;
  std::string color_ = "auto";
  std::size_t arguments_min_ = 0;
  std::vector<std::string>* arguments_out_ = nullptr;
  std::unique_ptr<App> app_;
};

}  // namespace harden
