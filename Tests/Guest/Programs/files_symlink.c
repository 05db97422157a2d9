// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// Symbolic links: following, chains, loops, readlink, relative and absolute targets.

#include "check.h"

int main(void) {
  scratch_enter();
  char buffer[64] = "";
  put_file("target", "text");
  check_equal(symlink("target", "one"), 0, "symlink works");
  check_error(symlink("target", "one"), EEXIST, "not twice");
  check_error(symlink("", "two"), ENOENT, "not with an empty target");
  check_equal(readlink("one", buffer, sizeof buffer), 6, "readlink gives the length");
  buffer[6] = 0;
  check_text(buffer, "target", "and the target");
  check_equal(readlink("one", buffer, 3), 3, "and cuts it off without an error");
  check_error(readlink("target", buffer, sizeof buffer), EINVAL, "readlink of a file fails");
  check_error(readlink("one", buffer, 0), EINVAL, "readlink into nothing fails");
  struct stat s;
  check(lstat("one", &s) == 0 && S_ISLNK(s.st_mode) && s.st_size == 6, "lstat sees the link");
  check(stat("one", &s) == 0 && S_ISREG(s.st_mode) && s.st_size == 4, "stat sees the file");
  check_equal(s.st_mode & 0777, 0644, "with the file's mode");

  char name[16], previous[16] = "target";
  for (int index = 0; index < 40; index++) {
    snprintf(name, sizeof name, "chain%d", index);
    symlink(previous, name);
    strcpy(previous, name);
  }
  check_text(get_file("chain39"), "text", "a chain of 40 links is followed");
  symlink("chain39", "chain40");
  check_error(open("chain40", O_RDONLY), ELOOP, "one of 41 is not");
  symlink("loop", "loop");
  check_error(open("loop", O_RDONLY), ELOOP, "a link to itself fails");
  symlink("pong", "ping");
  symlink("ping", "pong");
  check_error(stat("ping", &s), ELOOP, "two links in a circle fail");
  check_equal(lstat("ping", &s), 0, "lstat does not follow them");
  check_equal(unlink("ping"), 0, "they can be removed");
  symlink("nowhere", "dangling");
  check_error(stat("dangling", &s), ENOENT, "stat of a dangling link fails");
  check_error(mkdir("dangling", 0755), EEXIST, "mkdir does not follow it");

  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put_file("d/file", "in d");
  symlink("../file", "d/e/up");
  check_text(get_file("d/e/up"), "in d", "a relative target starts at the link's folder");
  symlink("d/e", "short");
  check_text(get_file("short/up"), "in d", "a link to a folder in the middle of a path");
  check_text(get_file("short/../file"), "in d", ".. after a link goes to the target's parent");
  check_equal(lstat("short/", &s) == 0 && S_ISDIR(s.st_mode), 1, "a slash at the end follows");
  check_equal(chdir("short"), 0, "chdir follows");
  char path[4096], expected[128];
  getcwd(path, sizeof path);
  snprintf(expected, sizeof expected, "%s/d/e", scratch_path);
  check(strcmp(path, expected) == 0, "getcwd gives the real path");
  chdir(scratch_path);
  char absolute[128];
  snprintf(absolute, sizeof absolute, "%s/target", scratch_path);
  symlink(absolute, "absolute");
  check_text(get_file("absolute"), "text", "an absolute target is followed");
  check_equal(unlink("one"), 0, "unlink removes the link");
  check_text(get_file("target"), "text", "not the target");
  char *real = realpath("short/up", NULL);
  snprintf(expected, sizeof expected, "%s/d/file", scratch_path);
  check(real && strcmp(real, expected) == 0, "realpath resolves all of it");
  free(real);
  check_error(readlinkat(AT_FDCWD, "missing", buffer, 10), ENOENT, "readlinkat of nothing fails");
  return finish();
}
