// SPDX-License-Identifier: LGPL-2.1-or-later
#include "live/edit.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "util/file_write.h"

namespace harden {
namespace {

std::string editor() {
  for (const char* name : {"SYSTEMD_EDITOR", "EDITOR", "VISUAL"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  for (const char* path : {"/usr/bin/editor", "/usr/bin/nano", "/usr/bin/vim", "/usr/bin/vi"})
    if (::access(path, X_OK) == 0) return path;
  return {};
}

// The editor's words are the shell's to split, as with other programs that start one.
Result<void> run_editor(const std::string& words, const std::string& file) {
  const std::string script = words + " \"$1\"";
  const pid_t child = ::fork();
  if (child < 0) return fail_errno(errno, "cannot start the editor");
  if (child == 0) {
    (void)::execl("/bin/sh", "sh", "-c", script.c_str(), "sh", file.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return fail_errno(errno, "cannot wait for the editor");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(Errc::refused, "the editor failed: " + words, {}, "$EDITOR names another");
}

}  // namespace

Result<EditedFile> EditedFile::edit(const std::string& name, const std::string& text) {
  const std::string words = editor();
  if (words.empty()) return fail(Errc::not_found, "there is no editor", {}, "$EDITOR names one");
  HARDEN_TRY(ScratchDir dir, ScratchDir::make());
  const std::string path = dir.path() + "/" + name;
  EditedFile file(std::move(dir), path);
  HARDEN_CHECK(replace_file(file.path_, text, 0600, Durability::volatile_));
  HARDEN_CHECK(run_editor(words, file.path_));
  return file;
}

}  // namespace harden
