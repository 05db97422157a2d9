// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// Hard links, link counts, unlink of an open file, mkdir and rmdir.

#include "check.h"

static long links(const char *path) {
  struct stat s;
  return lstat(path, &s) == 0 ? (long)s.st_nlink : -1;
}

int main(void) {
  scratch_enter();
  put_file("a", "text");
  check_equal(links("a"), 1, "a new file has one link");
  check_equal(link("a", "b"), 0, "link makes a second name");
  check_equal(links("a"), 2, "the count is 2");
  struct stat s, t;
  stat("a", &s);
  stat("b", &t);
  check(s.st_ino == t.st_ino && s.st_dev == t.st_dev, "both names are one file");
  check_error(link("a", "b"), EEXIST, "link does not replace");
  check_error(link("missing", "c"), ENOENT, "link of a missing file fails");
  put_file("b", "changed");
  check_text(get_file("a"), "changed", "a write through one name shows in the other");
  check_equal(unlink("a"), 0, "unlink takes one name");
  check_equal(links("b"), 1, "the count is 1 again");
  check_text(get_file("b"), "changed", "the file stays");

  int file = open("b", O_RDWR);
  check_equal(unlink("b"), 0, "unlink of an open file works");
  check_error(unlink("b"), ENOENT, "only once");
  fstat(file, &s);
  check_equal(s.st_nlink, 0, "the count is 0");
  check_equal(write(file, "still here", 10), 10, "it can be written");
  char buffer[16] = "";
  pread(file, buffer, 15, 0);
  check_text(buffer, "still here", "and read");
  close(file);

  check_equal(mkdir("d", 0755), 0, "mkdir works");
  check_equal(links("d"), 2, "an empty folder has two links");
  mkdir("d/e", 0755);
  mkdir("d/f", 0755);
  check_equal(links("d"), 4, "each folder in it adds one");
  rmdir("d/f");
  check_equal(links("d"), 3, "and takes it away again");
  check_error(mkdir("d", 0755), EEXIST, "mkdir of a folder that is there fails");
  check_error(mkdir("x/y", 0755), ENOENT, "mkdir in a missing folder fails");
  int result = rmdir("d");
  check(result == -1 && (errno == ENOTEMPTY || errno == EEXIST), "rmdir refuses a folder in use");
  check_error(unlink("d"), EISDIR, "unlink refuses a folder");
  put_file("file", "");
  check_error(rmdir("file"), ENOTDIR, "rmdir refuses a file");
  check_error(rmdir("d/e/."), EINVAL, "rmdir refuses a last .");
  check_error(link("d", "d2"), EPERM, "link refuses a folder");
  check_equal(mkdir("slash/", 0755), 0, "mkdir takes a trailing slash");
  check_equal(rmdir("slash/"), 0, "rmdir too");
  check_error(unlink("file/"), ENOTDIR, "unlink does not, for a file");

  chdir("d/e");
  check_equal(rmdir("../e"), 0, "the working folder can be removed");
  char path[4096];
  check(getcwd(path, sizeof path) == NULL && errno == ENOENT, "then getcwd fails");
  check_error(open("new", O_WRONLY | O_CREAT, 0644), ENOENT, "and nothing can be made in it");
  check_equal(chdir("/tmp"), 0, "leaving it works");
  return finish();
}
