// SPDX-License-Identifier: BSD-3-Clause
// Threads come and go: 200 in turn, 100 at once, results, detached ones, stacks, names, ids.

#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>

static void *twice(void *value) { return (void *)((intptr_t)value * 2); }

static pthread_barrier_t barrier;
static pid_t ids[100];

static void *wait_together(void *value) {
  ids[(intptr_t)value] = gettid();
  pthread_barrier_wait(&barrier);
  return value;
}

static volatile int detached;

static void *detach(void *unused) {
  __atomic_add_fetch(&detached, 1, __ATOMIC_SEQ_CST);
  return unused;
}

static void *exit_early(void *value) {
  pthread_exit(value);
}

static void *fill_stack(void *value) {
  volatile char room[200000];
  memset((char *)room, 3, sizeof room);
  return (void *)((intptr_t)value + room[199999]);
}

static void *own_name(void *unused) {
  char name[16] = "";
  pthread_setname_np(pthread_self(), "worker");
  pthread_getname_np(pthread_self(), name, sizeof name);
  check_text(name, "worker", "a thread has a name of its own");
  check(gettid() != getpid(), "and a number of its own");
  return unused;
}

int main(void) {
  pthread_t thread, many[100];
  void *result;
  bool right = true;
  for (intptr_t index = 0; index < 200; index++) {
    if (pthread_create(&thread, NULL, twice, (void *)index) != 0) right = false;
    right &= pthread_join(thread, &result) == 0 && (intptr_t)result == 2 * index;
  }
  check(right, "200 threads in turn give their results");
  check(gettid() == getpid(), "the first thread has the process's number");

  pthread_barrier_init(&barrier, NULL, 101);
  for (intptr_t index = 0; index < 100; index++)
    pthread_create(&many[index], NULL, wait_together, (void *)index);
  pthread_barrier_wait(&barrier);
  for (int index = 0; index < 100; index++) {
    pthread_join(many[index], &result);
    right &= (intptr_t)result == index;
  }
  check(right, "100 threads at once meet at a barrier");
  for (int a = 0; a < 100; a++)
    for (int b = 0; b < a; b++) right &= ids[a] != ids[b];
  check(right, "all with different numbers");

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  for (int index = 0; index < 100; index++) pthread_create(&thread, &attributes, detach, NULL);
  for (int round = 0; detached < 100 && round < 10000; round++) sleep_for(MILLISECOND);
  check_equal(detached, 100, "100 detached threads run");

  pthread_create(&thread, NULL, exit_early, (void *)7);
  pthread_join(thread, &result);
  check_equal((intptr_t)result, 7, "pthread_exit gives a result");
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 1 << 18);
  pthread_create(&thread, &attributes, fill_stack, (void *)39);
  pthread_join(thread, &result);
  check_equal((intptr_t)result, 42, "a stack of 256 KiB can be filled");
  pthread_create(&thread, NULL, own_name, NULL);
  pthread_join(thread, NULL);
  check_equal(pthread_kill(pthread_self(), 0), 0, "signal 0 asks whether a thread is there");
  check_equal(sched_yield(), 0, "sched_yield");
  cpu_set_t set;
  check(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) >= 1, "processors to run on");
  check(sysconf(_SC_NPROCESSORS_ONLN) >= 1, "at least one is online");
  return finish();
}
