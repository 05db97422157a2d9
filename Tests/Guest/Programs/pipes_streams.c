// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// Pipes: order, capacity, ends, non-blocking, atomic writes, threads at both ends, FIFOs.

#include "check.h"

#include <pthread.h>
#include <sys/ioctl.h>

enum { total = 8 << 20 };
static int pair[2];

static void *pour(void *seed) {
  char block[5000];
  long sent = 0;
  uint32_t state = (uintptr_t)seed;
  while (sent < total) {
    long count = total - sent < (long)sizeof block ? total - sent : (long)sizeof block;
    for (long index = 0; index < count; index++) block[index] = (sent + index) * 31 >> 3;
    for (long done = 0; done < count;) {
      state = state * 1664525 + 1013904223;
      long part = 1 + (state >> 16) % 5000;
      ssize_t wrote = write(pair[1], block + done, part < count - done ? part : count - done);
      if (wrote < 0) abort();
      done += wrote;
    }
    sent += count;
  }
  close(pair[1]);
  return NULL;
}

static void *write_records(void *letter) {
  char record[1000];
  memset(record, (intptr_t)letter, sizeof record);
  for (int round = 0; round < 200; round++)
    if (write(pair[1], record, sizeof record) != sizeof record) abort();
  return NULL;
}

int main(void) {
  signal(SIGPIPE, SIG_IGN);
  char buffer[8192];
  check_equal(pipe(pair), 0, "pipe");
  check_equal(write(pair[1], "hello", 5) + write(pair[1], " world", 6), 11, "two writes");
  check_equal(read(pair[0], buffer, sizeof buffer), 11, "one read gets both");
  check(memcmp(buffer, "hello world", 11) == 0, "in order");
  write(pair[1], "abc", 3);
  int waiting = 0;
  check_equal(ioctl(pair[0], FIONREAD, &waiting), 0, "FIONREAD");
  check_equal(waiting, 3, "counts what waits");
  check_equal(read(pair[0], buffer, 2), 2, "a short read leaves the rest");
  check_equal(read(pair[0], buffer, 9), 1, "for the next");
  check_error(read(pair[1], buffer, 1), EBADF, "the writing end cannot be read");
  check_error(write(pair[0], buffer, 1), EBADF, "nor the reading end written");
  fcntl(pair[0], F_SETFL, O_NONBLOCK);
  check_error(read(pair[0], buffer, 1), EAGAIN, "an empty pipe does not block when it must not");
  fcntl(pair[1], F_SETFL, O_NONBLOCK);
  long full = 0;
  ssize_t wrote;
  while ((wrote = write(pair[1], buffer, 4096)) > 0) full += wrote;
  check_equal(errno, EAGAIN, "a full one neither");
  check_equal(full, 65536, "it holds 64 KiB");
  check_equal(fcntl(pair[1], F_GETPIPE_SZ), 65536, "F_GETPIPE_SZ tells so");
  read(pair[0], buffer, 100);
  check_error(write(pair[1], buffer, 4096), EAGAIN, "a small write is whole or not at all");
  while (read(pair[0], buffer, sizeof buffer) > 0) {}
  close(pair[1]);
  check_equal(read(pair[0], buffer, 1), 0, "without a writer there is an end");
  close(pair[0]);
  pipe2(pair, O_CLOEXEC | O_NONBLOCK);
  check_equal(fcntl(pair[0], F_GETFD), FD_CLOEXEC, "pipe2 with O_CLOEXEC");
  check_equal(fcntl(pair[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK, "and O_NONBLOCK");
  close(pair[0]);
  check_error(write(pair[1], "x", 1), EPIPE, "without a reader writing fails");
  close(pair[1]);
  check_error(pipe2(pair, O_APPEND), EINVAL, "pipe2 with other flags fails");
  struct stat s;

  pipe(pair);
  fstat(pair[0], &s);
  check(S_ISFIFO(s.st_mode), "a pipe is a FIFO");
  pthread_t thread, other;
  pthread_create(&thread, NULL, pour, (void *)7);
  long got = 0;
  bool right = true;
  ssize_t count;
  while ((count = read(pair[0], buffer, 1 + got % 8000)) > 0) {
    for (ssize_t index = 0; index < count; index++)
      right &= buffer[index] == (char)((got + index) * 31 >> 3);
    got += count;
  }
  pthread_join(thread, NULL);
  check(right && got == total, "8 MiB go from thread to thread in pieces of all sizes");
  close(pair[0]);

  pipe(pair);
  pthread_create(&thread, NULL, write_records, (void *)(intptr_t)'a');
  pthread_create(&other, NULL, write_records, (void *)(intptr_t)'b');
  for (int round = 0; round < 400; round++) {
    for (got = 0; got < 1000 && (count = read(pair[0], buffer + got, 1000 - got)) > 0;) got += count;
    for (int index = 0; index < 1000; index++) right &= buffer[index] == buffer[0];
  }
  pthread_join(thread, NULL);
  pthread_join(other, NULL);
  check(right, "records of two writers do not mix");

  scratch_enter();
  check_equal(mkfifo("fifo", 0644), 0, "mkfifo");
  check_error(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO, "a FIFO without a reader");
  int reader = open("fifo", O_RDONLY | O_NONBLOCK), writer = open("fifo", O_WRONLY);
  check(reader >= 0 && writer >= 0, "opens at both ends");
  write(writer, "fifo", 4);
  check_equal(read(reader, buffer, 9), 4, "and carries bytes");
  return finish();
}
