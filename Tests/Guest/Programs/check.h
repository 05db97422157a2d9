// SPDX-License-Identifier: BSD-3-Clause
//
// What every conformance program shares: numbered claims on standard output, and a folder of its
// own to work in. Output must be the same on every run and every machine: no addresses, no times,
// no process numbers.

#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

static int check_count, check_failures;
static char scratch_path[64];

// One claim: `sentence` says what holds.
UNUSED static void check(bool holds, const char *sentence) {
  int error = errno;
  check_count++;
  printf("%s %d %s", holds ? "ok" : "not ok", check_count, sentence);
  if (!holds) {
    check_failures++;
    printf(" (errno %d)", error);
  }
  putchar('\n');
}

UNUSED static void check_equal(long actual, long expected, const char *sentence) {
  check(actual == expected, sentence);
  if (actual != expected) printf("# got %ld, expected %ld\n", actual, expected);
}

// The call failed, and for the right reason.
UNUSED static void check_error(long result, int expected, const char *sentence) {
  int error = errno;
  check(result == -1 && error == expected, sentence);
  if (result != -1) printf("# got result %ld, expected errno %d\n", result, expected);
  else if (error != expected) printf("# got errno %d, expected %d\n", error, expected);
}

UNUSED static void check_text(const char *actual, const char *expected, const char *sentence) {
  check(strcmp(actual, expected) == 0, sentence);
  if (strcmp(actual, expected) != 0) printf("# got \"%s\", expected \"%s\"\n", actual, expected);
}

static int scratch_remove(const char *path, const struct stat *s UNUSED, int type UNUSED,
                          struct FTW *ftw UNUSED) {
  return remove(path);
}

static void scratch_leave(void) {
  if (scratch_path[0] && chdir("/") == 0)
    nftw(scratch_path, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

// Makes an empty folder, goes there, and removes it at exit.
UNUSED static void scratch_enter(void) {
  strcpy(scratch_path, "/tmp/martlet.XXXXXX");
  umask(022);
  if (!mkdtemp(scratch_path) || chdir(scratch_path) != 0) {
    perror("scratch folder");
    exit(2);
  }
  atexit(scratch_leave);
}

// The status for `main`.
UNUSED static int finish(void) {
  printf("1..%d\n", check_count);
  if (fflush(stdout) != 0) return 2;
  return check_failures != 0;
}

// Writes a whole new file.
UNUSED static void put_file(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text)) {
    perror(path);
    exit(2);
  }
  close(file);
}

// The whole of a short file, in a buffer that the next call overwrites.
UNUSED static const char *get_file(const char *path) {
  static char buffer[65536];
  int file = open(path, O_RDONLY);
  ssize_t count = file < 0 ? -1 : read(file, buffer, sizeof buffer - 1);
  if (file >= 0) close(file);
  buffer[count < 0 ? 0 : count] = 0;
  return buffer;
}

UNUSED static int64_t now_in(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

UNUSED static int64_t now(void) { return now_in(CLOCK_MONOTONIC); }

#define MILLISECOND INT64_C(1000000)

UNUSED static void sleep_for(int64_t nanoseconds) {
  struct timespec span = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  while (nanosleep(&span, &span) != 0 && errno == EINTR) {}
}

// ---- Faults: what signal a piece of code raises ---------------------------------------------

static sigjmp_buf fault_return;
static volatile sig_atomic_t fault_signal, fault_code;
static void *volatile fault_address;

UNUSED static void fault_handler(int signal, siginfo_t *info, void *context UNUSED) {
  fault_signal = signal;
  fault_code = info->si_code;
  fault_address = info->si_addr;
  siglongjmp(fault_return, 1);
}

UNUSED static void catch_faults(int flags) {
  struct sigaction action = {.sa_sigaction = fault_handler, .sa_flags = SA_SIGINFO | flags};
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGFPE, &action, NULL);
  sigaction(SIGILL, &action, NULL);
  sigaction(SIGTRAP, &action, NULL);
}

// The signal that `statement` raised, or 0.
#define FAULT(statement)                                                                         \
  ({                                                                                             \
    fault_signal = 0;                                                                            \
    fault_code = 0;                                                                              \
    fault_address = NULL;                                                                        \
    if (sigsetjmp(fault_return, 1) == 0) {                                                       \
      statement;                                                                                 \
    }                                                                                            \
    fault_signal;                                                                                \
  })

// Not inlined: the compiler would see addresses that cannot be right.
UNUSED static __attribute__((noinline, noclone)) int fault_on_read(const volatile void *address) {
  return FAULT((void)*(const volatile char *)address);
}

UNUSED static __attribute__((noinline, noclone)) int fault_on_write(volatile void *address) {
  return FAULT(*(volatile char *)address = 1);
}

#endif
