// SPDX-License-Identifier: BSD-3-Clause
// timerfd: once, repeated, absolute, read and polled, errors.

#include "check.h"

#include <poll.h>
#include <sys/timerfd.h>

int main(void) {
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  check(timer >= 0, "timerfd_create");
  uint64_t count = 0;
  check_error(read(timer, &count, 8), EAGAIN, "a timer that is not set has nothing");
  struct itimerspec span = {{0, 0}, {0, 20000000}}, rest;
  int64_t begin = now();
  check_equal(timerfd_settime(timer, 0, &span, NULL), 0, "timerfd_settime");
  check_error(read(timer, &count, 8), EAGAIN, "nothing yet");
  timerfd_gettime(timer, &rest);
  check(rest.it_value.tv_sec == 0 && rest.it_value.tv_nsec <= 20000000, "timerfd_gettime");
  struct pollfd poll_it = {timer, POLLIN, 0};
  check_equal(poll(&poll_it, 1, 60000), 1, "poll waits for it");
  check(now() - begin >= 20 * MILLISECOND, "long enough");
  check_error(read(timer, &count, 4), EINVAL, "a small buffer fails");
  check_equal(read(timer, &count, 8), 8, "it is read");
  check_equal(count, 1, "as one");
  check_error(read(timer, &count, 8), EAGAIN, "once");
  struct itimerspec repeat = {{0, 5000000}, {0, 5000000}};
  timerfd_settime(timer, 0, &repeat, NULL);
  sleep_for(60 * MILLISECOND);
  check(read(timer, &count, 8) == 8 && count >= 10, "what was missed is counted");
  struct itimerspec off = {{0, 0}, {0, 0}};
  timerfd_settime(timer, 0, &off, &rest);
  check_equal(rest.it_interval.tv_nsec, 5000000, "the old setting is told");
  sleep_for(10 * MILLISECOND);
  check_error(read(timer, &count, 8), EAGAIN, "a stopped timer has nothing");
  int blocking = timerfd_create(CLOCK_REALTIME, 0);
  int64_t end = now_in(CLOCK_REALTIME) + 20 * MILLISECOND;
  struct itimerspec absolute = {{0, 0}, {end / 1000000000, end % 1000000000}};
  timerfd_settime(blocking, TFD_TIMER_ABSTIME, &absolute, NULL);
  check(read(blocking, &count, 8) == 8 && now_in(CLOCK_REALTIME) >= end, "read waits for a deadline");
  absolute.it_value.tv_sec = 1;
  timerfd_settime(blocking, TFD_TIMER_ABSTIME, &absolute, NULL);
  check(read(blocking, &count, 8) == 8 && count == 1, "one that is over comes at once");
  check_error(timerfd_create(99, 0), EINVAL, "an unknown clock fails");
  check_error(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL, "an unknown flag fails");
  span.it_value.tv_nsec = 1000000000;
  check_error(timerfd_settime(timer, 0, &span, NULL), EINVAL, "a bad time fails");
  check_error(timerfd_settime(0x7fff, 0, &off, NULL), EBADF, "a bad descriptor fails");
  int pair[2];
  pipe(pair);
  check_error(timerfd_settime(pair[0], 0, &off, NULL), EINVAL, "a pipe is no timer");
  check_error(write(timer, &count, 8), EINVAL, "it cannot be written");
  return finish();
}
