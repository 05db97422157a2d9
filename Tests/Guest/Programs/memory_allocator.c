// SPDX-License-Identifier: BSD-3-Clause
// malloc and its kin under a long random load, checked by contents; sizes that overflow.

#include "check.h"

#include <malloc.h>

enum { slots = 2000, rounds = 200000 };

static uint64_t state = 88172645463325252;

static uint32_t random_below(uint32_t limit) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state >> 20) % limit;
}

int main(void) {
  static unsigned char *block[slots];
  static size_t size[slots];
  bool intact = true;
  for (int round = 0; round < rounds; round++) {
    int slot = random_below(slots);
    if (block[slot]) {
      unsigned char mark = slot;
      intact &= block[slot][0] == mark && block[slot][size[slot] - 1] == mark;
      if (random_below(4) == 0) {
        size_t old = size[slot];
        size[slot] = 1 + random_below(20000);
        block[slot] = realloc(block[slot], size[slot]);
        intact &= block[slot][0] == mark;
        if (size[slot] <= old) intact &= block[slot][size[slot] - 1] == mark;
        memset(block[slot], mark, size[slot]);
        continue;
      }
      free(block[slot]);
      block[slot] = NULL;
    } else {
      size[slot] = 1 + (random_below(50) == 0 ? random_below(400000) : random_below(2000));
      block[slot] = malloc(size[slot]);
      memset(block[slot], slot, size[slot]);
    }
  }
  check(intact, "200000 allocations keep what they hold");
  for (int slot = 0; slot < slots; slot++) free(block[slot]);
  unsigned char *zero = calloc(1000, 1000);
  bool clear = true;
  for (int index = 0; index < 1000000; index++) clear &= zero[index] == 0;
  check(clear, "calloc gives zeros");
  free(zero);
  volatile size_t huge = SIZE_MAX / 2;
  check(malloc(huge) == NULL && errno == ENOMEM, "malloc of half of memory fails");
  check(calloc(huge, 4) == NULL, "calloc that overflows fails");
  void *aligned = NULL;
  check(posix_memalign(&aligned, 65536, 100) == 0 && ((uintptr_t)aligned & 65535) == 0, "alignment");
  free(aligned);
  void *large[20];
  for (int index = 0; index < 20; index++) {
    large[index] = malloc(5 << 20);
    memset(large[index], index, 5 << 20);
  }
  for (int index = 0; index < 20; index++) free(large[index]);
  malloc_trim(0);
  check(true, "100 MiB in large blocks come and go");
  return finish();
}
