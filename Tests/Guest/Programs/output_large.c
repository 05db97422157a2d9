// SPDX-License-Identifier: BSD-3-Clause
// 100 MB on standard output, in pieces of many sizes, arrive whole.

#include "check.h"

int main(void) {
  static char block[1 << 18];
  uint32_t state = 1;
  long left = 100000000;
  while (left > 0) {
    for (size_t index = 0; index < sizeof block; index += 4) {
      state = state * 1664525 + 1013904223;
      memcpy(block + index, &state, 4);
    }
    long count = 1 + state % sizeof block;
    if (count > left) count = left;
    for (long done = 0; done < count;) {
      ssize_t wrote = write(1, block + done, count - done);
      if (wrote <= 0) return 1;
      done += wrote;
    }
    left -= count;
  }
  return 0;
}
