// SPDX-License-Identifier: BSD-3-Clause
// mprotect: splits and merges, rights of each page, errors, code made executable after writing.

#include "check.h"

#include <sys/mman.h>

enum { page = 4096, pages = 64, readWrite = PROT_READ | PROT_WRITE };

int main(void) {
  catch_faults(0);
  char *memory = mmap(NULL, pages * page, readWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int index = 0; index < pages; index++) memory[index * page] = index;
  check_equal(mprotect(memory + 8 * page, 4 * page, PROT_READ), 0, "a piece becomes read-only");
  check_equal(memory[8 * page], 8, "it can be read");
  check_equal(fault_on_write(memory + 8 * page), SIGSEGV, "and not written");
  check_equal(fault_code, SEGV_ACCERR, "as a matter of rights");
  check(fault_address == memory + 8 * page, "the address is told");
  check_equal(fault_on_write(memory + 12 * page - 1), SIGSEGV, "up to its last byte");
  check_equal(fault_on_write(memory + 8 * page - 1), 0, "the byte before can be written");
  check_equal(fault_on_write(memory + 12 * page), 0, "the byte after too");
  memory[12 * page] = 12;
  check_equal(mprotect(memory + 9 * page, page, PROT_NONE), 0, "a page in it becomes PROT_NONE");
  check_equal(fault_on_read(memory + 9 * page), SIGSEGV, "it cannot be read");
  check_equal(mprotect(memory + 9 * page, page, PROT_READ), 0, "and comes back");
  check_equal(memory[9 * page], 9, "with what it held");
  check_equal(mprotect(memory, pages * page, readWrite), 0, "all of it becomes writable");
  for (int index = 0; index < pages; index += 2) mprotect(memory + index * page, page, PROT_READ);
  int faults = 0;
  for (int index = 0; index < pages; index++) faults += fault_on_write(memory + index * page + 1) != 0;
  check_equal(faults, pages / 2, "every second page read-only");
  mprotect(memory, pages * page, readWrite);
  faults = 0;
  for (int index = 0; index < pages; index++) faults += fault_on_write(memory + index * page + 1) != 0;
  check_equal(faults, 0, "and none again");
  bool kept = true;
  for (int index = 0; index < pages; index++) kept &= memory[index * page] == index;
  check(kept, "nothing was lost");

  munmap(memory + 20 * page, page);
  check_error(mprotect(memory + 16 * page, 8 * page, PROT_READ), ENOMEM, "a hole in the range fails");
  check_equal(fault_on_write(memory + 16 * page), SIGSEGV, "what lies before it is changed");
  check_error(mprotect(memory + 1, page, PROT_READ), EINVAL, "an odd address fails");
  check_error(mprotect(memory, page, 0x40), EINVAL, "unknown rights fail");
  check_equal(mprotect(memory, 0, PROT_READ), 0, "no length is no error");
  check_equal(fault_on_write(memory), 0, "and changes nothing");

  static const unsigned char code[] = {0xb8, 0x2a, 0, 0, 0, 0xc3};  // mov $42, %eax; ret
  memcpy(memory + 32 * page, code, sizeof code);
  int (*function)(void) = (int (*)(void))(uintptr_t)(memory + 32 * page);
  check_equal(FAULT(function()), SIGSEGV, "writable memory cannot be executed");
  check_equal(fault_code, SEGV_ACCERR, "as a matter of rights");
  check_equal(mprotect(memory + 32 * page, page, PROT_READ | PROT_EXEC), 0, "code is made executable");
  check_equal(function(), 42, "and runs");
  check_equal(fault_on_write(memory + 32 * page), SIGSEGV, "it cannot be written any more");
  mprotect(memory + 32 * page, page, readWrite);
  memory[32 * page + 1] = 43;
  mprotect(memory + 32 * page, page, PROT_READ | PROT_EXEC);
  check_equal(function(), 43, "changed code runs as changed");
  check_equal(fault_on_write((void *)(uintptr_t)main), SIGSEGV, "the program's text cannot be written");
  static const char constant[page] = "constant";
  check_equal(fault_on_write((void *)(uintptr_t)constant), SIGSEGV, "nor its constants");
  char local[64] = "";
  check_equal(FAULT(((void (*)(void))(uintptr_t)local)()), SIGSEGV, "the stack cannot be executed");
  return finish();
}
