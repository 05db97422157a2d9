// SPDX-License-Identifier: BSD-3-Clause
// futex(2) itself: values, timeouts, wake counts, bit sets, requeue, wake-op, robust lists.

#include "check.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>

static uint32_t word, second;
static int woken;

static long futex(uint32_t *address, int operation, uint32_t value, const struct timespec *timeout,
                  uint32_t *other, uint32_t bits) {
  return syscall(SYS_futex, address, operation, value, timeout, other, bits);
}

static void *sleeper(void *bits) {
  long result = futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (uintptr_t)bits);
  if (result == 0) __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
  return (void *)result;
}

static pthread_t threads[8];

static void start(int count, uintptr_t bits) {
  for (int index = 0; index < count; index++)
    pthread_create(&threads[index], NULL, sleeper, (void *)bits);
  sleep_for(100 * MILLISECOND);
}

static void settle(int expected) {
  for (int round = 0; __atomic_load_n(&woken, __ATOMIC_SEQ_CST) < expected && round < 5000; round++)
    sleep_for(MILLISECOND);
  sleep_for(10 * MILLISECOND);
}

static void join(int count) {
  for (int index = 0; index < count; index++) pthread_join(threads[index], NULL);
  woken = 0;
}

int main(void) {
  struct timespec brief = {0, 20000000};
  word = 5;
  check_error(futex(&word, FUTEX_WAIT_PRIVATE, 4, NULL, NULL, 0), EAGAIN, "another value does not wait");
  int64_t begin = now();
  check_error(futex(&word, FUTEX_WAIT_PRIVATE, 5, &brief, NULL, 0), ETIMEDOUT, "a timeout");
  check(now() - begin >= 20 * MILLISECOND, "is as long as asked");
  int64_t end = now() + 20 * MILLISECOND;
  struct timespec deadline = {end / 1000000000, end % 1000000000};
  check_error(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, &deadline, NULL, ~0u), ETIMEDOUT, "a deadline");
  check(now() >= end, "is not too early");
  end = now_in(CLOCK_REALTIME) + 20 * MILLISECOND;
  deadline = (struct timespec){end / 1000000000, end % 1000000000};
  check_error(futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 5, &deadline, NULL, ~0u),
              ETIMEDOUT, "one on the wall clock");
  check(now_in(CLOCK_REALTIME) >= end, "is not too early");
  struct timespec bad = {0, 1000000000};
  check_error(futex(&word, FUTEX_WAIT_PRIVATE, 5, &bad, NULL, 0), EINVAL, "a bad timeout fails");
  check_error(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EINVAL,
              "an odd address fails");
  check_error(futex((uint32_t *)8, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EFAULT, "a bad one too");
  check_error(futex(&word, 99, 5, NULL, NULL, 0), ENOSYS, "an unknown operation fails");
  check_error(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, NULL, NULL, 0), EINVAL, "no bits fail");
  check_equal(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0, "waking nobody gives 0");

  word = 0;
  start(5, 0xffffffff);
  check_equal(futex(&word, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0), 2, "two of five are woken");
  settle(2);
  check_equal(woken, 2, "and no more");
  check_equal(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 3, "then the rest");
  join(5);
  start(3, 0xf0);
  check_equal(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 0x0f), 0, "other bits wake none");
  check_equal(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 0x10), 3, "a common bit wakes");
  join(3);

  start(5, 0xffffffff);
  check_error(syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)10L, &second, 7), EAGAIN,
              "requeue compares");
  check_equal(syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)10L, &second, 0), 5,
              "and wakes one and moves four");
  settle(1);
  check_equal(woken, 1, "one runs");
  check_equal(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0, "none is left at the first word");
  check_equal(futex(&second, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 4, "four are at the second");
  join(5);

  start(2, 0xffffffff);
  second = 3;
  check_equal(syscall(SYS_futex, &word, FUTEX_WAKE_OP_PRIVATE, 10, (void *)10L, &second,
                      FUTEX_OP(FUTEX_OP_ADD, 4, FUTEX_OP_CMP_EQ, 3)),
              2, "FUTEX_WAKE_OP wakes");
  check_equal(second, 7, "and adds");
  join(2);
  check_error(syscall(SYS_get_robust_list, 0, NULL, NULL), EFAULT, "get_robust_list to nowhere fails");
  check_error(syscall(SYS_set_robust_list, NULL, 1), EINVAL, "set_robust_list of a wrong size fails");
  return finish();
}
