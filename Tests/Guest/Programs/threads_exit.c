// SPDX-License-Identifier: BSD-3-Clause
// The end of threads: cleanup handlers, key destructors, cancellation, the main thread first.
// status: 5

#include "check.h"

#include <pthread.h>

static pthread_key_t key;
static int destroyed, cleaned;
static pthread_t main_thread;
static int pair[2];

static void destroy(void *value) { destroyed += (intptr_t)value; }
static void clean(void *value) { cleaned = cleaned * 10 + (intptr_t)value; }

static void *leave(void *unused) {
  pthread_setspecific(key, (void *)3);
  pthread_cleanup_push(clean, (void *)1);
  pthread_cleanup_push(clean, (void *)2);
  pthread_exit(unused);
  pthread_cleanup_pop(1);
  pthread_cleanup_pop(1);
  return unused;
}

static void *read_for_ever(void *unused) {
  char byte;
  pthread_cleanup_push(clean, (void *)4);
  while (read(pair[0], &byte, 1) != 0) {}
  pthread_cleanup_pop(0);
  return unused;
}

static void unlock(void *mutex) { pthread_mutex_unlock(mutex); }

static void *wait_for_ever(void *unused) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push(unlock, &mutex);
  for (;;) pthread_cond_wait(&condition, &mutex);
  pthread_cleanup_pop(1);
  return unused;
}

static void *compute_for_ever(void *unused) {
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
  for (volatile long count = 0;; count++) {}
  return unused;
}

static void *resist(void *unused) {
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
  pthread_cancel(pthread_self());
  sleep_for(MILLISECOND);
  cleaned = 99;
  pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
  pthread_testcancel();
  cleaned = 100;
  return unused;
}

static void cancel(void *(*body)(void *), const char *sentence) {
  pthread_t thread;
  void *result;
  pthread_create(&thread, NULL, body, NULL);
  sleep_for(20 * MILLISECOND);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  check(result == PTHREAD_CANCELED, sentence);
}

static void *outlive(void *unused) {
  void *result;
  pthread_join(main_thread, &result);
  check_equal((intptr_t)result, 11, "a thread outlives the main thread and gets its result");
  finish();
  exit(check_failures ? 1 : 5);
  return unused;
}

int main(void) {
  pthread_t thread;
  pthread_key_create(&key, destroy);
  pthread_create(&thread, NULL, leave, NULL);
  pthread_join(thread, NULL);
  check_equal(cleaned, 21, "cleanup handlers run, the last first");
  check_equal(destroyed, 3, "key destructors run");
  pipe(pair);
  cleaned = 0;
  cancel(read_for_ever, "a thread that reads is cancelled");
  check_equal(cleaned, 4, "and cleans up");
  cancel(wait_for_ever, "a thread that waits for a condition is cancelled");
  cancel(compute_for_ever, "a thread that computes is cancelled");
  pthread_create(&thread, NULL, resist, NULL);
  pthread_join(thread, NULL);
  check_equal(cleaned, 99, "one that has it disabled goes on until it allows it");
  main_thread = pthread_self();
  pthread_create(&thread, NULL, outlive, NULL);
  pthread_exit((void *)11);
}
