// SPDX-License-Identifier: BSD-3-Clause
// Says when it began: with counted instructions the time-stamp counter counts them from the
// machine's reset on.

#include <stdio.h>
#include <x86intrin.h>

int main(void) {
  unsigned long long now = __rdtsc();
  printf("reset-to-main %llu instructions\n", now);
  fflush(stdout);
  return 0;
}
