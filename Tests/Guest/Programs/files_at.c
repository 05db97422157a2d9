// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// The *at calls: relative to a folder's descriptor, AT_FDCWD, AT_EMPTY_PATH, statx.

#include "check.h"

#include <sys/syscall.h>
#include <sys/sysmacros.h>

int main(void) {
  scratch_enter();
  mkdir("d", 0755);
  int folder = open("d", O_RDONLY | O_DIRECTORY);
  int file = openat(folder, "file", O_RDWR | O_CREAT, 0644);
  check(file >= 0 && access("d/file", F_OK) == 0, "openat is relative to the folder");
  write(file, "12345", 5);
  check_equal(mkdirat(folder, "sub", 0700), 0, "mkdirat");
  check_equal(symlinkat("file", folder, "link"), 0, "symlinkat");
  check_equal(linkat(folder, "file", folder, "hard", 0), 0, "linkat");
  check_equal(renameat(folder, "hard", AT_FDCWD, "outside"), 0, "renameat between two places");
  check_equal(faccessat(folder, "file", R_OK | W_OK, 0), 0, "faccessat");
  check_error(faccessat(folder, "missing", F_OK, 0), ENOENT, "faccessat of a missing name");
  struct stat s;
  check(fstatat(folder, "link", &s, 0) == 0 && S_ISREG(s.st_mode), "fstatat follows");
  check(fstatat(folder, "link", &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(s.st_mode),
        "and does not with AT_SYMLINK_NOFOLLOW");
  check(fstatat(file, "", &s, AT_EMPTY_PATH) == 0 && s.st_size == 5, "AT_EMPTY_PATH takes the file");
  check_error(fstatat(file, "", &s, 0), ENOENT, "without it an empty path fails");
  check_error(fstatat(file, "x", &s, 0), ENOTDIR, "a file is no folder to start at");
  check_error(fstatat(-7, "x", &s, 0), EBADF, "a bad descriptor fails");
  check_equal(fstatat(-7, scratch_path, &s, 0), 0, "but not for an absolute path");
  check_error(fstatat(folder, "x", &s, 0x40000000), EINVAL, "an unknown flag fails");
  check_error(unlinkat(folder, "sub", 0), EISDIR, "unlinkat refuses a folder");
  check_equal(unlinkat(folder, "sub", AT_REMOVEDIR), 0, "AT_REMOVEDIR removes it");
  check_equal(fchmodat(folder, "file", 0600, 0), 0, "fchmodat");
  check_equal(linkat(folder, "link", folder, "followed", AT_SYMLINK_FOLLOW), 0, "linkat follows");
  fstatat(folder, "followed", &s, AT_SYMLINK_NOFOLLOW);
  check(S_ISREG(s.st_mode), "to the file");
  check_equal(linkat(folder, "link", folder, "copied", 0), 0, "linkat without the flag");
  fstatat(folder, "copied", &s, AT_SYMLINK_NOFOLLOW);
  check(S_ISLNK(s.st_mode), "links the link");

  struct statx x;
  check_equal(statx(folder, "file", 0, STATX_BASIC_STATS, &x), 0, "statx");
  check((x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS, "gives all basic fields");
  fstat(file, &s);
  check(x.stx_size == 5 && x.stx_mode == s.st_mode && x.stx_ino == s.st_ino, "with stat's values");
  check(x.stx_nlink == 3 && s.st_nlink == 3, "the link count");
  check(makedev(x.stx_dev_major, x.stx_dev_minor) == s.st_dev, "the device");
  check(x.stx_mtime.tv_sec == s.st_mtim.tv_sec && x.stx_mtime.tv_nsec == s.st_mtim.tv_nsec,
        "the time");
  check_equal(statx(file, "", AT_EMPTY_PATH, STATX_SIZE, &x), 0, "statx of a descriptor");
  check_error(statx(folder, "gone", 0, STATX_SIZE, &x), ENOENT, "statx of a missing name");
  check_error(statx(folder, "file", 0, 0x80000000u, &x), EINVAL, "statx with a reserved mask");
  check_equal(syscall(SYS_faccessat2, folder, "file", R_OK, AT_EACCESS), 0, "faccessat2");
  close(folder);
  check_error(openat(folder, "file", O_RDONLY), EBADF, "a closed folder fails");
  return finish();
}
