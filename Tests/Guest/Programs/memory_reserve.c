// SPDX-License-Identifier: BSD-3-Clause
// Reservations of gigabytes cost nothing, and pieces of them can be used.

#include "check.h"

#include <sys/mman.h>

int main(void) {
  catch_faults(0);
  const size_t gigabyte = (size_t)1 << 30;
  char *space = mmap(NULL, 6 * gigabyte, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  check(space != MAP_FAILED, "6 GiB without rights");
  check_equal(fault_on_read(space + 3 * gigabyte), SIGSEGV, "cannot be read");
  check_equal(mprotect(space + 3 * gigabyte, 1 << 20, PROT_READ | PROT_WRITE), 0, "a piece in the middle");
  memset(space + 3 * gigabyte, 7, 1 << 20);
  check_equal(space[3 * gigabyte + 12345], 7, "can be used");
  check_equal(fault_on_write(space + 3 * gigabyte + (1 << 20)), SIGSEGV, "not what follows it");
  check_equal(munmap(space + gigabyte, gigabyte), 0, "a gigabyte of it can go");
  check_equal(space[3 * gigabyte], 7, "the piece stays");
  check_equal(munmap(space, 6 * gigabyte), 0, "all of it can go");
  char *lazy = mmap(NULL, 4 * gigabyte, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  check(lazy != MAP_FAILED, "4 GiB of writable memory are lazy");
  for (int index = 0; index < 64; index++) lazy[index * (gigabyte / 16)] = index;
  bool kept = true;
  for (int index = 0; index < 64; index++) kept &= lazy[index * (gigabyte / 16)] == index;
  check(kept, "64 pages spread over them hold their values");
  bool each = true;
  for (int round = 0; round < 2000; round++) {
    char *space = mmap(NULL, gigabyte, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    each &= space != MAP_FAILED && munmap(space, gigabyte) == 0;
  }
  check(each, "2000 times a gigabyte");
  return finish();
}
