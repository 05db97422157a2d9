// SPDX-License-Identifier: BSD-3-Clause
// Costs of system calls, page faults and thread switches as lines `name value unit`.
//
// With counted instructions one nanosecond of CLOCK_MONOTONIC is one instruction. Each number is
// the least of several rounds: what the operation costs when nothing else happens.

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { rounds = 9, repeats = 400 };

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Runs `body` `repeats` times in each round and prints the least mean, without the loop's own cost.
#define MEASURE(name, body)                                                  \
  do {                                                                       \
    uint64_t best = UINT64_MAX, empty = UINT64_MAX;                          \
    for (int r = 0; r < rounds; r++) {                                       \
      uint64_t a = now();                                                    \
      for (volatile int i = 0; i < repeats; i++) {                           \
      }                                                                      \
      uint64_t b = now();                                                    \
      for (volatile int i = 0; i < repeats; i++) {                           \
        body;                                                                \
      }                                                                      \
      uint64_t c = now();                                                    \
      if (b - a < empty) empty = b - a;                                      \
      if (c - b < best) best = c - b;                                        \
    }                                                                        \
    report(name, best, empty);                                               \
  } while (0)

static void report(const char *name, uint64_t best, uint64_t empty) {
  double value = best > empty ? (double)(best - empty) / repeats : 0;
  printf("%s %.1f instructions\n", name, value);
}

// The bare instruction; the C library's wrapper would add its own.
static inline long call0(long number) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
  return result;
}

static inline long call3(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

static void measurePipes(void) {
  int ends[2];
  char byte = 'x';
  if (pipe(ends) != 0) return;
  uint64_t writes = UINT64_MAX, reads = UINT64_MAX;
  for (int r = 0; r < rounds; r++) {
    uint64_t a = now();
    for (volatile int i = 0; i < repeats; i++) call3(SYS_write, ends[1], (long)&byte, 1);
    uint64_t b = now();
    for (volatile int i = 0; i < repeats; i++) call3(SYS_read, ends[0], (long)&byte, 1);
    uint64_t c = now();
    if (b - a < writes) writes = b - a;
    if (c - b < reads) reads = c - b;
  }
  report("pipe-write", writes, 0);
  report("pipe-read", reads, 0);
  close(ends[0]);
  close(ends[1]);
}

static void measureFaults(void) {
  long page = 4096;
  uint64_t best = UINT64_MAX;
  for (int r = 0; r < rounds; r++) {
    char *memory = mmap(NULL, repeats * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return;
    // Otherwise Linux may answer the first touch with one page of 2 MiB.
    madvise(memory, repeats * page, MADV_NOHUGEPAGE);
    uint64_t a = now();
    for (volatile int i = 0; i < repeats; i++) memory[i * page] = 1;
    uint64_t b = now();
    if (b - a < best) best = b - a;
    munmap(memory, repeats * page);
  }
  report("page-fault", best, 0);
}

static volatile int ready, stop;

static void *yieldBack(void *unused) {
  (void)unused;
  ready = 1;
  while (!stop) call0(SYS_sched_yield);
  return NULL;
}

// Two threads that yield to each other: one round trip is two switches.
static void measureSwitches(void) {
  pthread_t other;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  sched_setaffinity(0, sizeof one, &one);
  if (pthread_create(&other, NULL, yieldBack, NULL) != 0) return;
  while (!ready) call0(SYS_sched_yield);
  uint64_t best = UINT64_MAX;
  for (int r = 0; r < rounds; r++) {
    uint64_t a = now();
    for (volatile int i = 0; i < repeats; i++) call0(SYS_sched_yield);
    uint64_t b = now();
    if (b - a < best) best = b - a;
  }
  stop = 1;
  pthread_join(other, NULL);
  report("thread-switch", best / 2, 0);
}

int main(void) {
  MEASURE("null-system-call", call0(SYS_getppid));
  MEASURE("clock-gettime", { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); });
  measurePipes();
  measureFaults();
  measureSwitches();
  fflush(stdout);
  return 0;
}
