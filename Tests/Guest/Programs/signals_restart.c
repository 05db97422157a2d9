// SPDX-License-Identifier: BSD-3-Clause
// What a signal does to a call that waits: EINTR, SA_RESTART, and calls that never restart.

#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>

static int pair[2];
static volatile sig_atomic_t handled;
static pthread_t main_thread;

static void handle(int signal UNUSED) { handled++; }

static void *interrupt(void *then_write) {
  sleep_for(60 * MILLISECOND);
  pthread_kill(main_thread, SIGUSR1);
  if (then_write) {
    sleep_for(60 * MILLISECOND);
    if (write(pair[1], "x", 1) != 1) abort();
  }
  return NULL;
}

static pthread_t helper;

static void begin(int flags, bool then_write) {
  struct sigaction action = {.sa_handler = handle, .sa_flags = flags};
  sigaction(SIGUSR1, &action, NULL);
  handled = 0;
  pthread_create(&helper, NULL, interrupt, then_write ? &helper : NULL);
}

static void end(void) {
  pthread_join(helper, NULL);
  check_equal(handled, 1, "the handler ran");
}

int main(void) {
  main_thread = pthread_self();
  pipe(pair);
  char byte = 0;
  begin(0, false);
  check_error(read(pair[0], &byte, 1), EINTR, "read of a pipe is interrupted");
  end();
  begin(SA_RESTART, true);
  check_equal(read(pair[0], &byte, 1), 1, "with SA_RESTART it goes on");
  end();
  struct pollfd poll_it = {pair[0], POLLIN, 0};
  begin(SA_RESTART, false);
  check_error(poll(&poll_it, 1, 60000), EINTR, "poll is interrupted even with SA_RESTART");
  end();
  begin(SA_RESTART, false);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pair[0], &set);
  check_error(select(pair[0] + 1, &set, NULL, NULL, NULL), EINTR, "so is select");
  end();
  int instance = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(instance, EPOLL_CTL_ADD, pair[0], &event);
  begin(SA_RESTART, false);
  check_error(epoll_wait(instance, &event, 1, 60000), EINTR, "and epoll_wait");
  end();
  begin(SA_RESTART, false);
  struct timespec long_time = {60, 0}, rest = {0, 0};
  check_error(nanosleep(&long_time, &rest), EINTR, "and nanosleep");
  check(rest.tv_sec >= 50 && rest.tv_sec < 60, "which tells what is left");
  end();
  begin(SA_RESTART, false);
  check_equal(clock_nanosleep(CLOCK_MONOTONIC, 0, &long_time, &rest), EINTR, "and clock_nanosleep");
  end();
  begin(0, false);
  check_error(pause(), EINTR, "pause ends with a signal");
  end();
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  begin(0, true);
  sigaction(SIGUSR1, &ignore, NULL);
  check_equal(read(pair[0], &byte, 1), 1, "an ignored signal interrupts nothing");
  pthread_join(helper, NULL);
  check_equal(handled, 0, "no handler ran");

  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  begin(0, false);
  int64_t deadline = now_in(CLOCK_REALTIME) + 200 * MILLISECOND;
  struct timespec time = {deadline / 1000000000, deadline % 1000000000};
  check_equal(pthread_mutex_timedlock(&mutex, &time), ETIMEDOUT, "a lock waits on through a signal");
  end();
  // A write that fills the pipe has done part of its work.
  static char big[1 << 20];
  begin(0, false);
  ssize_t count = write(pair[1], big, sizeof big);
  check(count > 0 && count < (ssize_t)sizeof big, "a write that was interrupted tells what it wrote");
  end();
  return finish();
}
