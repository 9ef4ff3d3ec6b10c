/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* victims run FILE     each line of FILE, "ID NAME WORDS…", in a process of its own; prints "ID<tab>RESULT"
   victims one NAME WORDS…   the same for one, as a person would
   victims serve        the helper outside of the sandboxes, in the foreground
   A result is "ok", the name of an errno or of the signal that ended it, "timeout", or a word of kWords. */
#include "victim.h"

#include <signal.h>
#include <sys/wait.h>

enum { kSeconds = 8, kWords = 30 };
static const char* const kResults[] = {"empty", "no effect", "not executed", "failed", "usage"};
static struct victim* victims;

void add_victim(struct victim* one) {
  one->next = victims;
  victims = one;
}

static const char* name_of(int status, char* buffer, size_t size) {
  if (WIFSIGNALED(status)) {
    if (WTERMSIG(status) == SIGALRM) return "timeout";
    snprintf(buffer, size, "SIG%s", sigabbrev_np(WTERMSIG(status)));
    return buffer;
  }
  int code = WEXITSTATUS(status);
  if (code == 0) return "ok";
  if (code >= kEmpty && code <= kUsage) return kResults[code - kEmpty];
  const char* name = strerrorname_np(code);
  if (name) return name;
  snprintf(buffer, size, "status %d", code);
  return buffer;
}

/* The status of wait(2). */
static int try_apart(char** words) {
  struct victim* one = victims;
  while (one && strcmp(one->name, words[0]) != 0) one = one->next;
  if (!one) {
    fprintf(stderr, "victims: no victim %s\n", words[0]);
    return kUsage << 8;
  }
  pid_t child = fork();
  if (child < 0) return errno << 8;
  if (child == 0) {
    setpgid(0, 0);
    alarm(kSeconds);
    _exit(one->run(words + 1));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  kill(-child, SIGKILL); /* what it left behind */
  return status;
}

static int run(const char* path) {
  FILE* list = fopen(path, "re");
  if (!list) {
    perror(path);
    return 1;
  }
  char line[1024], buffer[64];
  while (fgets(line, sizeof line, list)) {
    char* words[kWords + 1] = {0};
    int count = 0;
    for (char *rest = line, *word; count < kWords && (word = strsep(&rest, " \n"));)
      if (*word) words[count++] = word;
    if (count < 2) continue;
    char* id = words[0];
    const char* result = name_of(try_apart(words + 1), buffer, sizeof buffer);
    dprintf(STDOUT_FILENO, "%s\t%s\n", id, result);
  }
  return 0;
}

int main(int argc, char** argv) {
  char buffer[64];
  if (argc == 3 && strcmp(argv[1], "run") == 0) return run(argv[2]);
  if (argc == 2 && strcmp(argv[1], "serve") == 0) return serve();
  if (argc >= 3 && strcmp(argv[1], "one") == 0) {
    puts(name_of(try_apart(argv + 2), buffer, sizeof buffer));
    return 0;
  }
  fprintf(stderr, "usage: victims run FILE | one NAME WORDS… | serve\n");
  return 2;
}
