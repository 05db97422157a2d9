// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// Record locks of one process, open-file-description locks, flock.

#include "check.h"

#include <sys/file.h>

static int lock(int file, int command, int type, off_t start, off_t length) {
  struct flock request = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  return fcntl(file, command, &request);
}

int main(void) {
  scratch_enter();
  put_file("f", "0123456789");
  int file = open("f", O_RDWR), other = open("f", O_RDWR), reader = open("f", O_RDONLY);
  check_equal(lock(file, F_SETLK, F_WRLCK, 0, 10), 0, "a write lock");
  check_equal(lock(other, F_SETLK, F_WRLCK, 5, 10), 0, "a process does not lock itself out");
  struct flock query = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
  check_equal(fcntl(other, F_GETLK, &query), 0, "F_GETLK");
  check_equal(query.l_type, F_UNLCK, "sees no lock of another");
  check_equal(lock(file, F_SETLK, F_UNLCK, 3, 4), 0, "a piece in the middle can be unlocked");
  check_equal(lock(file, F_SETLKW, F_RDLCK, 0, 0), 0, "F_SETLKW for reading, to the end");
  check_error(lock(reader, F_SETLK, F_WRLCK, 0, 1), EBADF, "a write lock needs a writable file");
  check_equal(lock(reader, F_SETLK, F_RDLCK, 0, 1), 0, "a read lock does not");
  check_error(lock(file, F_SETLK, 99, 0, 1), EINVAL, "an unknown kind fails");
  check_error(lock(file, F_SETLK, F_WRLCK, -5, 1), EINVAL, "a negative start fails");
  check_error(fcntl(file, F_SETLK, (void *)8), EFAULT, "a bad address fails");
  lock(file, F_SETLK, F_UNLCK, 0, 0);

  check_equal(lock(file, F_OFD_SETLK, F_WRLCK, 0, 10), 0, "a lock of the open file");
  check_error(lock(other, F_OFD_SETLK, F_WRLCK, 9, 1), EAGAIN, "excludes another open file");
  check_equal(lock(other, F_OFD_SETLK, F_WRLCK, 10, 1), 0, "where it reaches");
  query = (struct flock){.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 1};
  check_equal(fcntl(other, F_OFD_GETLK, &query), 0, "F_OFD_GETLK");
  check(query.l_type == F_WRLCK && query.l_start == 0 && query.l_len == 10 && query.l_pid == -1,
        "tells which");
  check_equal(lock(file, F_OFD_SETLK, F_UNLCK, 4, 2), 0, "a piece in the middle can go");
  check_equal(lock(other, F_OFD_SETLK, F_RDLCK, 4, 2), 0, "and be taken by the other");
  check_error(lock(other, F_OFD_SETLK, F_RDLCK, 3, 2), EAGAIN, "no more than it");
  close(file);
  check_equal(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0), 0, "closing gives the lock back");
  lock(other, F_OFD_SETLK, F_UNLCK, 0, 0);

  file = open("f", O_RDWR);
  check_equal(flock(file, LOCK_SH), 0, "a shared flock");
  check_equal(flock(other, LOCK_SH | LOCK_NB), 0, "two of them");
  check_error(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK, "no exclusive one beside");
  check_equal(flock(file, LOCK_UN), 0, "LOCK_UN");
  check_equal(flock(other, LOCK_EX | LOCK_NB), 0, "then it can be had");
  check_error(flock(file, LOCK_SH | LOCK_NB), EWOULDBLOCK, "and excludes shared ones");
  int copy = dup(other);
  close(other);
  check_error(flock(file, LOCK_SH | LOCK_NB), EWOULDBLOCK, "a copy keeps it");
  close(copy);
  check_equal(flock(file, LOCK_SH | LOCK_NB), 0, "until the last is closed");
  check_error(flock(file, 0), EINVAL, "flock of nothing fails");
  return finish();
}
