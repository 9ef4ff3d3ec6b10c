/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "victim.h"

#include <dirent.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

/* read PATH: a byte of a file, or an entry of a folder */
VICTIM(read) {
  char byte;
  int fd = open(words[0], O_RDONLY);
  if (fd < 0) return errno;
  ssize_t count = read(fd, &byte, 1);
  if (count >= 0) return count ? 0 : kEmpty;
  if (errno != EISDIR) return errno;
  DIR* dir = fdopendir(fd);
  for (struct dirent* one; (one = readdir(dir));)
    if (one->d_name[0] != '.') return 0;
  return kEmpty;
}

/* write DIR: a file there, and what is in it is what was written */
VICTIM(write) {
  char* path = own_path(words[0], "file");
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  if (fd < 0) return errno;
  ssize_t count = write(fd, "x", 1);
  int error = errno;
  unlink(path);
  return count == 1 ? 0 : error;
}

/* write_file FILE: opened for writing, nothing written */
VICTIM(write_file) { return errno_of(open(words[0], O_WRONLY)); }

/* share DIR: a file there, which those outside see as well */
VICTIM(share) {
  char* path = own_path(words[0], "shared");
  int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
  if (fd < 0) return errno;
  int error = ask_helper(path);
  unlink(path);
  return error;
}

/* exec FILE */
VICTIM(exec) { return run_program(words[0], words + 1); }

static int copy(const char* from, const char* to, mode_t mode) {
  char buffer[65536];
  int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (in < 0 || out < 0) return errno;
  for (ssize_t count; (count = read(in, buffer, sizeof buffer)) > 0;)
    if (write(out, buffer, (size_t)count) != count) return errno;
  int error = errno_of(fchmod(out, mode));
  close(in), close(out);
  return error;
}

/* make_program DIR: write one there and execute it */
VICTIM(make_program) {
  char* path = own_path(words[0], "program");
  int error = copy("/usr/bin/true", path, 0700);
  if (!error) error = run_program(path, NULL);
  unlink(path);
  return error;
}

/* map_exec FILE: as the loader does with a library */
VICTIM(map_exec) {
  int fd = open(words[0], O_RDONLY);
  if (fd < 0) return errno;
  return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
}

/* interpret FILE: a program's text in a file that may not be executed, read by the shell */
VICTIM(interpret) {
  char* argv[] = {words[0], NULL};
  return run_program("/bin/sh", argv);
}

/* move DIR DIR: rename(2) from one to the other */
VICTIM(move) {
  char *from = own_path(words[0], "moved"), *to = own_path(words[1], "moved");
  int fd = open(from, O_WRONLY | O_CREAT, 0600);
  if (fd < 0) return errno;
  int error = errno_of(rename(from, to));
  unlink(error ? from : to);
  return error;
}

/* rename_over DIR FILE: replace a file of a configuration as careful programs do */
VICTIM(rename_over) {
  char *fresh = own_path(words[0], "new"), *target = own_path(words[0], "settings");
  int fd = open(fresh, O_WRONLY | O_CREAT, 0600);
  if (fd < 0) return errno;
  int error = errno_of(rename(fresh, target));
  unlink(error ? fresh : target);
  return error;
}

