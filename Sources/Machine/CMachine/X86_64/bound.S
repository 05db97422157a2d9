// SPDX-License-Identifier: BSD-3-Clause
//
// The ways into the kernel of a C program that is linked with it: its system calls are jumps to
// stubs, each of which names the function that serves the call (CallStub in the tool).

#include "frame.h"

  .section .text.martlet_direct_entry, "ax", @progbits
// From a stub, on the program's stack, interrupts off. RAX: the function. R11: the site's record,
// where to go on, the call's number, where to begin again (ProgramRegisters.restartCall). RCX is
// free, as after `syscall`.
  .globl martlet_direct_entry
  .balign 16
martlet_direct_entry:
  movq %rsp, CPU_SCRATCH
  movq CPU_KERNEL_STACK, %rsp
  pushq $0x10
  pushq CPU_SCRATCH
  pushfq
  pushq $0x8
  pushq (%r11)
  pushq 8(%r11)
  pushq $-2
  // The program runs with interrupts on; what `cli` in the stub changed is not its choice.
  orl $0x200, 32(%rsp)
  cld
  PUSH_REGISTERS
  call *%rax
  jmp martlet_system_call_served

  .section .text.martlet_bound_call, "ax", @progbits
// int64_t martlet_bound_call(uint64_t number): for the `syscall` instructions that stay. The linker
// script makes the table.
  .globl martlet_bound_call
martlet_bound_call:
  cmpq $MARTLET_CALL_LIMIT, %rdi
  jae martlet_call_absent
  leaq martlet_bound_calls(%rip), %rax
  jmp *(%rax, %rdi, 8)

  .section .text.martlet_want_nothing, "ax", @progbits
// void martlet_want_nothing(void): for what the program does not reach.
  .globl martlet_want_nothing
martlet_want_nothing:
  ret

  .section .rodata.martlet_program, "a", @progbits
  .balign 8
// Where the program is: for each part its addresses, and where its bytes lie in the image.
  .globl martlet_program
martlet_program:
  .quad martlet_program_text_start, martlet_program_text_end, martlet_program_text_place
  .quad martlet_program_rodata_start, martlet_program_rodata_end, martlet_program_rodata_place
  .quad martlet_program_data_start, martlet_program_data_end, martlet_program_data_place
  .quad martlet_program_bss_end
  .quad program__start
  .quad martlet_program_headers

// The program headers that its C library reads: thread-local storage only (PT_TLS).
martlet_program_headers:
  .long 7, 4
  .quad 0, martlet_program_tls_start, martlet_program_tls_start
  .quad martlet_program_tls_file_size, martlet_program_tls_size, 64
