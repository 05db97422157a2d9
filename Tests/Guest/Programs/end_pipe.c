// SPDX-License-Identifier: BSD-3-Clause
// Writing to a pipe that nobody reads ends the program with 141.
// status: 141

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  int pair[2];
  pipe(pair);
  close(pair[0]);
  write(pair[1], "x", 1);
  puts("after");
  return 0;
}
