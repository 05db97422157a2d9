// SPDX-License-Identifier: BSD-3-Clause
// Condition variables, producers and consumers, waits with a deadline, barriers, thread storage.

#include "check.h"

#include <pthread.h>
#include <semaphore.h>

enum { items = 20000, room = 16 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static int queue[room], first, used, finished;
static _Thread_local int own = 17;
static _Thread_local char zeros[5000];

static void *produce(void *start) {
  for (int index = 0; index < items; index++) {
    pthread_mutex_lock(&mutex);
    while (used == room) pthread_cond_wait(&emptied, &mutex);
    queue[(first + used++) % room] = (intptr_t)start + index;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&mutex);
  }
  return NULL;
}

static void *consume(void *unused) {
  intptr_t sum = (intptr_t)unused;
  for (;;) {
    pthread_mutex_lock(&mutex);
    while (used == 0 && !finished) pthread_cond_wait(&filled, &mutex);
    if (used == 0) break;
    sum += queue[first];
    first = (first + 1) % room;
    used--;
    pthread_cond_signal(&emptied);
    pthread_mutex_unlock(&mutex);
  }
  pthread_mutex_unlock(&mutex);
  return (void *)sum;
}

static void *storage(void *value) {
  bool fresh = own == 17 && zeros[0] == 0 && zeros[4999] == 0;
  own = (intptr_t)value;
  memset(zeros, 1, sizeof zeros);
  sched_yield();
  return (void *)(intptr_t)(fresh && own == (intptr_t)value);
}

static pthread_barrier_t barrier;

static void *rounds(void *unused) {
  intptr_t serial = (intptr_t)unused;
  for (int round = 0; round < 300; round++)
    serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
  return (void *)serial;
}

static void *hold(void *lock) {
  pthread_mutex_lock(lock);
  sleep_for(100 * MILLISECOND);
  pthread_mutex_unlock(lock);
  return NULL;
}

static struct timespec after(clockid_t clock, int64_t nanoseconds) {
  int64_t end = now_in(clock) + nanoseconds;
  return (struct timespec){end / 1000000000, end % 1000000000};
}

int main(void) {
  pthread_t producers[3], consumers[3];
  void *result;
  for (intptr_t index = 0; index < 3; index++) {
    pthread_create(&producers[index], NULL, produce, (void *)(index * items));
    pthread_create(&consumers[index], NULL, consume, NULL);
  }
  for (int index = 0; index < 3; index++) pthread_join(producers[index], NULL);
  pthread_mutex_lock(&mutex);
  finished = 1;
  pthread_cond_broadcast(&filled);
  pthread_mutex_unlock(&mutex);
  long sum = 0;
  for (int index = 0; index < 3; index++) {
    pthread_join(consumers[index], &result);
    sum += (intptr_t)result;
  }
  check_equal(sum, 60000L * 59999 / 2, "3 producers and 3 consumers lose nothing");

  pthread_mutex_lock(&mutex);
  int64_t start = now_in(CLOCK_REALTIME);
  struct timespec end = after(CLOCK_REALTIME, 30 * MILLISECOND);
  check_equal(pthread_cond_timedwait(&filled, &mutex, &end), ETIMEDOUT, "a wait with a deadline ends");
  check(now_in(CLOCK_REALTIME) - start >= 30 * MILLISECOND, "not before it");
  start = now();
  end = after(CLOCK_MONOTONIC, 30 * MILLISECOND);
  check_equal(pthread_cond_clockwait(&filled, &mutex, CLOCK_MONOTONIC, &end), ETIMEDOUT,
              "on the monotonic clock too");
  check(now() - start >= 30 * MILLISECOND, "not before it");
  end = (struct timespec){1, 0};
  check_equal(pthread_cond_timedwait(&filled, &mutex, &end), ETIMEDOUT, "a deadline long ago");
  pthread_mutex_unlock(&mutex);

  static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
  pthread_create(&producers[0], NULL, hold, &held);
  while (pthread_mutex_trylock(&held) == 0) {
    pthread_mutex_unlock(&held);
    sleep_for(MILLISECOND);
  }
  end = after(CLOCK_REALTIME, 10 * MILLISECOND);
  check_equal(pthread_mutex_timedlock(&held, &end), ETIMEDOUT, "a mutex with a deadline");
  end = after(CLOCK_REALTIME, 60000 * MILLISECOND);
  check_equal(pthread_mutex_timedlock(&held, &end), 0, "is had when its owner is quick enough");
  pthread_join(producers[0], NULL);
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  end = after(CLOCK_REALTIME, 10 * MILLISECOND);
  check_error(sem_timedwait(&semaphore, &end), ETIMEDOUT, "a semaphore with a deadline");

  bool good = own == 17;
  for (intptr_t index = 0; index < 3; index++)
    pthread_create(&producers[index], NULL, storage, (void *)(index + 100));
  for (int index = 0; index < 3; index++) {
    pthread_join(producers[index], &result);
    good &= result != NULL;
  }
  check(good && own == 17, "each thread has its own storage");

  pthread_barrier_init(&barrier, NULL, 3);
  for (int index = 0; index < 3; index++) pthread_create(&producers[index], NULL, rounds, NULL);
  sum = 0;
  for (int index = 0; index < 3; index++) {
    pthread_join(producers[index], &result);
    sum += (intptr_t)result;
  }
  check_equal(sum, 300, "in 300 rounds at a barrier one thread each is told");
  return finish();
}
