// SPDX-License-Identifier: BSD-3-Clause
// mremap: shrinking, growing in place, moving, MREMAP_FIXED, errors.

#include "check.h"

#include <sys/mman.h>

enum { page = 4096, readWrite = PROT_READ | PROT_WRITE };

static char *region(int pages) {
  char *memory = mmap(NULL, pages * page, readWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int index = 0; index < pages; index++) memory[index * page] = 'a' + index;
  return memory;
}

static bool holds(const char *memory, int pages) {
  for (int index = 0; index < pages; index++)
    if (memory[index * page] != 'a' + index) return false;
  return true;
}

int main(void) {
  catch_faults(0);
  char *memory = region(16);
  check(mremap(memory, 16 * page, 8 * page, 0) == memory, "shrinking stays in place");
  check(holds(memory, 8), "and keeps the start");
  check_equal(fault_on_read(memory + 8 * page), SIGSEGV, "the end is gone");
  check(mremap(memory, 8 * page, 12 * page, 0) == memory, "growing into free space stays");
  check(holds(memory, 8) && memory[8 * page] == 0, "the new part is zero");
  mmap(memory + 12 * page, page, readWrite, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  check(mremap(memory, 12 * page, 32 * page, 0) == MAP_FAILED && errno == ENOMEM,
        "growing into a neighbour without leave to move fails");
  char *moved = mremap(memory, 12 * page, 32 * page, MREMAP_MAYMOVE);
  check(moved != MAP_FAILED && moved != memory, "with leave it moves");
  check(holds(moved, 8) && moved[31 * page] == 0, "with what it held");
  check_equal(fault_on_read(memory), SIGSEGV, "the old place is free");
  char *place = mmap(NULL, 32 * page, readWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(place, 'p', 32 * page);
  char *fixed = mremap(moved, 32 * page, 16 * page, MREMAP_MAYMOVE | MREMAP_FIXED, place);
  check(fixed == place && holds(fixed, 8), "MREMAP_FIXED goes where it is told");
  check_equal(place[16 * page], 'p', "and replaces no more than it needs");
  check_equal(place[15 * page], 0, "but that it replaces");
  check(mremap(place + 1, page, 2 * page, 0) == MAP_FAILED && errno == EINVAL, "an odd address fails");
  check(mremap(place, page, 0, 0) == MAP_FAILED && errno == EINVAL, "a new length of 0 fails");
  munmap(place, 32 * page);
  check(mremap(place, page, 2 * page, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT,
        "what is not mapped cannot move");
  char *big = mmap(NULL, 64 << 20, readWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int index = 0; index < 64 << 20; index += 1 << 20) big[index] = index >> 20;
  big = mremap(big, 64 << 20, (size_t)256 << 20, MREMAP_MAYMOVE);
  bool kept = big != MAP_FAILED;
  for (int index = 0; kept && index < 64 << 20; index += 1 << 20) kept = big[index] == index >> 20;
  check(kept, "64 MiB move");
  char *block = malloc(1 << 20);
  memset(block, 'm', 1 << 20);
  for (int size = 2 << 20; size <= 128 << 20; size *= 2) block = realloc(block, size);
  check(block[0] == 'm' && block[(1 << 20) - 1] == 'm', "realloc up to 128 MiB keeps the start");
  free(block);
  return finish();
}
