// SPDX-License-Identifier: BSD-3-Clause
// A call to nowhere ends the program with 139.
// status: 139

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  void (*volatile nowhere)(void) = (void (*)(void))0x10;
  nowhere();
  puts("after");
  return 0;
}
