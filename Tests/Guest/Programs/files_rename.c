// SPDX-License-Identifier: BSD-3-Clause
// rename, renameat2, and what becomes of open files.

#include "check.h"

int main(void) {
  scratch_enter();
  put_file("a", "from a");
  put_file("b", "from b");
  int open_b = open("b", O_RDONLY);
  check_equal(rename("a", "b"), 0, "renaming over a file works");
  check_text(get_file("b"), "from a", "the new name has the old content");
  check_error(access("a", F_OK), ENOENT, "the old name is gone");
  char buffer[16] = "";
  read(open_b, buffer, 15);
  check_text(buffer, "from b", "an open descriptor still reads the replaced file");
  struct stat s;
  fstat(open_b, &s);
  check_equal(s.st_nlink, 0, "which has no name any more");
  check_error(rename("missing", "x"), ENOENT, "a missing source fails");
  check_equal(rename("b", "b"), 0, "renaming to itself does nothing");
  link("b", "hard");
  check_equal(rename("b", "hard"), 0, "renaming to another name of the same file does nothing");
  check(access("b", F_OK) == 0 && access("hard", F_OK) == 0, "and leaves both names");

  mkdir("d1", 0755);
  mkdir("d2", 0755);
  mkdir("d1/inner", 0755);
  check_error(rename("b", "d1"), EISDIR, "a file cannot replace a folder");
  check_error(rename("d1", "b"), ENOTDIR, "a folder cannot replace a file");
  check_error(rename("d1", "d1/inner/below"), EINVAL, "a folder cannot go below itself");
  check_equal(rename("d1", "d2"), 0, "a folder replaces an empty folder");
  check(access("d2/inner", F_OK) == 0, "and takes what it holds along");
  mkdir("d3", 0755);
  int full = rename("d3", "d2");
  check(full == -1 && (errno == ENOTEMPTY || errno == EEXIST), "not one that holds something");
  mkdir("d3/x", 0755);
  put_file("d3/x/file", "deep");
  check_equal(rename("d3/x", "moved"), 0, "a folder moves to another folder");
  check_text(get_file("moved/file"), "deep", "with its files");
  stat("d3", &s);
  check_equal(s.st_nlink, 2, "the old parent has one link less");
  int up = open("moved/..", O_RDONLY | O_DIRECTORY), here = open(".", O_RDONLY | O_DIRECTORY);
  struct stat t;
  fstat(up, &s);
  fstat(here, &t);
  check(s.st_ino == t.st_ino, "its .. is the new parent");

  put_file("x", "1");
  put_file("y", "2");
  check_error(renameat2(AT_FDCWD, "x", AT_FDCWD, "y", RENAME_NOREPLACE), EEXIST,
              "RENAME_NOREPLACE refuses a name that is there");
  check_equal(renameat2(AT_FDCWD, "x", AT_FDCWD, "z", RENAME_NOREPLACE), 0, "and takes a new one");
  check_equal(renameat2(AT_FDCWD, "z", AT_FDCWD, "y", RENAME_EXCHANGE), 0, "RENAME_EXCHANGE works");
  check_text(get_file("y"), "1", "the first went there");
  check_text(get_file("z"), "2", "the second came here");
  check_equal(symlink("y", "link"), 0, "a link to a file");
  check_equal(rename("link", "link2"), 0, "moves as a link");
  lstat("link2", &s);
  check(S_ISLNK(s.st_mode), "and stays one");
  return finish();
}
