// SPDX-License-Identifier: BSD-3-Clause
// A fault ends the program even when its signal is ignored.
// status: 139

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  signal(SIGSEGV, SIG_IGN);
  volatile int *volatile nowhere = (int *)8;
  *nowhere = 1;
  puts("after");
  return 0;
}
