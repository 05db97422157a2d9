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
#endif

#endif
