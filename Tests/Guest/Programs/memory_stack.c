// SPDX-License-Identifier: BSD-3-Clause
// The main thread's stack grows on demand, up to its limit; running over it ends the program.
// arguments: overflow
// status: 139

#include "check.h"

#include <sys/mman.h>
#include <sys/resource.h>

static __attribute__((noinline)) int deep(int levels) {
  volatile char frame[1024];
  frame[0] = levels;
  frame[1023] = levels;
  return levels == 0 ? 0 : deep(levels - 1) + (frame[0] == frame[1023]);
}

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static __attribute__((noinline)) int endless(int level) {
  volatile char frame[4096];
  frame[0] = level;
  return endless(level + 1) + frame[0];
}

int main(int count, char **arguments) {
  struct rlimit limit;
  check_equal(getrlimit(RLIMIT_STACK, &limit), 0, "the stack has a limit");
  check(limit.rlim_cur >= 8 << 20, "of at least 8 MiB");
  check_equal(deep(6000), 6000, "6 MiB of it can be used");
  check_equal(deep(6000), 6000, "again");
  volatile char *big = __builtin_alloca(4 << 20);
  big[0] = 1;
  check_equal(big[0], 1, "so can one frame of 4 MiB, from its far end");
  int status = finish();
  if (count > 1 && strcmp(arguments[1], "overflow") == 0) return endless(0);
  return status;
}
