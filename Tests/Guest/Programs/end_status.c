// SPDX-License-Identifier: BSD-3-Clause
// Only the low eight bits of a status count.
// status: 7

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  exit(256 + 7);
  puts("after");
  return 0;
}
