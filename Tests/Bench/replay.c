// SPDX-License-Identifier: BSD-3-Clause
// Plays a trace of allocations (Sources/Kernel/HeapReplay) on the C library's heap. The trace is
// compiled in: -DTRACE='"FILE"'.

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

__asm__(".section .rodata\n.balign 8\ntrace: .incbin \"" TRACE "\"\n.previous");
extern const uint32_t trace[];

static void *volatile nothing;
static void *allocateNothing(size_t size) { return (void *)(size | 16); }
static void freeNothing(void *address) { nothing = address; }

// Returns the instructions of all operations, and the dearest one's in `worst` if it is wanted.
static uint64_t play(void *(*allocate)(size_t), void (*release)(void *), uint64_t *worst) {
  uint32_t count = trace[3];
  void **slots = calloc(trace[2], sizeof *slots);
  uint64_t begin = __rdtsc();
  for (uint32_t i = 0; i < count; i++) {
    uint32_t slot = trace[4 + 2 * i], size = trace[5 + 2 * i];
    uint64_t before = worst == NULL ? 0 : __rdtsc();
    if (size == UINT32_MAX)
      release(slots[slot]);
    else
      slots[slot] = allocate(size);
    if (worst != NULL) {
      uint64_t took = __rdtsc() - before;
      if (took > *worst) *worst = took;
    }
  }
  uint64_t total = __rdtsc() - begin;
  free(slots);
  return total;
}

int main(void) {
  uint64_t worst = 0;
  uint64_t own = play(allocateNothing, freeNothing, NULL);
  uint64_t all = play(malloc, free, NULL);
  struct mallinfo2 info = mallinfo2();
  play(malloc, free, &worst);
  printf("operations %u\n", trace[3]);
  printf("cycles %llu\n", (unsigned long long)(all - own));
  printf("worst-cycles %llu\n", (unsigned long long)worst);
  printf("given-bytes %zu\n", info.arena + info.hblkhd);
  fflush(stdout);
  return 0;
}
