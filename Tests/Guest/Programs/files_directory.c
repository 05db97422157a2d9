// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// Listing folders: many entries, small buffers, changes while listing, seekdir, types.

#include "check.h"

#include <dirent.h>
#include <sys/syscall.h>

enum { count = 2000 };

static int listing(const char *path, char *seen) {
  DIR *folder = opendir(path);
  int entries = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    entries++;
    int number;
    if (sscanf(entry->d_name, "entry%d", &number) == 1 && number < count) seen[number]++;
  }
  closedir(folder);
  return entries;
}

int main(void) {
  scratch_enter();
  mkdir("d", 0755);
  char seen[count] = {0}, name[32];
  check_equal(listing("d", seen), 2, "an empty folder has . and ..");
  for (int index = 0; index < count; index++) {
    snprintf(name, sizeof name, "d/entry%d", index);
    put_file(name, "");
  }
  check_equal(listing("d", seen), count + 2, "2000 entries are listed");
  bool once = true;
  for (int index = 0; index < count; index++) once &= seen[index] == 1;
  check(once, "each of them once");

  DIR *folder = opendir("d");
  int entries = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    if (entry->d_name[0] == '.') continue;
    entries++;
    unlinkat(dirfd(folder), entry->d_name, 0);
  }
  check_equal(entries, count, "removing while listing misses none");
  rewinddir(folder);
  entries = 0;
  while (readdir(folder)) entries++;
  check_equal(entries, 2, "rewinddir sees the folder as it is now");
  closedir(folder);

  put_file("d/file", "");
  mkdir("d/folder", 0755);
  symlink("file", "d/link");
  mkfifo("d/fifo", 0644);
  folder = opendir("d");
  int types = 0;
  for (struct dirent *entry; (entry = readdir(folder));) {
    struct stat s;
    lstat("d", &s);
    fstatat(dirfd(folder), entry->d_name, &s, AT_SYMLINK_NOFOLLOW);
    types += entry->d_type == IFTODT(s.st_mode) && (entry->d_ino == s.st_ino);
  }
  check_equal(types, 6, "each entry tells its type and number");
  rewinddir(folder);
  readdir(folder);
  readdir(folder);
  long place = telldir(folder);
  struct dirent *third = readdir(folder);
  strcpy(name, third->d_name);
  while (readdir(folder)) {}
  seekdir(folder, place);
  third = readdir(folder);
  check(third && strcmp(third->d_name, name) == 0, "seekdir goes back to a place");
  closedir(folder);

  int file = open("d", O_RDONLY | O_DIRECTORY);
  char buffer[1024];
  check_error(syscall(SYS_getdents64, file, buffer, 10), EINVAL, "a buffer too small fails");
  long got = syscall(SYS_getdents64, file, buffer, 32);
  check(got >= 24 && got <= 32, "a buffer for one entry gets one");
  int rest = 1;
  while ((got = syscall(SYS_getdents64, file, buffer, 32)) > 0) rest++;
  check_equal(rest, 6, "and the next calls get the others");
  check_equal(got, 0, "the end is 0");
  check_error(syscall(SYS_getdents64, 0x7fff, buffer, sizeof buffer), EBADF, "a bad descriptor fails");
  int plain = open("d/file", O_RDONLY);
  check_error(syscall(SYS_getdents64, plain, buffer, sizeof buffer), ENOTDIR, "a file fails");

  check_equal(fchdir(file), 0, "fchdir goes to an open folder");
  check_equal(access("fifo", F_OK), 0, "names are found there");
  check_error(fchdir(plain), ENOTDIR, "fchdir to a file fails");
  check_error(chdir("missing"), ENOENT, "chdir to nothing fails");
  return finish();
}
