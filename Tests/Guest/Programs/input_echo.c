// SPDX-License-Identifier: BSD-3-Clause
// 10 MB of binary standard input come back as they are.
// input: bytes 10000000

#include "check.h"

int main(void) {
  static char block[70001];
  ssize_t count;
  while ((count = read(0, block, sizeof block)) > 0)
    for (ssize_t done = 0; done < count;) {
      ssize_t wrote = write(1, block + done, count - done);
      if (wrote <= 0) return 1;
      done += wrote;
    }
  return count != 0;
}
