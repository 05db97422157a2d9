// SPDX-License-Identifier: BSD-3-Clause
// SIGTERM ends the program with 143.
// status: 143

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  raise(SIGTERM);
  puts("after");
  return 0;
}
