// SPDX-License-Identifier: BSD-3-Clause
// Blocked and pending signals, queues of real-time signals, waiting for signals, signalfd.

#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>

static char order[64];
static volatile sig_atomic_t count;

static void record(int signal, siginfo_t *info, void *context UNUSED) {
  char text[16];
  snprintf(text, sizeof text, "%d:%d ", signal - SIGRTMIN, info->si_value.sival_int);
  strcat(order, text);
}

static void increase(int signal UNUSED) { count++; }

static void send(int signal, int value) {
  union sigval content = {.sival_int = value};
  sigqueue(getpid(), signal, content);
}

static void *later(void *signal) {
  sleep_for(50 * MILLISECOND);
  kill(getpid(), (intptr_t)signal);
  return NULL;
}

int main(void) {
  sigset_t set, old, pending;
  struct sigaction action = {.sa_sigaction = record, .sa_flags = SA_SIGINFO};
  sigfillset(&action.sa_mask);
  for (int signal = SIGRTMIN; signal <= SIGRTMIN + 3; signal++) sigaction(signal, &action, NULL);
  struct sigaction plain = {.sa_handler = increase};
  sigaction(SIGUSR1, &plain, NULL);
  sigaction(SIGUSR2, &plain, NULL);

  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  check_equal(sigprocmask(SIG_BLOCK, &set, &old), 0, "block");
  check_equal(sigismember(&old, SIGUSR1), 0, "it was not blocked");
  raise(SIGUSR1);
  raise(SIGUSR1);
  kill(getpid(), SIGUSR1);
  check_equal(count, 0, "a blocked signal waits");
  sigpending(&pending);
  check(sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2), "sigpending tells");
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  check(count == 1 || count == 2, "it comes when it is allowed, once for the thread and the process");
  sigpending(&pending);
  check_equal(sigismember(&pending, SIGUSR1), 0, "then none is pending");
  check_error(sigprocmask(99, &set, NULL), EINVAL, "an unknown way fails");
  sigfillset(&set);
  sigprocmask(SIG_SETMASK, &set, &old);
  sigprocmask(SIG_SETMASK, NULL, &set);
  check(!sigismember(&set, SIGKILL) && !sigismember(&set, SIGSTOP) && sigismember(&set, SIGTERM),
        "SIGKILL and SIGSTOP cannot be blocked");
  sigprocmask(SIG_SETMASK, &old, NULL);

  sigemptyset(&set);
  for (int signal = SIGRTMIN; signal <= SIGRTMIN + 3; signal++) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, NULL);
  send(SIGRTMIN + 2, 1);
  send(SIGRTMIN, 2);
  send(SIGRTMIN + 2, 3);
  send(SIGRTMIN + 1, 4);
  send(SIGRTMIN, 5);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  // The lowest is taken first; each handler masks the others, so they run in that order.
  check_text(order, "0:2 0:5 1:4 2:1 2:3 ", "real-time signals queue, by number, in their order");

  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &set, NULL);
  siginfo_t info;
  struct timespec brief = {0, 20000000}, none = {0, 0};
  int64_t begin = now();
  check_error(sigtimedwait(&set, &info, &brief), EAGAIN, "sigtimedwait ends");
  check(now() - begin >= 20 * MILLISECOND, "not too early");
  check_error(sigtimedwait(&set, &info, &none), EAGAIN, "or at once");
  send(SIGRTMIN, 8);
  check_equal(sigwaitinfo(&set, &info), SIGRTMIN, "sigwaitinfo takes a pending signal");
  check(info.si_value.sival_int == 8 && info.si_code == SI_QUEUE, "with its value");
  pthread_t thread;
  pthread_create(&thread, NULL, later, (void *)SIGUSR1);
  int got;
  check(sigwait(&set, &got) == 0 && got == SIGUSR1, "sigwait waits for one");
  pthread_join(thread, NULL);
  check_equal(strlen(order), 20, "no handler ran");

  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, &old);
  count = 0;
  raise(SIGUSR2);
  check_error(sigsuspend(&old), EINTR, "sigsuspend lets it in");
  check_equal(count, 1, "its handler ran");
  sigprocmask(SIG_SETMASK, NULL, &pending);
  check_equal(sigismember(&pending, SIGUSR2), 1, "and the mask is back");
  int file = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  struct signalfd_siginfo record_read;
  if (file >= 0) {
    check_error(read(file, &record_read, sizeof record_read), EAGAIN, "an empty signalfd");
    send(SIGUSR2, 9);
    struct pollfd poll_it = {file, POLLIN, 0};
    check_equal(poll(&poll_it, 1, 1000), 1, "polls as readable");
    check_equal(read(file, &record_read, sizeof record_read), sizeof record_read, "is read");
    check(record_read.ssi_signo == SIGUSR2 && record_read.ssi_int == 9, "with signal and value");
  }
  return finish();
}