static int fresh_file(char** path) {
  *path = own_path("/tmp", "own");
  int fd = open(*path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  return fd < 0 ? -1 : fd;
}

/* suid_chmod: a set-user-ID bit on one's own file */
VICTIM(suid_chmod) {
  char* path;
  int fd = fresh_file(&path);
  if (fd < 0) return errno;
  int error = errno_of(chmod(path, 04755));
  unlink(path);
  return error;
}

/* suid_open: the same when the file is made */
VICTIM(suid_open) {
  char* path = own_path("/tmp", "suid");
  int fd = open(path, O_WRONLY | O_CREAT, 04755);
  int error = errno_of(fd);
  unlink(path);
  return error;
}

/* suid_int80: by the 32-bit chmod */
VICTIM(suid_int80) {
  char *path, *low = low_memory(4096);
  int fd = fresh_file(&path);
  if (fd < 0) return errno;
  strcpy(low, path);
  int error = errno_of(int80(15, (long)low, 04755, 0, 0, 0));
  unlink(path);
  return error;
}

/* What the helper does at a path; victim.h has the words. */
static int ask_about(char what, const char* path) {
  char* text = NULL;
  if (asprintf(&text, "%c%s", what, path) < 0) return ENOMEM;
  return ask_helper(text);
}

/* keep_bits DIR: write to a file there that has set-ID bits, and loses them unless the writer may keep them
 */
VICTIM(keep_bits) {
  char* path = own_path(words[0], "bits");
  struct stat status;
  int error = ask_about('*', path);
  if (error) return error;
  int fd = open(path, O_WRONLY);
  error = errno_of(fd);
  if (!error) error = errno_of(write(fd, "y", 1));
  if (!error) error = errno_of(fstat(fd, &status));
  ask_about('!', path);
  if (error) return error;
  return (status.st_mode & 06000) == 06000 ? 0 : kNoEffect;
}

/* change_mode DIR: of a file there that is root's */
VICTIM(change_mode) {
  char* path = own_path(words[0], "mode");
  int error = ask_about('*', path);
  if (error) return error;
  error = errno_of(chmod(path, 0600));
  ask_about('!', path);
  return error;
}

/* late_path DIR: read a file that comes there after the service has started */
VICTIM(late_path) {
  char* file[] = {own_path(words[0], "later"), NULL};
  int error = ask_about('*', file[0]);
  if (error) return error;
  error = try_read(file);
  ask_about('!', file[0]);
  return error;
}

/* sgid_folder: a folder that hands its group on */
VICTIM(sgid_folder) {
  char* path = own_path("/tmp", "folder");
  if (mkdir(path, 0770) < 0) return errno;
  int error = errno_of(chmod(path, 02770));
  rmdir(path);
  return error;
}

/* chown_own: to oneself, as what copies a file and keeps its owner does */
VICTIM(chown_own) {
  char* path;
  int fd = fresh_file(&path);
  if (fd < 0) return errno;
  int error = errno_of(fchown(fd, geteuid(), getegid()));
  unlink(path);
  return error;
}

/* chown_other UID */
VICTIM(chown_other) {
  char* path;
  int fd = fresh_file(&path);
  if (fd < 0) return errno;
  int error = errno_of(fchown(fd, (uid_t)atoi(words[0]), (gid_t)-1));
  unlink(path);
  return error;
}

/* mode BITS: does a new file have all of these, in octal? */
VICTIM(mode) {
  char* path = own_path("/tmp", "mode");
  struct stat status;
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (fd < 0 || fstat(fd, &status) < 0) return errno;
  unlink(path);
  mode_t wanted = (mode_t)strtol(words[0], NULL, 8);
  return (status.st_mode & wanted) == wanted ? 0 : kNoEffect;
}

/* owner PATH UID: is it shown as the owner? */
VICTIM(owner) {
  struct stat status;
  if (stat(words[0], &status) < 0) return errno;
  return status.st_uid == (uid_t)atoi(words[1]) ? 0 : kNoEffect;
}

/* set_id FILE UID|:GID: run a program with these rights; it tells who it is */
VICTIM(set_id) { return run_program(words[0], words + 1); }

/* chroot DIR */
VICTIM(chroot) { return errno_of(chroot(words[0])); }

/* mknod DIR: another /dev/null */
VICTIM(mknod) {
  char* path = own_path(words[0], "node");
  int error = errno_of(mknod(path, S_IFCHR | 0600, makedev(1, 3)));
  unlink(path);
  return error;
}

/* device NODE: opened; a node without hardware behind it was let through as well */
VICTIM(device) {
  int flags = words[1] && words[1][0] == 'r' ? O_RDONLY : O_RDWR;
  int fd = open(words[0], flags | O_NONBLOCK | O_NOCTTY);
  return fd >= 0 || errno == ENXIO || errno == ENODEV ? 0 : errno;
}

static int own_folder(char** path) {
  *path = own_path("/tmp", "mount");
  return mkdir(*path, 0700) < 0 && errno != EEXIST ? errno : 0;
}

/* mount: in one's own view */
VICTIM(mount) {
  char* path;
  int error = own_folder(&path);
  if (error) return error;
  error = errno_of(mount("victim", path, "tmpfs", 0, NULL));
  if (!error) umount2(path, MNT_DETACH);
  rmdir(path);
  return error;
}

/* mount_int80: by the 32-bit call */
VICTIM(mount_int80) {
  char *path, *low = low_memory(4096);
  int error = own_folder(&path);
  if (error) return error;
  strcpy(low, path), strcpy(low + 1000, "tmpfs");
  error = errno_of(int80(21, (long)(low + 1000), (long)low, (long)(low + 1000), 0, 0));
  if (!error) umount2(path, MNT_DETACH);
  rmdir(path);
  return error;
}

/* fsopen: the newer way to mount */
VICTIM(fsopen) { return errno_of(syscall(SYS_fsopen, "tmpfs", 0)); }

/* mount_shared DIR: a mount that those outside see */
VICTIM(mount_shared) {
  char *path = own_path(words[0], "mount"), *file = NULL;
  if (mkdir(path, 0755) < 0 && errno != EEXIST) return errno;
  int error = errno_of(mount("victim", path, "tmpfs", 0, "mode=755"));
  if (!error) {
    if (asprintf(&file, "%s/within", path) < 0) return errno;
    int fd = open(file, O_WRONLY | O_CREAT, 0644);
    error = fd < 0 ? errno : ask_helper(file);
    umount2(path, MNT_DETACH);
  }
  rmdir(path);
  return error;
}

/* late_mount DIR: write to what the host mounts below DIR while the service runs */
VICTIM(late_mount) {
  int error = ask_about('+', words[0]);
  if (error) return error;
  error = try_write(words);
  ask_about('-', words[0]);
  return error;
}

/* remount PATH: writable, by who may mount; and back, since the next victim has the same mounts */
VICTIM(remount) {
  struct statvfs before;
  if (statvfs(words[0], &before) < 0) return errno;
  unsigned long flags =
      before.f_flag & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC); /* as MS_* have them */
  int error = errno_of(
      mount(NULL, words[0], NULL, MS_REMOUNT | MS_BIND | (flags & ~(unsigned long)ST_RDONLY), NULL));
  if (!error) mount(NULL, words[0], NULL, MS_REMOUNT | MS_BIND | flags, NULL);
  return error;
}

