// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// open(2): flags, and the errors for each kind of path.

#include "check.h"

int main(void) {
  scratch_enter();
  check_error(open("missing", O_RDONLY), ENOENT, "opening a missing file fails");
  int file = open("new", O_RDWR | O_CREAT | O_EXCL, 0640);
  check(file >= 0, "O_CREAT | O_EXCL makes a file");
  check_error(open("new", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST, "and refuses one that is there");
  struct stat s;
  fstat(file, &s);
  check_equal(s.st_mode, S_IFREG | 0640, "its mode is what was asked for");
  check_equal(s.st_size, 0, "it is empty");
  check_equal(write(file, "0123456789", 10), 10, "ten bytes go in");
  check_equal(fcntl(file, F_GETFL) & (O_ACCMODE | O_APPEND), O_RDWR, "F_GETFL gives the access mode");
  close(file);

  umask(077);
  file = open("masked", O_WRONLY | O_CREAT, 0666);
  fstat(file, &s);
  check_equal(s.st_mode & 0777, 0600, "the mask takes bits away");
  umask(022);
  char byte;
  check_error(read(file, &byte, 1), EBADF, "reading a write-only descriptor fails");
  close(file);
  file = open("new", O_RDONLY);
  check_error(write(file, "x", 1), EBADF, "writing a read-only descriptor fails");
  check_error(ftruncate(file, 0), EINVAL, "truncating a read-only descriptor fails");
  close(file);
  check_error(close(file), EBADF, "closing twice fails");
  check_error(read(-1, &byte, 1), EBADF, "reading descriptor -1 fails");

  file = open("new", O_WRONLY | O_TRUNC);
  fstat(file, &s);
  check_equal(s.st_size, 0, "O_TRUNC empties the file");
  close(file);

  mkdir("folder", 0755);
  check_error(open("folder", O_RDWR), EISDIR, "opening a folder for writing fails");
  check_error(open("folder", O_RDONLY | O_CREAT, 0644), EISDIR, "O_CREAT on a folder fails");
  file = open("folder", O_RDONLY | O_DIRECTORY);
  check(file >= 0, "O_DIRECTORY opens a folder");
  check_error(read(file, &byte, 1), EISDIR, "reading a folder fails");
  close(file);
  check_error(open("new", O_RDONLY | O_DIRECTORY), ENOTDIR, "O_DIRECTORY refuses a file");
  check_error(open("new/below", O_RDONLY), ENOTDIR, "a file in the middle of a path fails");
  check_error(open("", O_RDONLY), ENOENT, "the empty path fails");
  check_error(open((char *)1, O_RDONLY), EFAULT, "a bad address fails");
  check_error(open("folder/missing/x", O_RDWR | O_CREAT, 0644), ENOENT, "a missing folder fails");

  symlink("new", "link");
  check_error(open("link", O_RDONLY | O_NOFOLLOW), ELOOP, "O_NOFOLLOW refuses a link");
  file = open("link", O_PATH | O_NOFOLLOW);
  check(file >= 0 && fstat(file, &s) == 0 && S_ISLNK(s.st_mode), "O_PATH | O_NOFOLLOW opens it");
  check_error(read(file, &byte, 1), EBADF, "an O_PATH descriptor cannot be read");
  close(file);
  symlink("made-through-link", "dangling");
  file = open("dangling", O_WRONLY | O_CREAT, 0644);
  check(file >= 0 && access("made-through-link", F_OK) == 0, "O_CREAT follows a dangling link");
  close(file);
  unlink("made-through-link");
  check_error(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST, "O_EXCL does not");

  int first = open("new", O_RDONLY), second = open("new", O_RDONLY);
  check(second == first + 1, "descriptors are the lowest that are free");
  close(first);
  check_equal(open("new", O_RDONLY), first, "a closed one is used again");
  check_equal(creat("made", 0600) >= 0, 1, "creat makes a file");
  file = open(".", O_RDWR | O_TMPFILE, 0600);
  if (file >= 0) {
    fstat(file, &s);
    check_equal(s.st_nlink, 0, "O_TMPFILE has no name");
  } else {
    check(errno == EOPNOTSUPP || errno == EISDIR, "O_TMPFILE has no name");
  }
  return finish();
}
