// SPDX-License-Identifier: BSD-3-Clause
// An undefined instruction ends the program with 132.
// status: 132

#include "check.h"

int main(void) {
  puts("before");
  fflush(stdout);
  __asm__ volatile("ud2");
  puts("after");
  return 0;
}
