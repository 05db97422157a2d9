// SPDX-License-Identifier: BSD-3-Clause

#include "CMachine.h"

#include <errno.h>
#include <malloc.h>
#include <sys/epoll.h>

// The scheduler's, in a test that links it.
extern void martlet_thread_main(void) __attribute__((weak));

void martlet_call_thread_main(void) {
  if (martlet_thread_main) martlet_thread_main();
}

int32_t martlet_host_list_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

void martlet_host_list_add(int32_t list, int32_t descriptor, int64_t token) {
  struct epoll_event event = {
    .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = (uint64_t)token};
  if (epoll_ctl(list, EPOLL_CTL_ADD, descriptor, &event) != 0 && errno == EEXIST)
    epoll_ctl(list, EPOLL_CTL_MOD, descriptor, &event);
}

int32_t martlet_host_list_wait(
  int32_t list, int64_t *tokens, int32_t count, int32_t milliseconds) {
  struct epoll_event events[64];
  if (count > 64) count = 64;
  int found = epoll_wait(list, events, count, milliseconds);
  for (int index = 0; index < found; index++) tokens[index] = (int64_t)events[index].data.u64;
  return found;
}

int64_t martlet_host_heap_used(void) { return (int64_t)mallinfo2().uordblks; }
