// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// Path walking: dots, slashes, long names, long paths, bytes that are no text, deep folders.

#include "check.h"

int main(void) {
  scratch_enter();
  mkdir("d", 0755);
  put_file("d/f", "text");
  check_text(get_file("./d/./f"), "text", ". stays");
  check_text(get_file("d/../d/f"), "text", ".. goes up");
  check_text(get_file("d//f"), "text", "two slashes are one");
  check_text(get_file(".//.///d////f"), "text", "so are more");
  check_equal(access("/../../..", F_OK), 0, ".. of the root is the root");
  struct stat s, t;
  stat("/", &s);
  stat("/..", &t);
  check(s.st_ino == t.st_ino, "with the same number");
  check_error(access("d/f/", F_OK), ENOTDIR, "a slash after a file fails");
  check_error(access("d/f/..", F_OK), ENOTDIR, "so does .. after a file");
  check_equal(access("d/", F_OK), 0, "a slash after a folder works");
  check_error(open("new/", O_WRONLY | O_CREAT, 0644), EISDIR, "O_CREAT with a slash fails");

  char name[300];
  memset(name, 'n', sizeof name);
  name[255] = 0;
  check_equal(mkdir(name, 0755), 0, "a name of 255 bytes works");
  check_equal(access(name, F_OK), 0, "and is found");
  name[255] = 'n';
  name[256] = 0;
  check_error(mkdir(name, 0755), ENAMETOOLONG, "one of 256 does not");
  check_error(access(name, F_OK), ENAMETOOLONG, "nor to look for");
  char path[5000] = "";
  for (int index = 0; index < 2045; index++) strcat(path, "./");
  strcat(path, "d/f");
  check_text(get_file(path), "text", "a path of 4093 bytes works");
  strcat(path, "xxx");
  check_error(access(path, F_OK), ENAMETOOLONG, "one of 4096 does not");
  check_error(access("d/missing/../f", F_OK), ENOENT, ".. after a missing name fails");

  put_file("\xff\xfe bytes \x01", "odd");
  check_text(get_file("\xff\xfe bytes \x01"), "odd", "names are bytes");
  put_file("Case", "1");
  check_error(access("case", F_OK), ENOENT, "upper and lower case differ");
  put_file(" ", "space");
  check_text(get_file(" "), "space", "a space is a name");
  put_file("...", "dots");
  check_text(get_file("..."), "dots", "so are three dots");

  int depth = 0;
  for (; depth < 100 && mkdir("deep", 0755) == 0 && chdir("deep") == 0; depth++) {}
  check_equal(depth, 100, "100 folders below each other");
  char *here = getcwd(NULL, 0);
  check_equal(here ? (long)strlen(here) : -1, (long)strlen(scratch_path) + 500, "getcwd is as long");
  free(here);
  check_error(getcwd(path, 10) ? 0 : -1, ERANGE, "getcwd into too little space fails");
  for (; depth > 0 && chdir("..") == 0; depth--) {}
  check_equal(access("d/f", F_OK), 0, "and 100 times .. comes back");
  return finish();
}
