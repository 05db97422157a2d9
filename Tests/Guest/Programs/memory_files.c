// SPDX-License-Identifier: BSD-3-Clause
// volume: /tmp
// Mappings of files: private copies, shared pages, the end of the file, offsets, closed files.

#include "check.h"

#include <sys/mman.h>

enum { page = 4096, readWrite = PROT_READ | PROT_WRITE };

int main(void) {
  scratch_enter();
  catch_faults(0);
  int file = open("f", O_RDWR | O_CREAT, 0644);
  for (int index = 0; index < 3; index++) {
    char bytes[page];
    memset(bytes, 'a' + index, page);
    write(file, bytes, page);
  }
  write(file, "tail", 4);
  char byte;

  char *map = mmap(NULL, 4 * page, readWrite, MAP_PRIVATE, file, 0);
  check(map[0] == 'a' && map[2 * page] == 'c' && map[3 * page + 3] == 'l', "a private mapping reads");
  check(map[3 * page + 4] == 0 && map[4 * page - 1] == 0, "the rest of the last page is zero");
  map[page] = 'X';
  pread(file, &byte, 1, page);
  check_equal(byte, 'b', "a store does not reach the file");
  pwrite(file, "Y", 1, page + 1);
  check_equal(map[page + 1], 'b', "a page that was stored to is a copy");
  pwrite(file, "Z", 1, 2 * page);
  check_equal(map[2 * page], 'Z', "one that was not shows the file");
  char *second = mmap(NULL, page, PROT_READ, MAP_PRIVATE, file, page);
  check(second[0] == 'b' && second[1] == 'Y', "a second mapping, at an offset, sees the file");

  char *shared = mmap(NULL, 4 * page, readWrite, MAP_SHARED, file, 0);
  char *twin = mmap(NULL, page, PROT_READ, MAP_SHARED, file, page);
  shared[page + 7] = 'S';
  check_equal(twin[7], 'S', "two shared mappings are one memory");
  pread(file, &byte, 1, page + 7);
  check_equal(byte, 'S', "and the file");
  pwrite(file, "W", 1, 9);
  check_equal(shared[9], 'W', "a write shows in it");
  shared[3 * page + 100] = 'p';
  struct stat s;
  fstat(file, &s);
  check_equal(s.st_size, 3 * page + 4, "a store past the end does not make the file longer");

  char *past = mmap(NULL, 4 * page, readWrite, MAP_SHARED, file, 2 * page);
  check_equal(past[0], 'Z', "a mapping that goes past the end");
  check_equal(fault_on_read(past + 2 * page), SIGBUS, "faults with SIGBUS there");
  check_equal(fault_code, BUS_ADRERR, "as an address without memory");
  check(fault_address == past + 2 * page, "at its address");
  check_error(read(file, past + 2 * page, 0) == 0 ? pread(file, past + 2 * page, 1, 0) : 0, EFAULT,
              "a system call gets EFAULT");
  ftruncate(file, 5 * page);
  check_equal(fault_on_write(past + 2 * page), 0, "when the file grows it can be used");
  pread(file, &byte, 1, 4 * page);
  check_equal(byte, 1, "and is the file");
  ftruncate(file, page);
  check_equal(fault_on_read(shared + page), SIGBUS, "when it shrinks the pages go");
  check_equal(fault_on_read(map + 2 * page), SIGBUS, "from private mappings too");
  check_equal(shared[0], 'a', "what is left stays");
  close(file);
  check_equal(shared[9], 'W', "closing the file leaves the mapping");
  unlink("f");
  check_equal(shared[9], 'W', "so does removing its name");

  put_file("r", "read only");
  int reader = open("r", O_RDONLY);
  check(mmap(NULL, page, readWrite, MAP_SHARED, reader, 0) == MAP_FAILED && errno == EACCES,
        "a shared writable mapping needs a writable file");
  char *copy = mmap(NULL, page, readWrite, MAP_PRIVATE, reader, 0);
  copy[0] = 'R';
  check_text(copy, "Read only", "a private one does not");
  char *kept = mmap(NULL, page, PROT_READ, MAP_SHARED, reader, 0);
  check_error(mprotect(kept, page, readWrite), EACCES, "nor can mprotect make it writable");
  int writer = open("r", O_WRONLY);
  check(mmap(NULL, page, PROT_READ, MAP_SHARED, writer, 0) == MAP_FAILED && errno == EACCES,
        "a write-only file cannot be mapped");
  int folder = open(".", O_RDONLY);
  check(mmap(NULL, page, PROT_READ, MAP_PRIVATE, folder, 0) == MAP_FAILED && errno == ENODEV,
        "nor a folder");
  int self = open("/proc/self/exe", O_RDONLY);
  char *program = mmap(NULL, page, PROT_READ, MAP_PRIVATE, self, 0);
  check(memcmp(program, "\177ELF", 4) == 0, "the program's own file is mapped");
  char *anonymous = mmap(NULL, page, readWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  check(anonymous != MAP_FAILED && anonymous[0] == 0, "shared anonymous memory");
  int zero = open("/dev/zero", O_RDWR);
  char *zeros = mmap(NULL, page, readWrite, MAP_PRIVATE, zero, 0);
  check(zeros != MAP_FAILED && zeros[9] == 0 && (zeros[9] = 1), "/dev/zero gives memory");
  return finish();
}
