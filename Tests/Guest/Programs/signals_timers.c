// SPDX-License-Identifier: BSD-3-Clause
// alarm, setitimer, timer_create: once, repeated, to a thread, cancelled.

#include "check.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>

static volatile sig_atomic_t count, value;

static void handle(int signal UNUSED, siginfo_t *info, void *context UNUSED) {
  count++;
  value = info->si_value.sival_int;
}

static void wait_for(int expected) {
  for (int round = 0; count < expected && round < 20000; round++) sleep_for(MILLISECOND);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGVTALRM, &action, NULL);
  check_equal(alarm(100), 0, "no alarm was set");
  check(alarm(0) >= 99, "alarm tells what was left");
  int64_t begin = now();
  struct itimerval once = {{0, 0}, {0, 30000}}, old;
  check_equal(setitimer(ITIMER_REAL, &once, NULL), 0, "setitimer");
  wait_for(1);
  check(count == 1 && now() - begin >= 30 * MILLISECOND, "fires, not too early");
  sleep_for(50 * MILLISECOND);
  check_equal(count, 1, "and only once");
  count = 0;
  struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, NULL);
  wait_for(5);
  check(count >= 5, "an interval repeats");
  setitimer(ITIMER_REAL, &never, &old);
  check_equal(old.it_interval.tv_usec, 5000, "it tells the interval");
  count = 0;
  sleep_for(30 * MILLISECOND);
  check_equal(count, 0, "and stops");
  struct itimerval bad = {{0, 0}, {0, 1000000}};
  check_error(setitimer(ITIMER_REAL, &bad, NULL), EINVAL, "a million microseconds fail");
  // A loop without a system call is interrupted.
  setitimer(ITIMER_REAL, &once, NULL);
  while (count == 0) {}
  check_equal(count, 1, "a loop without system calls is interrupted");

  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  event.sigev_value.sival_int = 55;
  check_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0, "timer_create");
  count = 0;
  struct itimerspec span = {{0, 0}, {0, 20000000}}, rest;
  begin = now();
  check_equal(timer_settime(timer, 0, &span, NULL), 0, "timer_settime");
  timer_gettime(timer, &rest);
  check(rest.it_value.tv_sec == 0 && rest.it_value.tv_nsec <= 20000000, "timer_gettime");
  wait_for(1);
  check(value == 55 && now() - begin >= 20 * MILLISECOND, "fires with its value");
  int64_t end = now() + 20 * MILLISECOND;
  struct itimerspec absolute = {{0, 0}, {end / 1000000000, end % 1000000000}};
  count = 0;
  timer_settime(timer, TIMER_ABSTIME, &absolute, NULL);
  wait_for(1);
  check(count == 1 && now() >= end, "at an absolute time");
  struct itimerspec repeat = {{0, 2000000}, {0, 2000000}};
  count = 0;
  timer_settime(timer, 0, &repeat, NULL);
  wait_for(10);
  check(count >= 10, "repeats");
  struct itimerspec off = {{0, 0}, {0, 0}};
  timer_settime(timer, 0, &off, NULL);
  check(timer_getoverrun(timer) >= 0, "timer_getoverrun");
  check_equal(timer_delete(timer), 0, "timer_delete");
  check_error(syscall(SYS_timer_delete, 12345), EINVAL, "not twice");
  check_error(timer_create(99, &event, &timer), EINVAL, "an unknown clock fails");

  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGUSR1;
  event._sigev_un._tid = gettid();
  check_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0, "a timer for one thread");
  count = 0;
  timer_settime(timer, 0, &span, NULL);
  wait_for(1);
  check_equal(count, 1, "fires");
  timer_delete(timer);
  memset(&event, 0, sizeof event);
  event.sigev_notify = SIGEV_NONE;
  check_equal(timer_create(CLOCK_REALTIME, &event, &timer), 0, "a silent timer");
  timer_settime(timer, 0, &span, NULL);
  sleep_for(25 * MILLISECOND);
  timer_gettime(timer, &rest);
  check(rest.it_value.tv_sec == 0 && rest.it_value.tv_nsec == 0, "runs out");
  return finish();
}
