// SPDX-License-Identifier: BSD-3-Clause
//
// The C names by which the Swift runtime and the compiler ask for memory. They stand in C because
// Swift reserves the name `free` for itself. The heap is chosen by the image, above this layer.

#include <stddef.h>
#include <stdint.h>

uint64_t martlet_heap_allocate(uint64_t byte_count, uint64_t alignment);
void martlet_heap_free(uint64_t address);
uint64_t martlet_heap_usable_size(uint64_t address);

int posix_memalign(void **result, size_t alignment, size_t byte_count) {
  uint64_t address = martlet_heap_allocate(byte_count, alignment);
  *result = (void *)address;
  return address == 0 ? 12 /* ENOMEM */ : 0;
}

void free(void *pointer) {
  if (pointer != NULL) martlet_heap_free((uint64_t)pointer);
}

size_t malloc_usable_size(void *pointer) {
  return pointer == NULL ? 0 : martlet_heap_usable_size((uint64_t)pointer);
}

void martlet_stack_smashed(void);

void __stack_chk_fail(void) {
  martlet_stack_smashed();
  __builtin_trap();
}

void (*martlet_end_action)(void);
