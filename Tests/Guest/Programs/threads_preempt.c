// SPDX-License-Identifier: BSD-3-Clause
// A thread that computes without a system call does not keep others from running, and keeps its
// registers when it is interrupted.

#include "check.h"

#include <pthread.h>

static volatile int stop;
static volatile long spins[2];

// Never enters the kernel.
static void *spin(void *index) {
  while (!stop) spins[(intptr_t)index]++;
  return NULL;
}

// Sums with values that stay in registers; every interruption is a chance to lose one.
static void *compute(void *seed) {
  intptr_t wrong = 0;
  for (int round = 0; round < 60; round++) {
    uint64_t a = (uintptr_t)seed, b = 1, c = 2, d = 3, e = 4, f = 5;
    double x = 1, y = 0.5;
    for (long index = 0; index < 200000; index++) {
      a = a * 6364136223846793005u + 1442695040888963407u;
      b ^= a;
      c += b >> 7;
      d = (d << 1 | d >> 63) ^ c;
      e -= d;
      f += e * 3;
      x = x * 1.0000001 + y;
      y = y * 0.9999999;
    }
    static __thread uint64_t first;
    static __thread double first_x;
    uint64_t mixed = a ^ b ^ c ^ d ^ e ^ f;
    if (round == 0) {
      first = mixed;
      first_x = x + y;
    }
    wrong += mixed != first || x + y != first_x;
  }
  return (void *)wrong;
}

int main(void) {
  pthread_t spinners[2], workers[4];
  for (intptr_t index = 0; index < 2; index++)
    pthread_create(&spinners[index], NULL, spin, (void *)index);
  check(true, "the main thread goes on beside two that spin");
  for (int round = 0; round < 20; round++) sleep_for(5 * MILLISECOND);
  check(true, "and wakes from sleep");
  for (int round = 0; (!spins[0] || !spins[1]) && round < 5000; round++) sleep_for(MILLISECOND);
  check(spins[0] > 0 && spins[1] > 0, "both spinners ran");
  stop = 1;
  pthread_join(spinners[0], NULL);
  pthread_join(spinners[1], NULL);
  check(true, "a store ends them");
  long wrong = 0;
  for (intptr_t index = 0; index < 4; index++)
    pthread_create(&workers[index], NULL, compute, (void *)(index + 1));
  for (int index = 0; index < 4; index++) {
    void *result;
    pthread_join(workers[index], &result);
    wrong += (intptr_t)result;
  }
  check_equal(wrong, 0, "4 computing threads keep their registers");
  return finish();
}
