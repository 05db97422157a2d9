// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// memfd_create, seals, and large files in memory.

#include "check.h"

#include <sys/mman.h>

int main(void) {
  int file = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  check(file >= 0, "memfd_create");
  check_equal(fcntl(file, F_GETFD), FD_CLOEXEC, "MFD_CLOEXEC");
  struct stat s;
  fstat(file, &s);
  check(S_ISREG(s.st_mode) && s.st_size == 0, "an empty file");
  check_equal(s.st_nlink, 0, "without a name");
  check_equal(ftruncate(file, 1 << 20), 0, "of one MiB");
  char *shared = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  check(shared != MAP_FAILED, "can be mapped");
  strcpy(shared + 5000, "through memory");
  char buffer[32] = "";
  pread(file, buffer, 14, 5000);
  check_text(buffer, "through memory", "a store shows in the file");
  pwrite(file, "THROUGH", 7, 5000);
  check_text(shared + 5000, "THROUGH memory", "a write shows in memory");
  check_equal(fcntl(file, F_GET_SEALS), 0, "no seals");
  check_equal(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK), 0, "a seal against shrinking");
  check_error(ftruncate(file, 0), EPERM, "holds");
  check_equal(ftruncate(file, 2 << 20), 0, "growing is free");
  check_error(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE), EBUSY, "no write seal while it is mapped");
  munmap(shared, 1 << 20);
  check_equal(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SEAL), 0, "then it is");
  check_error(write(file, "x", 1), EPERM, "nothing can be written");
  check_error(ftruncate(file, 4 << 20), EPERM, "nor added");
  check_error(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK), EPERM, "nor sealed");
  check(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED &&
            errno == EPERM,
        "nor mapped for writing");
  int plain = memfd_create("plain", 0);
  check_error(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW), EPERM, "seals must be allowed first");
  char link[64], path[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  path[length < 0 ? 0 : length] = 0;
  check_text(path, "/memfd:name (deleted)", "its link in /proc tells the name");

  char *block = malloc(1 << 20);
  for (int index = 0; index < 1 << 20; index++) block[index] = index * 7 + (index >> 8);
  bool same = true;
  for (int round = 0; round < 24; round++) same &= write(plain, block, 1 << 20) == 1 << 20;
  check(same, "24 MiB go in");
  char *back = malloc(1 << 20);
  for (int round = 0; round < 24; round++)
    same &= pread(plain, back, 1 << 20, (off_t)round << 20) == 1 << 20 &&
            memcmp(block, back, 1 << 20) == 0;
  check(same, "and come out");
  check_error(memfd_create("x", 0x4000), EINVAL, "an unknown flag fails");
  return finish();
}
