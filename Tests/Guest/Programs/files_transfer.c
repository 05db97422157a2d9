// SPDX-License-Identifier: BSD-3-Clause
// sendfile, copy_file_range, fallocate, fsync and their kin.

#include "check.h"

#include <sys/sendfile.h>

int main(void) {
  scratch_enter();
  int source = open("source", O_RDWR | O_CREAT, 0644);
  for (int index = 0; index < 20000; index++) {
    char line[16];
    int length = snprintf(line, sizeof line, "%07d\n", index);
    write(source, line, length);
  }
  lseek(source, 0, SEEK_SET);
  int target = open("target", O_RDWR | O_CREAT, 0644);
  off_t offset = 80;
  check_equal(sendfile(target, source, &offset, 40), 40, "sendfile from an offset");
  check_equal(offset, 120, "moves the offset");
  check_equal(lseek(source, 0, SEEK_CUR), 0, "not the position");
  char buffer[64] = "";
  pread(target, buffer, 8, 0);
  check_text(buffer, "0000010\n", "and copies the right bytes");
  long total = 0, got;
  while ((got = sendfile(target, source, NULL, 1 << 20)) > 0) total += got;
  check_equal(total, 160000, "sendfile without an offset copies to the end");
  check_equal(lseek(source, 0, SEEK_CUR), 160000, "and moves the position");
  pread(target, buffer, 8, 40 + 159992);
  check_text(buffer, "0019999\n", "the last line is there");
  int pair[2];
  pipe(pair);
  offset = 8;
  check_equal(sendfile(pair[1], source, &offset, 8), 8, "sendfile into a pipe");
  memset(buffer, 0, sizeof buffer);
  read(pair[0], buffer, sizeof buffer);
  check_text(buffer, "0000001\n", "arrives");
  check_error(sendfile(target, pair[0], NULL, 8), EINVAL, "sendfile out of a pipe fails");
  check_error(sendfile(target, -1, NULL, 8), EBADF, "a bad descriptor fails");

  int copy = open("copy", O_RDWR | O_CREAT, 0644);
  off_t from = 8, to = 4;
  check_equal(copy_file_range(source, &from, copy, &to, 16, 0), 16, "copy_file_range");
  check(from == 24 && to == 20, "moves both offsets");
  struct stat s;
  fstat(copy, &s);
  check_equal(s.st_size, 20, "the target grew");
  memset(buffer, 0, sizeof buffer);
  pread(copy, buffer, 16, 4);
  check_text(buffer, "0000001\n0000002\n", "with the right bytes");
  from = 160000;
  check_equal(copy_file_range(source, &from, copy, &to, 16, 0), 0, "at the end it copies nothing");
  check_error(copy_file_range(source, NULL, copy, NULL, 16, 1), EINVAL, "unknown flags fail");

  check_equal(posix_fallocate(copy, 0, 100000), 0, "posix_fallocate");
  fstat(copy, &s);
  check_equal(s.st_size, 100000, "makes the file longer");
  check_equal(fallocate(copy, FALLOC_FL_KEEP_SIZE, 0, 200000), 0, "FALLOC_FL_KEEP_SIZE");
  fstat(copy, &s);
  check_equal(s.st_size, 100000, "does not");
  check_equal(fallocate(copy, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 6, 6), 0, "a hole");
  memset(buffer, 0, sizeof buffer);
  pread(copy, buffer, 16, 4);
  check(buffer[1] == '0' && buffer[2] == 0 && buffer[7] == 0 && buffer[8] == '0',
        "clears its bytes and no others");
  check_error(fallocate(copy, 0, -1, 10), EINVAL, "a negative offset fails");
  check_error(fallocate(copy, 0, 0, 0), EINVAL, "no length fails");
  check_error(fallocate(pair[1], 0, 0, 1), ESPIPE, "a pipe fails");
  check_equal(fsync(copy), 0, "fsync");
  check_equal(fdatasync(copy), 0, "fdatasync");
  check_error(fsync(pair[0]), EINVAL, "fsync of a pipe fails");
  check_equal(posix_fadvise(copy, 0, 0, POSIX_FADV_SEQUENTIAL), 0, "posix_fadvise");
  sync();
  return finish();
}
