// SPDX-License-Identifier: BSD-3-Clause
// SIGKILL ends the program with 137, whatever is blocked.
// status: 137

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  kill(getpid(), SIGKILL);
  puts("after");
  return 0;
}
