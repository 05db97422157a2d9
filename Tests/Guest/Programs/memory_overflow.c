// SPDX-License-Identifier: BSD-3-Clause
// A stack overflow can be caught on an alternate stack, in the main thread and in others.

#include "check.h"

#include <pthread.h>
#include <sys/mman.h>

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static __attribute__((noinline)) int endless(int level) {
  volatile char frame[2048];
  frame[0] = level;
  return endless(level + 1) + frame[0];
}

static void overflow(const char *sentence) {
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&stack, NULL);
  int signal = FAULT(endless(0));
  check_equal(signal, SIGSEGV, sentence);
  stack.ss_flags = SS_DISABLE;
  sigaltstack(&stack, NULL);
  free(stack.ss_sp);
}

static void *thread(void *unused) {
  overflow("in a thread with 64 KiB");
  return unused;
}

int main(void) {
  catch_faults(SA_ONSTACK);
  overflow("in the main thread");
  overflow("a second time");
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 65536);
  for (int index = 0; index < 3; index++) {
    pthread_t other;
    pthread_create(&other, &attributes, thread, NULL);
    pthread_join(other, NULL);
  }
  overflow("and in the main thread again");
  return finish();
}
