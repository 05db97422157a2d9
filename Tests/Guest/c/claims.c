// SPDX-License-Identifier: BSD-3-Clause
//
// What a C program may count on that is linked with the kernel. Each claim is a line.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void claim(const char *name, int holds) { printf("%s %s\n", holds ? "ok" : "FAIL", name); }

static int constructed;
__attribute__((constructor)) static void construct(void) { constructed = 42; }

static __thread int local = 7;
static __thread char zeroed[100];

static void *other_thread(void *argument) {
  int fresh = local == 7 && zeroed[50] == 0;
  local = 8;
  zeroed[50] = 1;
  *(int *)argument = fresh;
  return NULL;
}

static volatile sig_atomic_t signals;
static void count_signal(int number) {
  (void)number;
  signals++;
}

static pthread_t main_thread;
static int pipe_ends[2];

// Sends a signal while the first thread waits, then a byte.
static void *disturb(void *argument) {
  struct timespec pause = {0, 20000000};
  nanosleep(&pause, NULL);
  pthread_kill(main_thread, SIGUSR1);
  nanosleep(&pause, NULL);
  if (argument) (void)!write(pipe_ends[1], "x", 1);
  return NULL;
}

static void handle_with(int flags) {
  struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};
  sigaction(SIGUSR1, &action, NULL);
  signals = 0;
}

static void check_signals(void) {
  pthread_t thread;
  char byte = 0;
  main_thread = pthread_self();
  (void)!pipe(pipe_ends);

  handle_with(0);
  pthread_create(&thread, NULL, disturb, NULL);
  ssize_t count = read(pipe_ends[0], &byte, 1);
  claim("C0010 a signal ends a read that waits, with EINTR",
        count == -1 && errno == EINTR && signals == 1);
  pthread_join(thread, NULL);

  handle_with(SA_RESTART);
  pthread_create(&thread, NULL, disturb, "write");
  count = read(pipe_ends[0], &byte, 1);
  claim("C0011 with SA_RESTART the read begins again and gets its byte",
        count == 1 && byte == 'x' && signals == 1);
  pthread_join(thread, NULL);

  handle_with(0);
  pthread_create(&thread, NULL, disturb, NULL);
  struct timespec wanted = {2, 0}, left = {0, 0};
  int result = nanosleep(&wanted, &left);
  claim("C0012 a signal ends a sleep, which tells what was left",
        result == -1 && errno == EINTR && left.tv_sec == 1 && signals == 1);
  pthread_join(thread, NULL);
}

static sigjmp_buf back;
static void jump_back(int number) { siglongjmp(back, number); }

// The signal that an access raises, or 0.
static int faults(volatile char *place, int executes) {
  struct sigaction action = {.sa_handler = jump_back}, old;
  sigaction(SIGSEGV, &action, &old);
  int number = sigsetjmp(back, 1);
  if (!number) {
    if (executes) {
      ((void (*)(void))place)();
    } else {
      *place = 0;
    }
  }
  sigaction(SIGSEGV, &old, NULL);
  return number;
}

static char code_in_data[] = {(char)0xc3};
static const char constant[] = "constant";

static void *wait_for_ever(void *argument) {
  char byte;
  (void)!read(pipe_ends[0], &byte, 1);
  return argument;
}

static void check_threads(void) {
  pthread_t thread;
  int fresh = 0;
  pthread_create(&thread, NULL, other_thread, &fresh);
  pthread_join(thread, NULL);
  claim("C0020 each thread has its own variables, with their first values",
        fresh && local == 7 && zeroed[50] == 0);
  void *result = NULL;
  pthread_create(&thread, NULL, wait_for_ever, NULL);
  struct timespec pause = {0, 20000000};
  nanosleep(&pause, NULL);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  claim("C0021 a thread that waits in a call can be cancelled", result == PTHREAD_CANCELED);
}

static void check_files(void) {
  struct stat status;
  char text[32] = "";
  FILE *file = fopen("/tmp/file", "w");
  if (file) fputs("one line\n", file), fclose(file);
  file = fopen("/tmp/file", "r");
  if (file) (void)!fgets(text, sizeof text, file), fclose(file);
  claim("C0030 a file in /tmp keeps what is written", !strcmp(text, "one line\n"));
  claim("C0031 stat tells its size", !stat("/tmp/file", &status) && status.st_size == 9);
  int null = open("/dev/null", O_RDWR);
  claim("C0032 there are devices and /proc", null >= 0 && !access("/proc/self/maps", R_OK));
}

static void check_calls(int count) {
  // No constant: the number is known only when the program runs.
  volatile long number = SYS_getpid, absent = SYS_acct;
  claim("C0040 a call by a computed number reaches its function", syscall(number) == getpid());
  claim("C0041 one that nothing names is refused with ENOSYS",
        syscall(absent, 0) == -1 && errno == ENOSYS);
  claim("C0042 a call by a constant number too", syscall(SYS_gettid) == getpid());
  double sum = 0, factor = 1.0 + count * 0.5;
  for (int index = 0; index < 1000; index++) sum += factor * (getppid() >= 0);
  claim("C0043 vector registers outlive calls", sum == 1000 * factor);
  struct timespec first, second;
  clock_gettime(CLOCK_MONOTONIC, &first);
  clock_gettime(CLOCK_MONOTONIC, &second);
  claim("C0044 time goes on",
        second.tv_sec > first.tv_sec || second.tv_nsec >= first.tv_nsec);
}

int main(int count, char **arguments) {
  const char *value = getenv("NAME");
  claim("C0001 arguments arrive",
        count == 3 && !strcmp(arguments[1], "first") && !strcmp(arguments[2], "second word"));
  claim("C0002 variables arrive", value && !strcmp(value, "value of it"));
  claim("C0003 constructors run before main", constructed == 42);
  claim("C0004 code is not writable", faults((char *)main, 0) == SIGSEGV);
  claim("C0005 constants are not writable", faults((char *)constant, 0) == SIGSEGV);
  claim("C0006 data is not executable", faults(code_in_data, 1) == SIGSEGV);
  check_signals();
  check_threads();
  check_files();
  check_calls(count);
  puts("done");
  return 0;
}
