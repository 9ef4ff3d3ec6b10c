/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program with set-ID bits: status 0 if it runs as the user UID, or as the group of `:GID`; with "chown
   FILE" behind it, if that works too. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) return EPERM;
  if (argv[1][0] == ':' ? getegid() != (gid_t)atoi(argv[1] + 1) : geteuid() != (uid_t)atoi(argv[1]))
    return EPERM;
  if (argc == 4 && chown(argv[3], 1, 1) < 0) return errno;
  return 0;
}
