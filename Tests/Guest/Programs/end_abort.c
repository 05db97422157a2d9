// SPDX-License-Identifier: BSD-3-Clause
// abort ends the program with 134.
// status: 134

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  abort();
  puts("after");
  return 0;
}
