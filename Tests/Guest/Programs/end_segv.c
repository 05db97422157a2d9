// SPDX-License-Identifier: BSD-3-Clause
// An invalid store ends the program with 139.
// status: 139

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  volatile int *volatile nowhere = (int *)8;
  *nowhere = 1;
  puts("after");
  return 0;
}
