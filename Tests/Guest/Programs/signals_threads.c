// SPDX-License-Identifier: BSD-3-Clause
// Signals and threads: who gets a process's signal, tgkill, masks that are inherited.

#include "check.h"

#include <pthread.h>
#include <sys/syscall.h>

static _Thread_local int mine;
static volatile int caught_by, ready, go_on;
static volatile sig_atomic_t total;

static void handle(int signal UNUSED) {
  caught_by = mine;
  total++;
}

static void wait_for(int expected) {
  for (int round = 0; total < expected && round < 10000; round++) sleep_for(MILLISECOND);
}

static void *idle(void *number) {
  mine = (intptr_t)number;
  ready = 1;
  while (!go_on) sleep_for(MILLISECOND);
  return NULL;
}

static void *ask_mask(void *unused) {
  sigset_t set;
  pthread_sigmask(SIG_SETMASK, NULL, &set);
  check(sigismember(&set, SIGUSR2) && !sigismember(&set, SIGUSR1), "a new thread inherits the mask");
  sigpending(&set);
  return unused;
}

static void *compute(void *number) {
  mine = (intptr_t)number;
  ready = 1;
  while (!go_on) {}
  return NULL;
}

int main(void) {
  struct sigaction action = {.sa_handler = handle};
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  mine = 1;
  pthread_t thread;
  pthread_create(&thread, NULL, idle, (void *)2);
  while (!ready) sleep_for(MILLISECOND);
  pthread_kill(thread, SIGUSR1);
  wait_for(1);
  check_equal(caught_by, 2, "pthread_kill reaches its thread");
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, &old);
  kill(getpid(), SIGUSR1);
  wait_for(2);
  check_equal(caught_by, 2, "a signal to the process goes to a thread that does not block it");
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1);
  check(total == 3 && caught_by == 1, "tgkill reaches the caller at once");
  check_error(syscall(SYS_tgkill, getpid(), 0x3fffffff, SIGUSR1), ESRCH, "tgkill to no thread fails");
  check_error(syscall(SYS_tgkill, -1, gettid(), SIGUSR1), EINVAL, "tgkill to group -1 fails");
  check_equal(syscall(SYS_tkill, gettid(), SIGUSR1), 0, "tkill");
  go_on = 1;
  pthread_join(thread, NULL);

  ready = go_on = 0;
  pthread_create(&thread, NULL, compute, (void *)3);
  while (!ready) sleep_for(MILLISECOND);
  total = 0;
  pthread_kill(thread, SIGUSR1);
  wait_for(1);
  check_equal(caught_by, 3, "a thread that computes is reached");
  go_on = 1;
  pthread_join(thread, NULL);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  pthread_create(&thread, NULL, ask_mask, NULL);
  pthread_join(thread, NULL);
  total = 0;
  kill(getpid(), SIGUSR2);
  check_equal(total, 0, "a signal that all block waits");
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  check(total == 1 && caught_by == 1, "for the first that allows it");
  return finish();
}
