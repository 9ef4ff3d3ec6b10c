/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A set-user-ID program: status 0 if it runs as the user UID; with "chown FILE" behind it, if that works
 * too. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2 || geteuid() != (uid_t)atoi(argv[1])) return EPERM;
  if (argc == 4 && chown(argv[3], 1, 1) < 0) return errno;
  return 0;
}
