// SPDX-License-Identifier: BSD-3-Clause
// A division by zero ends the program with 136.
// status: 136

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  volatile int zero = 0, one = 7;
  zero = one / zero;
  puts("after");
  return 0;
}
