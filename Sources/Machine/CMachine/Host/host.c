// SPDX-License-Identifier: BSD-3-Clause

#include "CMachine.h"

// The scheduler's, in a test that links it.
extern void martlet_thread_main(void) __attribute__((weak));

void martlet_call_thread_main(void) {
  if (martlet_thread_main) martlet_thread_main();
}
