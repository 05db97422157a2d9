// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// truncate, ftruncate, holes, SEEK_END and beyond, SEEK_DATA and SEEK_HOLE.

#include "check.h"

static bool is_zero(int file, off_t offset, size_t count) {
  char buffer[4096];
  while (count > 0) {
    ssize_t got = pread(file, buffer, count < sizeof buffer ? count : sizeof buffer, offset);
    if (got <= 0) return false;
    for (ssize_t index = 0; index < got; index++)
      if (buffer[index]) return false;
    count -= got;
    offset += got;
  }
  return true;
}

int main(void) {
  scratch_enter();
  int file = open("f", O_RDWR | O_CREAT, 0644);
  struct stat s;
  write(file, "0123456789", 10);
  check_equal(ftruncate(file, 4), 0, "shrinking works");
  check_equal(lseek(file, 0, SEEK_CUR), 10, "and does not move the position");
  check_text(get_file("f"), "0123", "the start is kept");
  check_equal(ftruncate(file, 9), 0, "growing works");
  check(is_zero(file, 4, 5), "what comes back is zero, not the old bytes");
  check_equal(write(file, "x", 1), 1, "a write past the end works");
  fstat(file, &s);
  check_equal(s.st_size, 11, "and makes the file longer");
  check(is_zero(file, 9, 1), "the gap is zero");
  check_error(ftruncate(file, -1), EINVAL, "a negative length fails");
  check_error(truncate("missing", 0), ENOENT, "truncate of a missing file fails");
  mkdir("d", 0755);
  check_error(truncate("d", 0), EISDIR, "truncate of a folder fails");
  check_equal(truncate("f", 2), 0, "truncate by path works");
  check_text(get_file("f"), "01", "on the same file");

  int sparse = open("sparse", O_RDWR | O_CREAT, 0644);
  const off_t far = (off_t)1 << 32;
  check_equal(pwrite(sparse, "end", 3, far), 3, "a write at 4 GiB works");
  fstat(sparse, &s);
  check_equal(s.st_size, far + 3, "the size is 4 GiB and 3");
  check(s.st_blocks < 2048, "the hole uses no space");
  check(is_zero(sparse, 1 << 20, 8192), "the hole reads as zero");
  char buffer[4] = "";
  check_equal(pread(sparse, buffer, 4, far), 3, "the end can be read");
  check_text(buffer, "end", "and holds what was written");
  check_equal(pread(sparse, buffer, 4, far + 3), 0, "reading at the end gives 0");
  check_equal(pread(sparse, buffer, 4, far + 4000), 0, "reading past the end gives 0");

  check_equal(lseek(sparse, 0, SEEK_END), far + 3, "SEEK_END goes to the end");
  check_equal(lseek(sparse, 100, SEEK_END), far + 103, "and past it");
  check_equal(lseek(sparse, -3, SEEK_CUR), far + 100, "SEEK_CUR is relative");
  check_error(lseek(sparse, -1, SEEK_SET), EINVAL, "a negative position fails");
  check_error(lseek(sparse, 0, 77), EINVAL, "an unknown origin fails");
  off_t data = lseek(sparse, 0, SEEK_DATA);
  check(data == 0 || (data > 0 && data <= far), "SEEK_DATA finds the data");
  check_equal(lseek(sparse, far, SEEK_HOLE), far + 3, "SEEK_HOLE finds the end");
  check_error(lseek(sparse, far + 3, SEEK_DATA), ENXIO, "SEEK_DATA at the end fails");
  check_equal(ftruncate(sparse, 0), 0, "the hole goes in one call");
  fstat(sparse, &s);
  check_equal(s.st_size, 0, "and leaves nothing");
  return finish();
}
