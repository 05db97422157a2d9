// SPDX-License-Identifier: BSD-3-Clause
// Mutexes of all kinds, read-write locks, spin locks, semaphores, once, many contending threads.

#include "check.h"

#include <pthread.h>
#include <semaphore.h>

enum { threads = 8, rounds = 20000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static sem_t semaphore;
static long counter, spinning, pairs[2];
static int once_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void run_once(void) {
  sleep_for(5 * MILLISECOND);
  once_count++;
}

static void *contend(void *unused) {
  pthread_once(&once, run_once);
  for (int round = 0; round < rounds; round++) {
    pthread_mutex_lock(&mutex);
    counter++;
    if (round % 512 == 0) sched_yield();
    pthread_mutex_unlock(&mutex);
  }
  for (int round = 0; round < 200; round++) {
    pthread_spin_lock(&spin);
    spinning++;
    pthread_spin_unlock(&spin);
  }
  return unused;
}

static void *write_both(void *unused) {
  for (int round = 0; round < 2000; round++) {
    pthread_rwlock_wrlock(&shared);
    pairs[0]++;
    if (round % 64 == 0) sched_yield();
    pairs[1]++;
    pthread_rwlock_unlock(&shared);
  }
  return unused;
}

static void *read_both(void *unused) {
  intptr_t different = 0;
  for (int round = 0; round < 2000; round++) {
    pthread_rwlock_rdlock(&shared);
    different += pairs[0] != pairs[1];
    pthread_rwlock_unlock(&shared);
  }
  return unused ? unused : (void *)different;
}

static int try_lock(pthread_mutex_t *lock) {
  int result = pthread_mutex_trylock(lock);
  if (result == 0) pthread_mutex_unlock(lock);
  return result;
}

static void *try_it(void *lock) { return (void *)(intptr_t)try_lock(lock); }
static void *unlock_it(void *lock) { return (void *)(intptr_t)pthread_mutex_unlock(lock); }
static void *lock_and_end(void *lock) {
  pthread_mutex_lock(lock);
  return lock;
}

static long elsewhere(void *(*body)(void *), void *argument) {
  pthread_t thread;
  void *result;
  pthread_create(&thread, NULL, body, argument);
  pthread_join(thread, &result);
  return (intptr_t)result;
}

static void *consume(void *unused) {
  for (int round = 0; round < 1000; round++) sem_wait(&semaphore);
  return unused;
}

static pthread_mutex_t made(int type, int robust) {
  pthread_mutexattr_t attributes;
  pthread_mutex_t result;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutexattr_setrobust(&attributes, robust);
  pthread_mutex_init(&result, &attributes);
  return result;
}

int main(void) {
  pthread_t all[threads];
  pthread_spin_init(&spin, 0);
  for (int index = 0; index < threads; index++) pthread_create(&all[index], NULL, contend, NULL);
  for (int index = 0; index < threads; index++) pthread_join(all[index], NULL);
  check_equal(counter, threads * rounds, "8 threads count to 160000 under a mutex");
  check_equal(spinning, threads * 200, "and to 1600 under a spin lock");
  check_equal(once_count, 1, "pthread_once runs once");

  void *result;
  long different = 0;
  for (int index = 0; index < threads; index++)
    pthread_create(&all[index], NULL, index % 2 ? read_both : write_both, NULL);
  for (int index = 0; index < threads; index++) {
    pthread_join(all[index], &result);
    different += (intptr_t)result;
  }
  check(different == 0 && pairs[0] == 8000, "readers never see half of a writer's work");

  static pthread_mutex_t recursive, checked, robust;
  recursive = made(PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
  check(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0, "recursive");
  pthread_mutex_unlock(&recursive);
  check_equal(elsewhere(try_it, &recursive), EBUSY, "is held until the last unlock");
  pthread_mutex_unlock(&recursive);
  check_equal(elsewhere(try_it, &recursive), 0, "and free then");
  checked = made(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
  pthread_mutex_lock(&checked);
  check_equal(pthread_mutex_lock(&checked), EDEADLK, "an error-checking one refuses its owner");
  check_equal(elsewhere(unlock_it, &checked), EPERM, "and who is not its owner");
  robust = made(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
  elsewhere(lock_and_end, &robust);
  check_equal(pthread_mutex_lock(&robust), EOWNERDEAD, "a robust one tells that its owner ended");
  check_equal(pthread_mutex_consistent(&robust), 0, "it can be mended");
  pthread_mutex_unlock(&robust);
  check_equal(pthread_mutex_lock(&robust), 0, "and used again");
  pthread_mutex_unlock(&robust);
  elsewhere(lock_and_end, &robust);
  pthread_mutex_lock(&robust);
  pthread_mutex_unlock(&robust);
  check_equal(pthread_mutex_lock(&robust), ENOTRECOVERABLE, "not mended it is lost");

  sem_init(&semaphore, 0, 0);
  check_error(sem_trywait(&semaphore), EAGAIN, "an empty semaphore");
  pthread_create(&all[0], NULL, consume, NULL);
  pthread_create(&all[1], NULL, consume, NULL);
  for (int round = 0; round < 2000; round++) sem_post(&semaphore);
  pthread_join(all[0], NULL);
  pthread_join(all[1], NULL);
  int value;
  sem_getvalue(&semaphore, &value);
  check_equal(value, 0, "2000 posts and 2000 waits leave 0");
  return finish();
}
