// SPDX-License-Identifier: BSD-3-Clause
// brk and sbrk: growing, shrinking, zero when it comes back, the limit.

#include "check.h"

#include <sys/resource.h>
#include <sys/syscall.h>

int main(void) {
  catch_faults(0);
  setvbuf(stdout, NULL, _IONBF, 0);
  char *start = sbrk(0);
  check(start != (char *)-1, "sbrk(0) tells the break");
  check(sbrk(100000) == start, "growing gives the old one");
  memset(start, 'x', 100000);
  check(sbrk(0) == start + 100000, "the new one is further");
  check_equal(brk(start), 0, "shrinking");
  check(sbrk(0) == start, "goes back");
  char *next = (char *)(((uintptr_t)start + 8191) & ~4095ul);
  check_equal(fault_on_read(next), SIGSEGV, "the pages are gone");
  sbrk(100000);
  bool zero = true;
  for (char *byte = next; byte < start + 100000; byte++) zero &= *byte == 0;
  check(zero, "when they come back they are zero");
  check_equal(syscall(SYS_brk, 0), (long)(start + 100000), "brk(0) tells the break");
  check_equal(syscall(SYS_brk, 4096), (long)(start + 100000), "a break too low changes nothing");
  check_equal(syscall(SYS_brk, 1L << 46), (long)(start + 100000), "one too high changes nothing");
  check(sbrk(64 << 20) != (void *)-1, "64 MiB more");
  start[90 << 20 >> 1] = 1;
  check_equal(start[90 << 20 >> 1], 1, "can be used");
  return finish();
}
