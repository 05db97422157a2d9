// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// dup, dup2, dup3, F_DUPFD, close-on-exec, shared positions, many descriptors, close_range.

#include "check.h"

#include <sys/resource.h>
#include <sys/syscall.h>

int main(void) {
  scratch_enter();
  put_file("f", "0123456789");
  int file = open("f", O_RDONLY), copy = dup(file);
  char byte;
  read(file, &byte, 1);
  read(copy, &byte, 1);
  check_equal(byte, '1', "a copy shares the position");
  int other = open("f", O_RDONLY);
  read(other, &byte, 1);
  check_equal(byte, '0', "another open does not");
  check_equal(dup2(file, 77), 77, "dup2 to a number");
  check_equal(dup2(77, 77), 77, "dup2 to itself does nothing");
  check_error(dup2(76, 77), EBADF, "dup2 of a closed one fails");
  read(77, &byte, 1);
  check_equal(byte, '2', "and leaves the target as it was");
  check_error(dup3(file, file, 0), EINVAL, "dup3 to itself fails");
  check_equal(dup3(file, 78, O_CLOEXEC), 78, "dup3 with O_CLOEXEC");
  check_equal(fcntl(78, F_GETFD), FD_CLOEXEC, "sets the flag");
  check_equal(fcntl(77, F_GETFD), 0, "dup2 does not");
  check_equal(fcntl(77, F_SETFD, FD_CLOEXEC), 0, "F_SETFD sets it");
  check_equal(fcntl(77, F_GETFD), FD_CLOEXEC, "F_GETFD shows it");
  check_equal(fcntl(file, F_DUPFD, 100), 100, "F_DUPFD takes the first from a number on");
  check_equal(fcntl(file, F_DUPFD, 100), 101, "and then the next");
  check_equal(fcntl(file, F_DUPFD_CLOEXEC, 100), 102, "F_DUPFD_CLOEXEC");
  check_equal(fcntl(102, F_GETFD), FD_CLOEXEC, "sets the flag");
  check_error(fcntl(file, F_DUPFD, -1), EINVAL, "a negative number fails");
  check_error(fcntl(99, F_GETFD), EBADF, "fcntl of a closed one fails");
  check_error(fcntl(file, 9999), EINVAL, "an unknown command fails");
  int with = open("f", O_RDONLY | O_CLOEXEC);
  check_equal(fcntl(with, F_GETFD), FD_CLOEXEC, "O_CLOEXEC at open");
  close(file);
  read(copy, &byte, 1);
  check_equal(byte, '3', "closing one leaves the other");
  fcntl(copy, F_SETFL, O_NONBLOCK);
  check_equal(fcntl(77, F_GETFL) & O_NONBLOCK, O_NONBLOCK, "status flags are shared");

  check_equal(syscall(SYS_close_range, 100, 102, 0), 0, "close_range");
  check_error(fcntl(101, F_GETFD), EBADF, "closes them");
  check_error(syscall(SYS_close_range, 5, 4, 0), EINVAL, "a range backwards fails");

  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 300;
  check_equal(setrlimit(RLIMIT_NOFILE, &limit), 0, "a limit of 300");
  int last = -1, next;
  while ((next = dup(copy)) >= 0) last = next;
  check_equal(errno, EMFILE, "dup fails when they are used up");
  check_equal(last, 299, "the last is 299");
  check_error(dup2(copy, 300), EBADF, "dup2 past the limit fails");
  check_error(open("f", O_RDONLY), EMFILE, "open fails too");
  int pair[2];
  check_error(pipe(pair), EMFILE, "and pipe");
  close(200);
  check_equal(dup(copy), 200, "the one that is free is found");
  return finish();
}
