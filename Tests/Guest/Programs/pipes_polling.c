// SPDX-License-Identifier: BSD-3-Clause
// poll, ppoll, select, pselect, epoll (level, edge, one-shot), eventfd.

#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>

static int pair[2], event;

static void *write_later(void *unused) {
  sleep_for(50 * MILLISECOND);
  if (write(pair[1], "x", 1) != 1) abort();
  return unused;
}

static void *post_later(void *unused) {
  uint64_t one = 1;
  sleep_for(50 * MILLISECOND);
  if (write(event, &one, 8) != 8) abort();
  return unused;
}

static int poll_one(int file, int events, int timeout) {
  struct pollfd entry = {file, events, 0};
  int count = poll(&entry, 1, timeout);
  return count <= 0 ? -count - (count < 0) * 1000 : entry.revents;
}

static int wait_now(int instance) {
  struct epoll_event found;
  int count = epoll_wait(instance, &found, 1, 0);
  return count == 1 ? (int)found.events : count;
}

static void polls(void) {
  char byte;
  pthread_t thread;
  check_equal(poll_one(pair[0], POLLIN, 0), 0, "an empty pipe is not readable");
  check_equal(poll_one(pair[1], POLLOUT, 0), POLLOUT, "but writable");
  check_equal(poll_one(0x7fff, POLLIN, 0), POLLNVAL, "a closed descriptor is POLLNVAL");
  check_equal(poll_one(-5, POLLIN, 0), 0, "a negative one is left out");
  int64_t begin = now();
  check_equal(poll_one(pair[0], POLLIN, 30), 0, "a timeout");
  check(now() - begin >= 30 * MILLISECOND, "is long enough");
  pthread_create(&thread, NULL, write_later, NULL);
  check_equal(poll_one(pair[0], POLLIN, -1), POLLIN, "poll waits for a writer");
  pthread_join(thread, NULL);
  read(pair[0], &byte, 1);
  struct timespec brief = {0, 20000000};
  struct pollfd entry = {pair[0], POLLIN, 0};
  check_equal(ppoll(&entry, 1, &brief, NULL), 0, "ppoll");
  check_equal(poll(NULL, 0, 5), 0, "poll of nothing sleeps");
  int other[2];
  pipe(other);
  close(other[1]);
  check_equal(poll_one(other[0], POLLIN, 0), POLLHUP, "a pipe without writers is POLLHUP");
  close(other[0]);
  pipe(other);
  close(other[0]);
  check_equal(poll_one(other[1], POLLOUT, 0), POLLOUT | POLLERR, "one without readers POLLERR");
  close(other[1]);
  int null = open("/dev/null", O_RDWR);
  check_equal(poll_one(null, POLLIN | POLLOUT, 0), POLLIN | POLLOUT, "/dev/null is always ready");

  fd_set readable, writable;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_SET(pair[0], &readable);
  FD_SET(pair[1], &writable);
  struct timeval zero = {0, 0};
  check_equal(select(pair[1] + 1, &readable, &writable, NULL, &zero), 1, "select finds one of two");
  check(!FD_ISSET(pair[0], &readable) && FD_ISSET(pair[1], &writable), "the right one");
  write(pair[1], "y", 1);
  FD_SET(pair[0], &readable);
  check_equal(pselect(pair[1] + 1, &readable, &writable, NULL, NULL, NULL), 2, "then both");
  read(pair[0], &byte, 1);
  struct timeval short_time = {0, 20000};
  FD_ZERO(&readable);
  FD_SET(pair[0], &readable);
  check_equal(select(pair[1] + 1, &readable, NULL, NULL, &short_time), 0, "select ends in time");
  check(!FD_ISSET(pair[0], &readable) && short_time.tv_usec == 0, "and clears its set and time");
  FD_SET(40, &readable);
  check_error(select(41, &readable, NULL, NULL, &zero), EBADF, "a closed descriptor fails");
  check_error(select(-1, NULL, NULL, NULL, &zero), EINVAL, "a negative count fails");
}

