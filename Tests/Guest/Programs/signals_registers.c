// SPDX-License-Identifier: BSD-3-Clause
// Vector registers, the red zone, flags and the floating-point control words survive signals,
// interrupts and system calls.
// flags: -lm

#include "check.h"

#include <fenv.h>
#include <immintrin.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>

static volatile sig_atomic_t count;

// A handler that uses every register of its own.
static void spoil(int signal UNUSED) {
  count++;
  __asm__ volatile(
      "pxor %%xmm0, %%xmm0\n pcmpeqd %%xmm1, %%xmm1\n pxor %%xmm7, %%xmm7\n pxor %%xmm15, %%xmm15\n"
      "fninit\n std\n cld\n" ::: "xmm0", "xmm1", "xmm7", "xmm15", "memory");
  fesetround(FE_UPWARD);
}

// Fills sixteen vector registers and the red zone, spins, and compares. Returns 1 when all is kept.
static __attribute__((noinline)) int sse_round(uint64_t seed, long spins) {
  uint64_t ok;
  __asm__ volatile(
      "movq %1, %%xmm0\n movq %1, %%xmm1\n movq %1, %%xmm2\n movq %1, %%xmm3\n"
      "movq %1, %%xmm4\n movq %1, %%xmm5\n movq %1, %%xmm6\n movq %1, %%xmm7\n"
      "movq %1, %%xmm8\n movq %1, %%xmm9\n movq %1, %%xmm10\n movq %1, %%xmm11\n"
      "movq %1, %%xmm12\n movq %1, %%xmm13\n movq %1, %%xmm14\n movq %1, %%xmm15\n"
      "movq %1, -8(%%rsp)\n movq %1, -64(%%rsp)\n movq %1, -128(%%rsp)\n"
      "stc\n"
      "1: dec %2\n jnz 1b\n"  // dec leaves the carry as it is
      "setc %%al\n movzbq %%al, %0\n"
      "xor %%rcx, %%rcx\n"
      "cmp %1, -8(%%rsp)\n setne %%cl\n"
      "movq -64(%%rsp), %%rax\n xor %1, %%rax\n or %%rax, %%rcx\n"
      "movq -128(%%rsp), %%rax\n xor %1, %%rax\n or %%rax, %%rcx\n"
      "movq %%xmm0, %%rax\n xor %1, %%rax\n or %%rax, %%rcx\n"
      "movq %%xmm1, %%rax\n xor %1, %%rax\n or %%rax, %%rcx\n"
      "movq %%xmm6, %%rax\n xor %1, %%rax\n or %%rax, %%rcx\n"
      "movq %%xmm7, %%rax\n xor %1, %%rax\n or %%rax, %%rcx\n"
      "movq %%xmm8, %%rax\n xor %1, %%rax\n or %%rax, %%rcx\n"
      "movq %%xmm14, %%rax\n xor %1, %%rax\n or %%rax, %%rcx\n"
      "movq %%xmm15, %%rax\n xor %1, %%rax\n or %%rax, %%rcx\n"
      "test %%rcx, %%rcx\n jz 2f\n xor %0, %0\n 2:\n"
      : "=&r"(ok), "+r"(seed), "+r"(spins)
      :
      : "rax", "rcx", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
  return ok;
}

__attribute__((target("avx"), noinline)) static int avx_round(uint64_t seed, long spins) {
  uint64_t want[4] = {seed, seed + 1, seed + 2, seed + 3}, got[4];
  __asm__ volatile("vmovdqu (%1), %%ymm5\n vmovdqu (%1), %%ymm13\n"
                   "1: dec %0\n jnz 1b\n"
                   "vxorps %%ymm13, %%ymm5, %%ymm6\n vorps %%ymm6, %%ymm13, %%ymm13\n"
                   "vmovdqu %%ymm13, (%2)\n vzeroupper\n"
                   : "+r"(spins)
                   : "r"(want), "r"(got)
                   : "memory", "cc", "xmm5", "xmm6", "xmm13");
  return memcmp(want, got, sizeof want) == 0;
}

static void *in_thread(void *seed) {
  intptr_t wrong = 0;
  for (int round = 0; round < 100; round++) {
    wrong += !sse_round((uintptr_t)seed + round, 100000);
    if (__builtin_cpu_supports("avx")) wrong += !avx_round((uintptr_t)seed + round, 100000);
  }
  return (void *)wrong;
}

// A system call that does nothing keeps all registers but rax, rcx and r11, the red zone and flags.
static __attribute__((noinline)) int call_round(long number) {
  uint64_t kept;
  __asm__ volatile(
      "mov $0x1111, %%rbx\n mov $0x2222, %%r8\n mov $0x3333, %%r9\n mov $0x4444, %%r10\n"
      "mov $0x5555, %%r12\n mov $0x6666, %%r13\n mov $0x7777, %%r14\n mov $0x8888, %%r15\n"
      "mov $0x9999, %%rdi\n mov $0xaaaa, %%rsi\n mov $0xbbbb, %%rdx\n"
      "movq $0x1234, -8(%%rsp)\n movq $0x4321, -120(%%rsp)\n"
      "mov %1, %%rax\n stc\n std\n syscall\n"
      "setc %%al\n movzbq %%al, %0\n"
      "pushfq\n popq %%rcx\n cld\n bt $10, %%rcx\n jnc 3f\n"
      "cmp $0x1111, %%rbx\n jne 3f\n cmp $0x2222, %%r8\n jne 3f\n cmp $0x3333, %%r9\n jne 3f\n"
      "cmp $0x4444, %%r10\n jne 3f\n cmp $0x5555, %%r12\n jne 3f\n cmp $0x6666, %%r13\n jne 3f\n"
      "cmp $0x7777, %%r14\n jne 3f\n cmp $0x8888, %%r15\n jne 3f\n cmp $0x9999, %%rdi\n jne 3f\n"
      "cmp $0xaaaa, %%rsi\n jne 3f\n cmp $0xbbbb, %%rdx\n jne 3f\n"
      "cmpq $0x4321, -120(%%rsp)\n jne 3f\n jmp 4f\n 3: xor %0, %0\n 4:\n"
      : "=&a"(kept)
      : "g"(number)
      : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
        "memory", "cc");
  return kept;
}

int main(void) {
  struct sigaction action = {.sa_handler = spoil, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, NULL);
  struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
  fesetround(FE_DOWNWARD);
  setitimer(ITIMER_REAL, &often, NULL);
  int wrong = 0, rounds = 0;
  while (count < 100) {
    wrong += !sse_round(0x0123456789abcdef + rounds, 100000);
    rounds++;
  }
  check_equal(wrong, 0, "vector registers, red zone and carry survive 100 signals");
  wrong = 0;
  int start = count;
  while (count < start + 100) wrong += __builtin_cpu_supports("avx") && !avx_round(count, 100000);
  check_equal(wrong, 0, "so do the wide halves where the processor has them");
  check_equal(fegetround(), FE_DOWNWARD, "and the rounding mode, which the handler changes");
  setitimer(ITIMER_REAL, &never, NULL);
  fesetround(FE_TONEAREST);
  pthread_t threads[4];
  wrong = 0;
  for (intptr_t index = 0; index < 4; index++)
    pthread_create(&threads[index], NULL, in_thread, (void *)(index << 32));
  for (int index = 0; index < 4; index++) {
    void *result;
    pthread_join(threads[index], &result);
    wrong += (intptr_t)result;
  }
  check_equal(wrong, 0, "4 threads keep theirs apart");
  wrong = 0;
  for (int round = 0; round < 1000; round++) wrong += !call_round(SYS_getppid);
  check_equal(wrong, 0, "a system call keeps registers, red zone, carry and direction");
  check(call_round(99999), "so does one that is not there");
  return finish();
}
