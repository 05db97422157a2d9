// SPDX-License-Identifier: BSD-3-Clause
// flags: -pthread
// options: --memory 48M
//
// Ten thousand threads, one after the other: what the system kept of each would not fit.

#include "check.h"

#include <pthread.h>
#include <semaphore.h>

#define COUNT 10000

static sem_t done;

static void *work(void *argument) {
  ++*(int *)argument;
  sem_post(&done);
  return NULL;
}

int main(void) {
  int count = 0, started = 0;
  pthread_t thread;
  sem_init(&done, 0, 0);
  for (int turn = 0; turn < COUNT; turn++) {
    if (pthread_create(&thread, NULL, work, &count) != 0) break;
    if (pthread_join(thread, NULL) != 0 || sem_wait(&done) != 0) break;
    started++;
  }
  check(started == COUNT && count == COUNT, "ten thousand threads are made and joined");
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  for (started = 0; started < COUNT; started++) {
    if (pthread_create(&thread, &detached, work, &count) != 0) break;
    if (sem_wait(&done) != 0) break;
  }
  check(started == COUNT && count == 2 * COUNT, "and as many that nobody joins");
  return check_failures != 0;
}
