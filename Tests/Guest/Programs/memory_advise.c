// SPDX-License-Identifier: BSD-3-Clause
// madvise, msync, mincore, mlock: what is dropped and what stays.

#include "check.h"

#include <sys/mman.h>

enum { page = 4096, readWrite = PROT_READ | PROT_WRITE };

int main(void) {
  scratch_enter();
  catch_faults(0);
  char *memory = mmap(NULL, 8 * page, readWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(memory, 'x', 8 * page);
  check_equal(madvise(memory + 2 * page, 2 * page, MADV_DONTNEED), 0, "MADV_DONTNEED");
  check(memory[2 * page] == 0 && memory[4 * page - 1] == 0, "gives zero pages");
  check(memory[2 * page - 1] == 'x' && memory[4 * page] == 'x', "and no others");
  memory[2 * page] = 'y';
  check_equal(memory[2 * page], 'y', "they can be written again");
  char *file_bytes = malloc(2 * page);
  memset(file_bytes, 'f', 2 * page);
  int file = open("f", O_RDWR | O_CREAT, 0644);
  write(file, file_bytes, 2 * page);
  char *map = mmap(NULL, 2 * page, readWrite, MAP_PRIVATE, file, 0);
  map[0] = 'c';
  check_equal(madvise(map, page, MADV_DONTNEED), 0, "MADV_DONTNEED of a private file mapping");
  check_equal(map[0], 'f', "brings the file back");
  check_equal(madvise(memory, 8 * page, MADV_WILLNEED), 0, "MADV_WILLNEED");
  check_equal(madvise(memory, 8 * page, MADV_SEQUENTIAL), 0, "MADV_SEQUENTIAL");
  check_equal(madvise(memory, 8 * page, MADV_RANDOM), 0, "MADV_RANDOM");
  check_equal(madvise(memory, 8 * page, MADV_NORMAL), 0, "MADV_NORMAL");
  check_equal(madvise(memory, 8 * page, MADV_FREE), 0, "MADV_FREE");
  memory[0] = 'z';
  check_equal(memory[0], 'z', "a page written after it stays");
  check_error(madvise(memory + 1, page, MADV_DONTNEED), EINVAL, "an odd address fails");
  check_error(madvise(memory, page, 9999), EINVAL, "unknown advice fails");
  munmap(memory + 4 * page, page);
  check_error(madvise(memory + 3 * page, 3 * page, MADV_DONTNEED), ENOMEM, "a hole fails");
  check_equal(memory[5 * page], 0, "but the rest was dropped");
  check_equal(msync(map, page, MS_SYNC), 0, "msync");
  check_error(msync(memory + 4 * page, page, MS_SYNC), ENOMEM, "msync of a hole fails");
  check_error(msync(map, page, MS_SYNC | MS_ASYNC), EINVAL, "both ways fail");
  unsigned char resident[2];
  memory[0] = 1;
  check_equal(mincore(memory, page, resident), 0, "mincore");
  check_equal(resident[0] & 1, 1, "a page that was written is there");
  check_error(mincore(memory + 4 * page, page, resident), ENOMEM, "mincore of a hole fails");
  check_equal(mlock(memory, 2 * page), 0, "mlock");
  check_equal(munlock(memory, 2 * page), 0, "munlock");
  const size_t big = (size_t)64 << 20;
  char *arena = mmap(NULL, big, readWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int round = 0; round < 8; round++) {
    for (size_t index = 0; index < big; index += page) arena[index] = round;
    madvise(arena, big, MADV_DONTNEED);
  }
  check_equal(arena[0], 0, "64 MiB filled and dropped eight times");
  return finish();
}
