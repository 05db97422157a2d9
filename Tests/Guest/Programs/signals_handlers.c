// SPDX-License-Identifier: BSD-3-Clause
// Handlers: arguments, masks while they run, nesting, SA_RESETHAND, SA_NODEFER, ignoring, errno.

#include "check.h"

static char trace[64];
static volatile sig_atomic_t depth, most, calls;
static siginfo_t last;

static void note(char byte) {
  size_t length = strlen(trace);
  if (length + 1 < sizeof trace) trace[length] = byte;
}

static void first(int signal) {
  note('(');
  if (signal == SIGUSR1) raise(SIGUSR2);
  note(')');
}

static void second(int signal) {
  note('[');
  if (signal == SIGUSR2) note('2');
  note(']');
}

static void again(int signal) {
  if (++depth > most) most = depth;
  if (++calls < 3) raise(signal);
  depth--;
}

static void inform(int signal, siginfo_t *info, void *context) {
  last = *info;
  note(signal == info->si_signo && context ? 'i' : '?');
  errno = 77;
}

static void set(int signal, void (*handler)(int), int flags, int masked) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  if (masked) sigaddset(&action.sa_mask, masked);
  sigaction(signal, &action, NULL);
}

static void trace_is(const char *expected, const char *sentence) {
  check_text(trace, expected, sentence);
  memset(trace, 0, sizeof trace);
}

int main(void) {
  set(SIGUSR1, first, 0, 0);
  set(SIGUSR2, second, 0, 0);
  raise(SIGUSR1);
  trace_is("([2])", "a handler is interrupted by another signal");
  set(SIGUSR1, first, 0, SIGUSR2);
  raise(SIGUSR1);
  trace_is("()[2]", "not when its mask holds the signal back");
  set(SIGUSR1, again, 0, 0);
  raise(SIGUSR1);
  check_equal(most, 1, "its own signal waits until it returns");
  check_equal(calls, 3, "and then comes");
  depth = most = calls = 0;
  set(SIGUSR1, again, SA_NODEFER, 0);
  raise(SIGUSR1);
  check_equal(most, 3, "not with SA_NODEFER");
  set(SIGUSR2, second, SA_RESETHAND, 0);
  raise(SIGUSR2);
  trace_is("[2]", "SA_RESETHAND runs the handler");
  struct sigaction action;
  sigaction(SIGUSR2, NULL, &action);
  check(action.sa_handler == SIG_DFL, "once");
  set(SIGUSR2, SIG_IGN, 0, 0);
  check_equal(raise(SIGUSR2), 0, "an ignored signal does nothing");
  set(SIGCHLD, SIG_DFL, 0, 0);
  check_equal(raise(SIGCHLD), 0, "nor does one that is ignored by default");
  check_equal(raise(SIGURG) + raise(SIGWINCH) + raise(SIGCONT), 0, "nor three others");

  struct sigaction informed = {.sa_sigaction = inform, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &informed, NULL);
  sigaction(SIGUSR1, NULL, &action);
  check(action.sa_sigaction == inform && (action.sa_flags & SA_SIGINFO), "sigaction tells what is set");
  errno = 0;
  kill(getpid(), SIGUSR1);
  trace_is("i", "a handler with siginfo");
  check_equal(errno, 77, "errno is the program's own business");
  check(last.si_code == SI_USER && last.si_pid == getpid() && last.si_uid == getuid(), "kill tells who");
  raise(SIGUSR1);
  check(last.si_code == SI_TKILL && last.si_pid == getpid(), "raise too");
  union sigval value = {.sival_int = 4711};
  sigqueue(getpid(), SIGUSR1, value);
  check(last.si_code == SI_QUEUE && last.si_value.sival_int == 4711, "sigqueue sends a value");
  memset(trace, 0, sizeof trace);

  check_error(sigaction(SIGKILL, &informed, NULL), EINVAL, "SIGKILL takes no handler");
  check_error(sigaction(SIGSTOP, &informed, NULL), EINVAL, "nor SIGSTOP");
  check_error(sigaction(0, &informed, NULL), EINVAL, "signal 0 is none");
  check_error(sigaction(65, &informed, NULL), EINVAL, "nor is 65");
  check_error(kill(getpid(), 65), EINVAL, "which cannot be sent");
  check_equal(kill(getpid(), 0), 0, "signal 0 asks whether a process is there");
  check_error(kill(0x3fffffff, 0), ESRCH, "one that is not");

  int longest = 0;
  for (int round = 0; round < 5000; round++) {
    raise(SIGUSR1);
    longest += last.si_signo == SIGUSR1;
  }
  check_equal(longest, 5000, "5000 signals in a row");
  return finish();
}
