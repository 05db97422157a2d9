// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// readv, writev, preadv, pwritev, pread, pwrite: order, short reads, limits, bad addresses.

#include "check.h"

#include <limits.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

int main(void) {
  scratch_enter();
  int file = open("f", O_RDWR | O_CREAT, 0644);
  struct iovec out[4] = {{"one ", 4}, {NULL, 0}, {"two ", 4}, {"three", 5}};
  check_equal(writev(file, out, 4), 13, "writev writes all pieces");
  check_text(get_file("f"), "one two three", "in order");
  char a[5] = "", b[6] = "", c[20] = "";
  struct iovec in[3] = {{a, 4}, {b, 5}, {c, 19}};
  lseek(file, 0, SEEK_SET);
  check_equal(readv(file, in, 3), 13, "readv stops at the end");
  check_text(a, "one ", "the first piece");
  check_text(b, "two t", "the second");
  check_text(c, "hree", "the third is short");
  check_equal(readv(file, in, 3), 0, "at the end there is nothing");
  check_equal(preadv(file, in, 1, 8), 4, "preadv");
  check_text(a, "thre", "reads at its place");
  check_equal(pwritev(file, out, 1, 4), 4, "pwritev");
  check_equal(lseek(file, 0, SEEK_CUR), 13, "neither moves the position");
  check_text(get_file("f"), "one one three", "writes at its place");
  check_equal(pwrite(file, "X", 1, 20), 1, "pwrite past the end");
  check_equal(pread(file, c, 19, 13), 8, "leaves a hole");
  check(c[0] == 0 && c[6] == 0 && c[7] == 'X', "of zeros");
  check_error(pread(file, c, 1, -1), EINVAL, "a negative offset fails");
  check_error(syscall(SYS_writev, file, out, -1), EINVAL, "a negative count fails");
  check_error(syscall(SYS_writev, file, out, IOV_MAX + 1), EINVAL, "more than 1024 pieces fail");
  check_equal(writev(file, out, 0), 0, "none are nothing");
  struct iovec huge[2] = {{b, 1}, {a, SIZE_MAX}};
  check_error(readv(file, huge, 2), EINVAL, "lengths that overflow fail");
  int pair[2];
  pipe(pair);
  check_error(pread(pair[0], c, 1, 0), ESPIPE, "pread of a pipe fails");
  check_error(lseek(pair[0], 0, SEEK_CUR), ESPIPE, "a pipe has no position");

  char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(pages + 4096, 4096);
  check_error(write(file, pages + 4096, 1), EFAULT, "writing from an unmapped page fails");
  lseek(file, 0, SEEK_SET);
  check_error(read(file, pages + 4096, 1), EFAULT, "reading into one fails");
  check_equal(lseek(file, 0, SEEK_CUR), 0, "and does not move the position");
  ssize_t count = read(file, pages + 4090, 12);
  check(count == 6 || (count == -1 && errno == EFAULT), "half a buffer is read or refused");
  check_error(read(file, (void *)~0xfffL, 16), EFAULT, "an address of the other half fails");
  mprotect(pages, 4096, PROT_READ);
  lseek(file, 0, SEEK_SET);
  check_error(read(file, pages, 1), EFAULT, "reading into a read-only page fails");
  check_equal(read(file, NULL, 0), 0, "reading nothing is fine");
  check_equal(preadv2(file, in, 1, 0, 0), 4, "preadv2 without flags");
  return finish();
}
