// SPDX-License-Identifier: BSD-3-Clause
// An alarm without a handler ends the program with 142.
// status: 142

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  alarm(1);
  for (;;) pause();
  puts("after");
  return 0;
}
