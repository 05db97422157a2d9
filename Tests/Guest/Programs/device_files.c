// SPDX-License-Identifier: BSD-3-Clause
// /dev: null, zero, full, random, urandom, the standard streams.
// input: from standard input

#include "check.h"

#include <sys/sysmacros.h>

static dev_t device(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 && S_ISCHR(s.st_mode) ? s.st_rdev : 0;
}

int main(void) {
  char buffer[4096];
  int file = open("/dev/null", O_RDWR);
  check_equal(read(file, buffer, 10), 0, "/dev/null is empty");
  check_equal(write(file, buffer, 4096), 4096, "and takes all");
  check_equal(device("/dev/null"), makedev(1, 3), "it has its number");
  file = open("/dev/zero", O_RDWR);
  memset(buffer, 1, sizeof buffer);
  check_equal(read(file, buffer, sizeof buffer), sizeof buffer, "/dev/zero is endless");
  bool zero = true;
  for (size_t index = 0; index < sizeof buffer; index++) zero &= buffer[index] == 0;
  check(zero, "and zero");
  check_equal(write(file, buffer, 100), 100, "it takes all");
  check_equal(device("/dev/zero"), makedev(1, 5), "it has its number");
  file = open("/dev/full", O_RDWR);
  check_error(write(file, buffer, 1), ENOSPC, "/dev/full is full");
  check_equal(read(file, buffer, 100), 100, "and reads as zero");
  check_equal(device("/dev/full"), makedev(1, 7), "it has its number");
  const char *names[] = {"/dev/random", "/dev/urandom"};
  for (int index = 0; index < 2; index++) {
    unsigned char first[32] = {0}, second[32] = {0};
    file = open(names[index], O_RDONLY);
    check_equal(read(file, first, 32), 32, names[index]);
    read(file, second, 32);
    check(memcmp(first, second, 32) != 0, "gives something else each time");
    close(file);
  }
  check_equal(device("/dev/random"), makedev(1, 8), "random has its number");
  check_equal(device("/dev/urandom"), makedev(1, 9), "urandom too");
  check(device("/dev/tty") == makedev(5, 0), "/dev/tty");
  file = open("/dev/stdin", O_RDONLY);
  memset(buffer, 0, sizeof buffer);
  check(file >= 0 && read(file, buffer, 100) == 20, "/dev/stdin");
  check_text(buffer, "from standard input\n", "reads standard input");
  fflush(stdout);
  file = open("/dev/stdout", O_WRONLY | O_APPEND);
  check(file >= 0 && write(file, "to standard output\n", 19) == 19, "/dev/stdout");
  fflush(stdout);
  file = open("/dev/fd/1", O_WRONLY | O_APPEND);
  check(file >= 0, "/dev/fd");
  check_error(open("/dev/missing", O_RDONLY), ENOENT, "what is not there is not there");
  check_equal(access("/dev/null/x", F_OK) == -1 ? errno : 0, ENOTDIR, "nothing is below a device");
  return finish();
}
