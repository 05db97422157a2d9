// SPDX-License-Identifier: BSD-3-Clause
// A fault in one thread ends all of them, with 139.
// status: 139

#include "check.h"

#include <pthread.h>

static void *fault(void *nowhere) {
  *(volatile int *)nowhere = 1;
  return nowhere;
}

int main(void) {
  puts("before");
  fflush(stdout);
  pthread_t thread;
  pthread_create(&thread, NULL, fault, (void *)8);
  for (volatile int count = 0;; count++) {}
}