/* root_of_first INODE PATH: past one's own view, through that of the first process of the host, whose mount
   namespace has that number */
VICTIM(root_of_first) {
  char* path = NULL;
  struct stat first;
  if (stat("/proc/1/ns/mnt", &first) < 0) return errno;
  if (first.st_ino != strtoull(words[0], NULL, 10)) return kNoEffect;
  if (asprintf(&path, "/proc/1/root%s", words[1]) < 0) return errno;
  int fd = open(path, O_RDONLY);
  if (fd < 0) return errno;
  char byte;
  return read(fd, &byte, 1) == 1 ? 0 : kEmpty;
}

/* swap: swapon(2) of what is no swap space */
VICTIM(swap) {
  int error = errno_of(syscall(SYS_swapon, "/usr/bin/true", 0));
  return error == EINVAL || error == EROFS ? 0 : error;
}

/* quota: ask for the disk quota of a file system that may have none */
VICTIM(quota) {
  int error = errno_of(syscall(SYS_quotactl, 0x80000100, "/dev/null", 0, 0));
  return error == ENOTBLK || error == ESRCH || error == ENOSYS || error == EINVAL || error == ENODEV
             ? 0
             : error;
}

/* acct: process accounting, switched off where it is off */
VICTIM(acct) {
  int error = errno_of(syscall(SYS_acct, "/dev/null"));
  return error == EACCES ? 0 : error; /* no regular file: past the check of the capability */
}

/* handle PATH: by handle, past all folders above it */
VICTIM(handle) {
  struct {
    struct file_handle head;
    char bytes[128];
  } one = {.head.handle_bytes = 128};
  int mount_id, place = open(words[0], O_RDONLY);
  if (name_to_handle_at(AT_FDCWD, words[0], &one.head, &mount_id, 0) < 0) return errno;
  int fd = open_by_handle_at(place, &one.head, O_RDONLY);
  return fd >= 0 || errno == ESTALE ? 0 : errno;
}
