// SPDX-License-Identifier: BSD-3-Clause
//
// From a program into the kernel and back: system calls, and the exceptions and interrupts that
// come while program code runs.

#include "frame.h"

  .section .text.martlet_program, "ax", @progbits

  .globl martlet_syscall_entry
  .balign 16
martlet_syscall_entry:
  movq %rsp, CPU_SCRATCH
  movq CPU_KERNEL_STACK, %rsp
  pushq $0x10
  pushq CPU_SCRATCH
  pushq %r11
  pushq $0x8
  pushq %rcx
  pushq %rax
  pushq $-1
  PUSH_REGISTERS
  movq %rax, %rdi
  // The linker script says which: the table of calls, or the calls that a C program reaches.
  call martlet_serve_system_call
  // A call that was bound to its function comes here too (bound.S).
  .globl martlet_system_call_served
martlet_system_call_served:
  movq %rax, FRAME_RAX(%rsp)
  cmpl $0, FRAME_ATTENTION(%rsp)
  jne leave_slowly
  // The callee-saved registers still hold the program's values.
  movq 56(%rsp), %r10
  movq 64(%rsp), %r9
  movq 72(%rsp), %r8
  movq 96(%rsp), %rdx
  movq 104(%rsp), %rsi
  movq 112(%rsp), %rdi
  movq FRAME_RIP(%rsp), %rcx
  movq FRAME_RFLAGS(%rsp), %r11
  // Flags without IF first: an interrupt must not come before the stack is the program's. The
  // instruction after STI is still protected.
  andl $~0x200, FRAME_RFLAGS(%rsp)
  pushq FRAME_RFLAGS(%rsp)
  popfq
  movq FRAME_RSP(%rsp), %rsp
  sti
  jmp *%rcx

// Leaves with every register from the frame at RSP, after what must be done before.
leave_slowly:
  call martlet_attend
leave:
  cmpl $0, FRAME_ATTENTION(%rsp)
  jne leave_slowly
leave_now:
  POP_REGISTERS
  addq $16, %rsp
  iretq

// void martlet_enter_program(uint64_t frame)
  .globl martlet_enter_program
martlet_enter_program:
  movq %rdi, %rsp
  jmp leave

// From `enter` in traps.S: on an IST stack, RAX pushed.
  .globl martlet_enter_from_program
martlet_enter_from_program:
  // Move the seven words to the thread's stack.
  pushq %rcx
  movq CPU_KERNEL_STACK, %rax
  movq 72-8(%rsp), %rcx
  movq %rcx, -8(%rax)
  movq 64-8(%rsp), %rcx
  movq %rcx, -16(%rax)
  movq 56-8(%rsp), %rcx
  movq %rcx, -24(%rax)
  movq 48-8(%rsp), %rcx
  movq %rcx, -32(%rax)
  movq 40-8(%rsp), %rcx
  movq %rcx, -40(%rax)
  movq 32-8(%rsp), %rcx
  movq %rcx, -48(%rax)
  movq 24-8(%rsp), %rcx
  movq %rcx, -56(%rax)
  popq %rcx
  movq %rax, CPU_SCRATCH
  popq %rax
  movq CPU_SCRATCH, %rsp
  leaq -56(%rsp), %rsp
  PUSH_REGISTERS
  cld
  movl 120(%rsp), %edi
  cmpl $32, %edi
  jae interrupt_from_program
  movq %cr2, %rax
  movq %rax, FRAME_FAULT_ADDRESS(%rsp)
  call martlet_program_fault
  jmp leave
interrupt_from_program:
  call martlet_note_interrupt
  call martlet_program_interrupt
  jmp leave
