// SPDX-License-Identifier: BSD-3-Clause
// Processor exceptions become signals with the right code and address, and can be survived.

#include "check.h"

#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

static volatile int zero, seven = 7;

static void step_over(int signal UNUSED, siginfo_t *info UNUSED, void *context) {
  ucontext_t *state = context;
  state->uc_mcontext.gregs[REG_RIP] += 2;  // ud2 has two bytes
  state->uc_mcontext.gregs[REG_RAX] = 1234;
}

static char *guard;

static void open_page(int signal UNUSED, siginfo_t *info, void *context UNUSED) {
  fault_address = info->si_addr;
  mprotect(guard, 4096, PROT_READ | PROT_WRITE);
}

static void *in_thread(void *unused) {
  check_equal(fault_on_write((char *)16), SIGSEGV, "a fault in a thread is that thread's");
  return unused;
}

int main(void) {
  catch_faults(0);
  check_equal(FAULT(zero = seven / zero), SIGFPE, "division by zero");
  check_equal(fault_code, FPE_INTDIV, "as an integer division");
  volatile int least = INT32_MIN, minus = -1;
  check_equal(FAULT(zero = least / minus), SIGFPE, "a quotient that does not fit");
  check_equal(FAULT(__asm__ volatile("ud2")), SIGILL, "an undefined instruction");
  check_equal(fault_code, ILL_ILLOPN, "as an illegal operand");
  check_equal(FAULT(__asm__ volatile("int3")), SIGTRAP, "a breakpoint");
  check_equal(fault_code, SI_KERNEL, "comes from the kernel");
  check_equal(fault_on_read((void *)0x1000), SIGSEGV, "an unmapped address");
  check_equal(fault_code, SEGV_MAPERR, "as unmapped");
  check(fault_address == (void *)0x1000, "with the address");
  check_equal(fault_on_read((void *)0x8000000000000000), SIGSEGV, "an address that cannot be");
  check_equal(fault_code, SI_KERNEL, "comes from the kernel");
  check(fault_address == NULL, "without an address");
  check_equal(FAULT(((void (*)(void))0x10)()), SIGSEGV, "a call to nowhere");
  check(fault_address == (void *)0x10, "with the address");
  check_equal(FAULT(raise(SIGSEGV)), SIGSEGV, "raise looks the same");
  check_equal(fault_code, SI_TKILL, "but tells that it was sent");

  guard = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct sigaction action = {.sa_sigaction = open_page, .sa_flags = SA_SIGINFO}, old;
  sigaction(SIGSEGV, &action, &old);
  ((volatile char *)guard)[100] = 'g';
  check(fault_address == guard + 100 && guard[100] == 'g', "a handler that mends the page lets it go on");
  sigaction(SIGSEGV, &old, NULL);
  struct sigaction step = {.sa_sigaction = step_over, .sa_flags = SA_SIGINFO};
  sigaction(SIGILL, &step, &old);
  long result = 0;
  __asm__ volatile("ud2" : "+a"(result));
  check_equal(result, 1234, "a handler can change registers and step over");
  sigaction(SIGILL, &old, NULL);

  int faults = 0;
  for (int round = 0; round < 10000; round++) faults += fault_on_read((void *)8) == SIGSEGV;
  check_equal(faults, 10000, "10000 faults in a row");
  pthread_t thread;
  pthread_create(&thread, NULL, in_thread, NULL);
  pthread_join(thread, NULL);
  return finish();
}
