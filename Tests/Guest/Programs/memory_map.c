// SPDX-License-Identifier: BSD-3-Clause
// mmap and munmap: lengths, hints, MAP_FIXED, MAP_FIXED_NOREPLACE, holes, errors.

#include "check.h"

#include <sys/mman.h>

enum { page = 4096, readWrite = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS };

static bool failed(void *address, int error) { return address == MAP_FAILED && errno == error; }

int main(void) {
  catch_faults(0);
  char *memory = mmap(NULL, 10 * page, readWrite, anonymous, -1, 0);
  check(memory != MAP_FAILED && ((uintptr_t)memory & (page - 1)) == 0, "memory comes in pages");
  bool zero = true;
  for (int index = 0; index < 10 * page; index++) zero &= memory[index] == 0;
  check(zero, "it is zero");
  memset(memory, 'x', 10 * page);
  check(failed(mmap(NULL, 0, readWrite, anonymous, -1, 0), EINVAL), "length 0 fails");
  check(failed(mmap(NULL, page, readWrite, MAP_ANONYMOUS, -1, 0), EINVAL), "neither private nor shared fails");
  check(failed(mmap(NULL, page, readWrite, MAP_PRIVATE, -1, 0), EBADF), "a file that is none fails");
  check(failed(mmap(NULL, (size_t)1 << 62, readWrite, anonymous, -1, 0), ENOMEM), "too much fails");
  check(failed(mmap(NULL, SIZE_MAX, readWrite, anonymous, -1, 0), ENOMEM), "all of memory fails");
  check(failed(mmap(memory + 1, page, readWrite, anonymous | MAP_FIXED, -1, 0), EINVAL),
        "MAP_FIXED at an odd address fails");
  int zeroFile = open("/dev/zero", O_RDWR);
  check(failed(mmap(NULL, page, readWrite, MAP_PRIVATE, zeroFile, 17), EINVAL), "an odd offset fails");
  char *short_memory = mmap(NULL, 1, readWrite, anonymous, -1, 0);
  short_memory[page - 1] = 1;
  check(short_memory != MAP_FAILED, "length 1 gives a page");

  check_equal(munmap(memory + 4 * page, 2 * page), 0, "a hole in the middle");
  check_equal(fault_on_read(memory + 4 * page), SIGSEGV, "reading it faults");
  check_equal(fault_code, SEGV_MAPERR, "as unmapped");
  check(fault_address == memory + 4 * page, "at its address");
  check_equal(fault_on_read(memory + 6 * page - 1), SIGSEGV, "so does its last byte");
  check(memory[4 * page - 1] == 'x' && memory[6 * page] == 'x', "both sides stay");
  check_equal(munmap(memory + 4 * page, 2 * page), 0, "unmapping it again is no error");
  check_equal(munmap(memory, 10 * page), 0, "unmapping all of it with the hole works");
  check_equal(fault_on_read(memory), SIGSEGV, "then nothing is there");
  check_error(munmap(memory, 0), EINVAL, "unmapping nothing fails");
  check_error(munmap(memory + 1, page), EINVAL, "unmapping an odd address fails");

  memory = mmap(NULL, 8 * page, PROT_NONE, anonymous, -1, 0);
  check_equal(fault_on_read(memory), SIGSEGV, "PROT_NONE cannot be read");
  check_equal(fault_code, SEGV_ACCERR, "as a matter of rights");
  char *fixed = mmap(memory + 2 * page, 2 * page, readWrite, anonymous | MAP_FIXED, -1, 0);
  check(fixed == memory + 2 * page, "MAP_FIXED replaces part of it");
  fixed[0] = 'f';
  check_equal(fault_on_read(memory + page), SIGSEGV, "the part before stays as it was");
  check_equal(fault_on_read(memory + 4 * page), SIGSEGV, "the part after too");
  mmap(memory + 2 * page, page, readWrite, anonymous | MAP_FIXED, -1, 0);
  check_equal(fixed[0], 0, "replaced again it is zero");
  check(failed(mmap(memory + 2 * page, page, readWrite, anonymous | MAP_FIXED_NOREPLACE, -1, 0), EEXIST),
        "MAP_FIXED_NOREPLACE replaces nothing");
  munmap(memory + 5 * page, page);
  check(mmap(memory + 5 * page, page, readWrite, anonymous | MAP_FIXED_NOREPLACE, -1, 0) ==
            memory + 5 * page,
        "and takes a place that is free");
  munmap(memory, 8 * page);
  check(mmap(memory, 8 * page, readWrite, anonymous, -1, 0) == memory, "a free hint is taken");
  char *elsewhere = mmap(memory, page, readWrite, anonymous, -1, 0);
  check(elsewhere != memory && elsewhere != MAP_FAILED, "one in use is not");
  char *odd = mmap(memory + 8 * page + 5, page, readWrite, anonymous, -1, 0);
  check(odd != MAP_FAILED && ((uintptr_t)odd & (page - 1)) == 0, "an odd hint is rounded");
  char *low = mmap(NULL, page, readWrite, anonymous | MAP_32BIT, -1, 0);
  check((uintptr_t)low < 0x80000000, "MAP_32BIT stays below 2 GiB");
  char *hint = (char *)0x50000000;
  check(mmap(hint, page, readWrite, anonymous | MAP_32BIT, -1, 0) == hint, "at a hint there");
  check((uintptr_t)mmap(memory, page, readWrite, anonymous | MAP_32BIT, -1, 0) < 0x80000000,
        "and not at a hint above");
  check_equal(fault_on_read((char *)8), SIGSEGV, "reading address 8 faults");
  check_equal(fault_on_write((char *)8), SIGSEGV, "so does writing");
  char *populated = mmap(NULL, 64 * page, readWrite, anonymous | MAP_POPULATE, -1, 0);
  check(populated != MAP_FAILED && populated[63 * page] == 0, "MAP_POPULATE");
  char *down = mmap(NULL, 16 * page, readWrite, anonymous | MAP_STACK | MAP_NORESERVE, -1, 0);
  check(down != MAP_FAILED && down[0] == 0, "MAP_STACK and MAP_NORESERVE");
  return finish();
}
