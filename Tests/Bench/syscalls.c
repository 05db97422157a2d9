// SPDX-License-Identifier: BSD-3-Clause
//
// Instructions of kernel services, by the cycle counter: with -icount shift=0 one cycle is one
// instruction. Each number is the smallest of many rounds, so that a timer interrupt in between
// does not count. The cost of the loop and of reading the counter is taken off.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline uint64_t now(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t)high << 32 | low;
}

static uint64_t overhead = ~0ull;

static void report(const char *name, uint64_t best) {
  printf("%s %llu instructions\n", name,
         (unsigned long long)(best > overhead ? best - overhead : 0));
}

#define MEASURE(name, rounds, statement)                       \
  do {                                                         \
    uint64_t best = ~0ull;                                     \
    for (int round = 0; round < (rounds); round++) {           \
      uint64_t start = now();                                  \
      statement;                                               \
      uint64_t cost = now() - start;                           \
      if (cost < best) best = cost;                            \
    }                                                          \
    report(name, best);                                        \
  } while (0)

static long call0(long number) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
  return result;
}
static long call3(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

static volatile int stop;
static void *yielder(void *unused) {
  (void)unused;
  while (!stop) call0(SYS_sched_yield);
  return NULL;
}

static int ping[2], pong[2];
static void *echo(void *unused) {
  char byte;
  (void)unused;
  while (call3(SYS_read, ping[0], (long)&byte, 1) == 1 && byte != 'q')
    call3(SYS_write, pong[1], (long)&byte, 1);
  return NULL;
}

int main(void) {
  for (int round = 0; round < 1000; round++) {
    uint64_t start = now(), cost = now() - start;
    if (cost < overhead) overhead = cost;
  }
  MEASURE("null-system-call", 1000, call0(SYS_getppid));

  int fds[2];
  char byte = 'x';
  if (pipe(fds) != 0) return 1;
  uint64_t write_best = ~0ull, read_best = ~0ull;
  for (int round = 0; round < 1000; round++) {
    uint64_t a = now();
    call3(SYS_write, fds[1], (long)&byte, 1);
    uint64_t b = now();
    call3(SYS_read, fds[0], (long)&byte, 1);
    uint64_t c = now();
    if (b - a < write_best) write_best = b - a;
    if (c - b < read_best) read_best = c - b;
  }
  report("pipe-write", write_best);
  report("pipe-read", read_best);

  size_t pages = 256;
  char *memory = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return 1;
  uint64_t best = ~0ull;
  for (size_t page = 0; page < pages; page++) {
    uint64_t start = now();
    *(volatile char *)(memory + page * 4096) = 1;
    uint64_t cost = now() - start;
    // Neighbours that came along cost nothing; what counts is a fault.
    if (cost > overhead + 50 && cost < best) best = cost;
  }
  report("page-fault", best);

  pthread_t other;
  pthread_create(&other, NULL, yielder, NULL);
  call0(SYS_sched_yield);
  // One yield here goes to the other thread and, by its yield, back: two switches.
  best = ~0ull;
  for (int round = 0; round < 1000; round++) {
    uint64_t start = now();
    call0(SYS_sched_yield);
    uint64_t cost = now() - start;
    if (cost < best) best = cost;
  }
  stop = 1;
  pthread_join(other, NULL);
  printf("thread-switch %llu instructions\n", (unsigned long long)((best - overhead) / 2));

  if (pipe(ping) != 0 || pipe(pong) != 0) return 1;
  pthread_create(&other, NULL, echo, NULL);
  best = ~0ull;
  for (int round = 0; round < 1000; round++) {
    uint64_t start = now();
    call3(SYS_write, ping[1], (long)&byte, 1);
    call3(SYS_read, pong[0], (long)&byte, 1);
    uint64_t cost = now() - start;
    if (cost < best) best = cost;
  }
  byte = 'q';
  call3(SYS_write, ping[1], (long)&byte, 1);
  pthread_join(other, NULL);
  report("pipe-round-trip", best);

  int zero = open("/dev/zero", 0);
  if (zero >= 0) {
    static char block[65536];
    MEASURE("read-64KiB-zero", 20, call3(SYS_read, zero, (long)block, sizeof block));
    close(zero);
  }
  MEASURE("mmap-munmap", 100, {
    void *area = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(area, 65536);
  });
  return 0;
}