static void epolls(void) {
  char byte;
  pthread_t thread;
  int instance = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event added = {.events = EPOLLIN, .data.u64 = 0x123456789abcdef}, found[4];
  check_equal(epoll_ctl(instance, EPOLL_CTL_ADD, pair[0], &added), 0, "epoll adds");
  check_error(epoll_ctl(instance, EPOLL_CTL_ADD, pair[0], &added), EEXIST, "not twice");
  check_error(epoll_ctl(instance, EPOLL_CTL_MOD, pair[1], &added), ENOENT, "changes what is there");
  check_error(epoll_ctl(instance, EPOLL_CTL_DEL, pair[1], NULL), ENOENT, "removes what is there");
  check_error(epoll_ctl(instance, EPOLL_CTL_ADD, 0x7fff, &added), EBADF, "no closed descriptor");
  check_error(epoll_ctl(instance, EPOLL_CTL_ADD, instance, &added), EINVAL, "not itself");
  int folder = open("/", O_RDONLY);
  check_error(epoll_ctl(instance, EPOLL_CTL_ADD, folder, &added), EPERM, "no folder");
  check_equal(wait_now(instance), 0, "nothing is ready");
  pthread_create(&thread, NULL, write_later, NULL);
  check_equal(epoll_wait(instance, found, 4, -1), 1, "epoll_wait waits");
  pthread_join(thread, NULL);
  check(found[0].events == EPOLLIN && found[0].data.u64 == 0x123456789abcdef, "and gives the value");
  check_equal(wait_now(instance), EPOLLIN, "level-triggered it comes again");
  added.events = EPOLLIN | EPOLLET;
  epoll_ctl(instance, EPOLL_CTL_MOD, pair[0], &added);
  check_equal(wait_now(instance), EPOLLIN, "edge-triggered it comes once");
  check_equal(wait_now(instance), 0, "and not again");
  write(pair[1], "z", 1);
  check_equal(wait_now(instance), EPOLLIN, "until there is more");
  added.events = EPOLLIN | EPOLLONESHOT;
  epoll_ctl(instance, EPOLL_CTL_MOD, pair[0], &added);
  check_equal(wait_now(instance), EPOLLIN, "one-shot it comes once");
  write(pair[1], "z", 1);
  check_equal(wait_now(instance), 0, "and not even for more");
  epoll_ctl(instance, EPOLL_CTL_MOD, pair[0], &added);
  check_equal(wait_now(instance), EPOLLIN, "until it is set again");
  check_equal(epoll_ctl(instance, EPOLL_CTL_DEL, pair[0], NULL), 0, "epoll removes");
  check_equal(wait_now(instance), 0, "then it is silent");
  for (int round = 0; round < 3; round++) read(pair[0], &byte, 1);
  int copy = dup(pair[1]);
  added.events = EPOLLOUT;
  epoll_ctl(instance, EPOLL_CTL_ADD, copy, &added);
  int outer = epoll_create1(0);
  added.events = EPOLLIN;
  check_equal(epoll_ctl(outer, EPOLL_CTL_ADD, instance, &added), 0, "one epoll in another");
  check_equal(wait_now(outer), EPOLLIN, "is readable when it has something");
  epoll_ctl(instance, EPOLL_CTL_DEL, copy, NULL);
  check_equal(wait_now(outer), 0, "and not when it has not");
  check_error(epoll_wait(instance, found, 0, 0), EINVAL, "room for nothing fails");
  check_error(epoll_wait(pair[0], found, 1, 0), EINVAL, "a pipe is no epoll");
}

static void events(void) {
  uint64_t value = 0;
  pthread_t thread;
  event = eventfd(3, EFD_NONBLOCK);
  check_equal(read(event, &value, 8), 8, "eventfd");
  check_equal(value, 3, "gives its value");
  check_error(read(event, &value, 8), EAGAIN, "and is 0 then");
  value = 5;
  write(event, &value, 8);
  write(event, &value, 8);
  read(event, &value, 8);
  check_equal(value, 10, "writes add");
  value = UINT64_MAX - 1;
  write(event, &value, 8);
  value = 1;
  check_error(write(event, &value, 8), EAGAIN, "up to a limit");
  check_equal(poll_one(event, POLLIN | POLLOUT, 0), POLLIN, "then it is not writable");
  value = UINT64_MAX;
  check_error(write(event, &value, 8), EINVAL, "the highest value fails");
  check_error(write(event, &value, 4), EINVAL, "so does a small buffer");
  close(event);
  event = eventfd(2, EFD_SEMAPHORE);
  read(event, &value, 8);
  check_equal(value, 1, "EFD_SEMAPHORE takes one at a time");
  read(event, &value, 8);
  pthread_create(&thread, NULL, post_later, NULL);
  check_equal(read(event, &value, 8), 8, "a read waits for a write");
  pthread_join(thread, NULL);
}

int main(void) {
  pipe(pair);
  polls();
  epolls();
  events();
  return finish();
}
