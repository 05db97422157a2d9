// SPDX-License-Identifier: BSD-3-Clause
//
// What Swift cannot say: single instructions, and the objects that the assembly owns. Imported by
// the Machine module only. Each function is marked unsafe so that every use must say why it is
// safe.

#ifndef MARTLET_CMACHINE_H
#define MARTLET_CMACHINE_H

#include <stddef.h>
#include <stdint.h>

#define MARTLET_UNSAFE __attribute__((swift_attr("unsafe")))

#if defined(__x86_64__) && defined(__ELF__) && !defined(__linux__)
#include "x86_64.h"
#else
// What Swift's module of the C library leaves out.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

// Where a new thread of the stand-in for the hardware begins.
MARTLET_UNSAFE void martlet_call_thread_main(void);
// epoll(7), which Swift's Glibc does not know: a new list, or a negative number.
MARTLET_UNSAFE int32_t martlet_host_list_make(void);
// Tells of a descriptor under a token from now on, once for each change.
MARTLET_UNSAFE void martlet_host_list_add(int32_t list, int32_t descriptor, int64_t token);
// Waits for at most so many milliseconds; returns how many tokens it has written, at most `count`.
MARTLET_UNSAFE int32_t martlet_host_list_wait(
  int32_t list, int64_t *tokens, int32_t count, int32_t milliseconds);
// What the C library's heap has given out, in bytes.
MARTLET_UNSAFE int64_t martlet_host_heap_used(void);
#endif

#endif
