// SPDX-License-Identifier: BSD-3-Clause
// Records every allocation of a program: `MARTLET_RECORD=FILE LD_PRELOAD=this.so PROGRAM`.
//
// FILE gets pairs of 64-bit words: an address, and the size that was allocated there, or all ones
// for a release. A realloc is a release and an allocation. The tool makes a trace of it.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *address);

enum { capacity = 4096 };
static uint64_t records[capacity][2];
static unsigned used;
static int file = -1;

static void flush(void) {
  if (file >= 0 && used > 0 && write(file, records, used * sizeof records[0]) < 0) file = -1;
  used = 0;
}

static void note(void *address, uint64_t size) {
  if (address == NULL || file == -1) return;
  records[used][0] = (uint64_t)address;
  records[used][1] = size;
  if (++used == capacity) flush();
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("MARTLET_RECORD");
  // Not the file of a parent: this process is another program.
  if (path != NULL) file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

__attribute__((destructor)) static void end(void) { flush(); }

void *malloc(size_t size) {
  void *result = __libc_malloc(size);
  note(result, size);
  return result;
}

void *calloc(size_t count, size_t size) {
  void *result = __libc_calloc(count, size);
  note(result, count * size);
  return result;
}

void *realloc(void *old, size_t size) {
  void *result = __libc_realloc(old, size);
  if (result != NULL || size == 0) note(old, UINT64_MAX);
  note(result, size);
  return result;
}

void *memalign(size_t alignment, size_t size) {
  void *result = __libc_memalign(alignment, size);
  note(result, size);
  return result;
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
  *result = memalign(alignment, size);
  return *result == NULL ? ENOMEM : 0;
}

void free(void *address) {
  note(address, UINT64_MAX);
  __libc_free(address);
}
