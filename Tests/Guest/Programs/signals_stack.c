// SPDX-License-Identifier: BSD-3-Clause
// sigaltstack: where handlers run, what it tells, errors.

#include "check.h"

static char *base;
static volatile int inside, told;

static void look(int signal UNUSED) {
  char local;
  stack_t current;
  inside = &local >= base && &local < base + 65536;
  sigaltstack(NULL, &current);
  told = current.ss_flags;
}

static volatile int refused;

static void change(int signal UNUSED) {
  stack_t other = {.ss_sp = base, .ss_size = 65536};
  refused = sigaltstack(&other, NULL) == -1 && errno == EPERM;
}

static void set(void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigaction(SIGUSR1, &action, NULL);
}

int main(void) {
  base = malloc(65536);
  stack_t stack = {.ss_sp = base, .ss_size = 65536}, old;
  check_equal(sigaltstack(&stack, &old), 0, "sigaltstack");
  check_equal(old.ss_flags, SS_DISABLE, "there was none");
  sigaltstack(NULL, &old);
  check(old.ss_sp == base && old.ss_size == 65536 && old.ss_flags == 0, "it tells what is set");
  set(look, SA_ONSTACK);
  raise(SIGUSR1);
  check_equal(inside, 1, "a handler with SA_ONSTACK runs there");
  check_equal(told, SS_ONSTACK, "and is told so");
  set(look, 0);
  raise(SIGUSR1);
  check_equal(inside, 0, "one without does not");
  check_equal(told, 0, "and is told so");
  set(change, SA_ONSTACK);
  raise(SIGUSR1);
  check_equal(refused, 1, "it cannot be changed while it is in use");
  stack.ss_size = 100;
  check_error(sigaltstack(&stack, NULL), ENOMEM, "one too small fails");
  stack.ss_size = 65536;
  stack.ss_flags = 64;
  check_error(sigaltstack(&stack, NULL), EINVAL, "unknown flags fail");
  stack.ss_flags = SS_DISABLE;
  check_equal(sigaltstack(&stack, NULL), 0, "it can be taken away");
  set(look, SA_ONSTACK);
  raise(SIGUSR1);
  check_equal(inside, 0, "then handlers run on the ordinary stack");
  return finish();
}
