// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// stat, chmod, access, times, statfs: what files tell about themselves.

#include "check.h"

#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>

int main(void) {
  scratch_enter();
  struct stat s, t;
  put_file("f", "12345");
  check_equal(stat("f", &s), 0, "stat works");
  check(S_ISREG(s.st_mode) && s.st_size == 5 && s.st_nlink == 1, "type, size and links");
  check(s.st_blksize >= 512 && (s.st_blksize & (s.st_blksize - 1)) == 0, "a block size");
  check(s.st_uid == geteuid() && s.st_gid == getegid(), "the owner is the maker");
  stat("/", &t);
  check(S_ISDIR(t.st_mode) && t.st_ino != 0, "the root is a folder with a number");
  stat("/dev/null", &t);
  check(S_ISCHR(t.st_mode), "/dev/null is a character device");
  check_error(stat("f/x", &t), ENOTDIR, "stat below a file fails");
  check_error(stat("f", (struct stat *)8), EFAULT, "stat to a bad address fails");

  check_equal(chmod("f", 0640), 0, "chmod");
  stat("f", &t);
  check_equal(t.st_mode, S_IFREG | 0640, "sets the mode");
  check_equal(chmod("f", 04755), 0, "chmod with the set-user bit");
  stat("f", &t);
  check_equal(t.st_mode & 07777, 04755, "keeps it");
  chmod("f", 0644);
  check_error(chmod("missing", 0644), ENOENT, "chmod of nothing fails");
  int file = open("f", O_RDWR);
  check_equal(fchmod(file, 0600), 0, "fchmod");
  fstat(file, &t);
  check_equal(t.st_mode & 0777, 0600, "sets the mode");
  check_equal(access("f", R_OK | W_OK), 0, "access for reading and writing");
  check_error(access("f", X_OK), EACCES, "no access for execution without an x bit");
  check_error(access("f", 64), EINVAL, "an unknown mode fails");
  check_equal(chown("f", -1, -1), 0, "chown of nothing works");
  check_equal(fchown(file, geteuid(), getegid()), 0, "fchown to oneself works");

  struct timespec times[2] = {{1000000000, 111}, {1234567890, 123456789}};
  check_equal(futimens(file, times), 0, "futimens");
  fstat(file, &t);
  check(t.st_atim.tv_sec == 1000000000 && t.st_atim.tv_nsec == 111, "sets the access time");
  check(t.st_mtim.tv_sec == 1234567890 && t.st_mtim.tv_nsec == 123456789, "and the change time");
  struct timespec keep[2] = {{0, UTIME_OMIT}, {42, 7}};
  check_equal(utimensat(AT_FDCWD, "f", keep, 0), 0, "utimensat with UTIME_OMIT");
  stat("f", &t);
  check(t.st_atim.tv_sec == 1000000000 && t.st_mtim.tv_sec == 42, "keeps one of them");
  struct timespec present[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
  utimensat(AT_FDCWD, "f", present, 0);
  stat("f", &t);
  check(t.st_mtim.tv_sec > 1600000000, "UTIME_NOW is now");
  struct timespec bad[2] = {{0, 1000000000}, {0, 0}};
  check_error(utimensat(AT_FDCWD, "f", bad, 0), EINVAL, "a thousand million nanoseconds fail");
  struct timeval old[2] = {{5, 6}, {7, 8}};
  check_equal(utimes("f", old), 0, "utimes");
  stat("f", &t);
  check(t.st_mtim.tv_sec == 7 && t.st_mtim.tv_nsec == 8000, "in microseconds");
  write(file, "x", 1);
  fstat(file, &t);
  check(t.st_mtim.tv_sec > 1600000000, "a write sets the time");
  struct stat before;
  stat(".", &before);
  struct timespec past[2] = {{9, 0}, {9, 0}};
  utimensat(AT_FDCWD, ".", past, 0);
  put_file("another", "");
  stat(".", &t);
  check(t.st_mtim.tv_sec > 1600000000, "making a file sets the folder's time");

  struct statfs fs;
  check_equal(statfs(".", &fs), 0, "statfs");
  check(fs.f_bsize > 0 && fs.f_blocks > 0 && fs.f_namelen == 255, "has sizes");
  check_equal(fstatfs(file, &fs), 0, "fstatfs");
  struct statvfs vfs;
  check_equal(statvfs("/", &vfs), 0, "statvfs of the root");
  check_error(statfs("missing", &fs), ENOENT, "statfs of nothing fails");
  return finish();
}
