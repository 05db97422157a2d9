// SPDX-License-Identifier: BSD-3-Clause
// exit runs what atexit registered, the last first, and flushes; other threads do not matter.
// status: 42

#include "check.h"

#include <pthread.h>

static void first(void) { puts("first"); }
static void second(void) {
  puts("second");
  atexit(first);
}
static void third(int status, void *text) { printf("third %d %s\n", status, (char *)text); }
static __attribute__((constructor)) void construct(void) { puts("constructed"); }
static __attribute__((destructor)) void destroy(void) { puts("destroyed"); }

static void *spin(void *unused) {
  for (volatile int count = 0;; count++) {}
  return unused;
}

static void *leave(void *unused) {
  exit(42);
  return unused;
}

int main(void) {
  pthread_t thread;
  atexit(second);
  on_exit(third, "text");
  printf("no newline at the end of this one; ");
  pthread_create(&thread, NULL, spin, NULL);
  pthread_create(&thread, NULL, leave, NULL);
  for (;;) pause();
}
