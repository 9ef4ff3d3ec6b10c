// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "emit/table.h"
#include "util/text.h"

namespace harden {
namespace {

// COLUMNS first, as systemd's tools have it; then what the terminal says of itself.
std::size_t terminal_width() {
  constexpr std::size_t kUsual = 80;
  constexpr std::size_t kMax = 10000;
  if (const char* text = std::getenv("COLUMNS")) {
    std::size_t columns = 0;
    const char* end = text + std::strlen(text);
    if (const auto [at, error] = std::from_chars(text, end, columns);
        error == std::errc() && at == end && columns > 0 && columns <= kMax)
      return columns;
  }
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kUsual;
}

// 0 or the errno.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

bool stream_has_color(ColorWhen when, bool is_terminal) {
  return wants_color(when, is_terminal, std::getenv("NO_COLOR"), std::getenv("TERM"));
}

}  // namespace

Console::Console()
    : out_is_terminal_(::isatty(STDOUT_FILENO) == 1),
      err_is_terminal_(::isatty(STDERR_FILENO) == 1),
      width_(out_is_terminal_ ? terminal_width() : kUnlimitedWidth),
      style_(false),
      err_style_(false) {
  set_color(ColorWhen::automatic);
}

void Console::set_color(ColorWhen when) {
  style_ = Style(stream_has_color(when, out_is_terminal_));
  err_style_ = Style(stream_has_color(when, err_is_terminal_));
}

void Console::write(std::string_view text) {
  if (write_errno_ == 0) write_errno_ = write_all(STDOUT_FILENO, text);
}

void Console::print_problem(std::string_view text, std::string_view hint, Ink ink) const {
  std::string out;
  err_style_.paint(out, "harden:", ink);
  out.append(" ").append(escape_for_terminal(text)).append("\n");
  if (!hint.empty()) {
    err_style_.paint(out, "hint:", Ink::strong);
    out.append(" ").append(escape_for_terminal(hint)).append("\n");
  }
  (void)write_all(STDERR_FILENO, out);   // where else could one complain
}

void Console::report(const Error& error) const { print_problem(error.text(), error.hint, Ink::bad); }

void Console::report(std::string_view unit, const Error& error) const {
  Error shortened = error;
  const std::string_view file = base_name(error.where.file);
  shortened.where.file = file;
  if (file == unit && error.where.line == 0) shortened.where.file.clear();
  if (file != unit || error.where.line == 0) shortened = shortened.with_context(unit);
  report(shortened);
}

void Console::report(const Diagnostic& diagnostic) const {
  const Error as_error{Errc::invalid, diagnostic.message, 0, diagnostic.where, diagnostic.hint, {}};
  const Ink ink = diagnostic.severity == Severity::error ? Ink::bad : Ink::fair;
  print_problem(as_error.text(), diagnostic.hint, ink);
}

void Console::say(std::string_view line) const {
  (void)write_all(STDERR_FILENO, escape_for_terminal(line) + "\n");   // as above
}

void Console::ask(std::string_view question) const {
  (void)write_all(STDERR_FILENO, escape_for_terminal(question));   // as above
}

int Console::finish(int code) const {
  if (write_errno_ == 0) return code;
  if (write_errno_ != EPIPE)   // who closed the pipe has read enough
    report(fail_errno(write_errno_, "cannot write the output").error());
  return kExitTrouble;
}

int run_program(int argc, char** argv, int (*run)(const std::vector<std::string>&, Console&)) {
  (void)std::signal(SIGPIPE, SIG_DFL);
  Console console;
  try {
    return console.finish(run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc), console));
  } catch (const std::bad_alloc&) {
    console.say("harden: out of memory");
  } catch (const std::exception& error) {
    console.say(std::string("harden: internal error: ") + error.what());
  }
  return kExitTrouble;
}

}  // namespace harden
