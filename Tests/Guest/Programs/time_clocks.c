// SPDX-License-Identifier: BSD-3-Clause
// Clocks: they go on, agree with the system call, have a resolution; sleeping is long enough.

#include "check.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>

static int64_t by_call(clockid_t clock) {
  struct timespec time = {0, 0};
  syscall(SYS_clock_gettime, clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(void) {
  const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME,
                              CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
                              CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
  bool answers = true, fine = true;
  for (int index = 0; index < 8; index++) {
    struct timespec value;
    answers &= clock_gettime(clocks[index], &value) == 0 && value.tv_nsec < 1000000000;
    fine &= clock_getres(clocks[index], &value) == 0 && value.tv_sec == 0 && value.tv_nsec > 0;
  }
  check(answers, "eight clocks answer");
  check(fine, "and tell their resolution");
  struct timespec value;
  clock_getres(CLOCK_MONOTONIC, &value);
  check_equal(value.tv_nsec, 1, "the monotonic clock counts nanoseconds");
  check_error(clock_gettime(77, &value), EINVAL, "an unknown clock fails");
  check_error(syscall(SYS_clock_gettime, CLOCK_REALTIME, 8), EFAULT, "a bad address fails");

  int64_t last = now();
  bool forward = true;
  for (int round = 0; round < 200000; round++) {
    int64_t next = now();
    forward &= next >= last;
    last = next;
  }
  check(forward, "the monotonic clock never goes back");
  bool between = true;
  for (int round = 0; round < 2000; round++) {
    int64_t before = now(), middle = by_call(CLOCK_MONOTONIC), after = now();
    between &= before <= middle && middle <= after;
    before = now_in(CLOCK_REALTIME);
    middle = by_call(CLOCK_REALTIME);
    after = now_in(CLOCK_REALTIME);
    between &= before <= middle && middle <= after;
  }
  check(between, "the C library's clock and the system call's are one");
  struct timeval old;
  gettimeofday(&old, NULL);
  int64_t wall = now_in(CLOCK_REALTIME);
  check(wall / 1000 - ((int64_t)old.tv_sec * 1000000 + old.tv_usec) < 10000000, "gettimeofday agrees");
  check(time(NULL) - old.tv_sec <= 10, "time agrees");
  check(wall / 1000000000 > 1700000000, "the wall clock is set");

  int64_t begin = now();
  sleep_for(30 * MILLISECOND);
  check(now() - begin >= 30 * MILLISECOND, "nanosleep is long enough");
  begin = now();
  bool enough = true;
  for (int round = 0; round < 50; round++) {
    int64_t start = now();
    sleep_for(200000);
    enough &= now() - start >= 200000;
  }
  check(enough, "short sleeps too");
  int64_t end = now() + 20 * MILLISECOND;
  struct timespec deadline = {end / 1000000000, end % 1000000000};
  check_equal(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL), 0, "to a deadline");
  check(now() >= end, "not too early");
  check_equal(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL), 0, "one that is over");
  struct timespec bad = {0, -1};
  check_error(nanosleep(&bad, NULL), EINVAL, "negative nanoseconds fail");
  check_equal(usleep(1000), 0, "usleep");

  int64_t used = now_in(CLOCK_PROCESS_CPUTIME_ID), mine = now_in(CLOCK_THREAD_CPUTIME_ID);
  while (now_in(CLOCK_THREAD_CPUTIME_ID) - mine < 20 * MILLISECOND) {}
  check(now_in(CLOCK_PROCESS_CPUTIME_ID) - used >= 19 * MILLISECOND, "processor time is counted");
  mine = now_in(CLOCK_THREAD_CPUTIME_ID);
  sleep_for(100 * MILLISECOND);
  check(now_in(CLOCK_THREAD_CPUTIME_ID) - mine < 50 * MILLISECOND, "and sleep is none");
  struct rusage usage;
  check(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0, "getrusage");
  struct tms times_used;
  check(times(&times_used) != (clock_t)-1, "times");
  struct tm broken;
  time_t moment = 1700000000;
  gmtime_r(&moment, &broken);
  char text[64];
  strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %j", &broken);
  puts(text);
  return finish();
}
