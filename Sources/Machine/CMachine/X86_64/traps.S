// SPDX-License-Identifier: BSD-3-Clause
//
// Exceptions and interrupts.
//
// They come in on stacks of their own (IST), because programs use the red zone. Interrupts are off
// in the kernel but for the one instruction in which it sleeps. Who is meant when one comes from
// outside the kernel's image is the image's choice: program.S, or nobody.

#include "frame.h"

  .section .text.martlet_traps, "ax", @progbits

// ---- Exceptions and interrupts --------------------------------------------------------------

.macro STUB vector, error
  .balign 8
stub\vector:
  .if \error == 0
  pushq $0
  .endif
  pushq $\vector
  jmp enter
.endm

  .altmacro
.macro STUBS from, to
  .set vector, \from
  .rept \to - \from + 1
    .if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21) || (vector == 29) || (vector == 30)
      STUB %vector, 1
    .else
      STUB %vector, 0
    .endif
    .set vector, vector + 1
  .endr
.endm
  STUBS 0, 95

  .balign 16
enter:
  // On one of the IST stacks: vector, error, rip, cs, rflags, rsp, ss.
  pushq %rax
  movq 24(%rsp), %rax
  shrq $39, %rax
  cmpl $IMAGE_REGION, %eax
  je martlet_enter_from_kernel
  // The linker script says what lies outside (LinkerScript): program code, or nothing.
  jmp martlet_enter_from_outside

  .globl martlet_enter_from_kernel
martlet_enter_from_kernel:
  cmpl $32, 8(%rsp)
  jb kernel_exception
  // The kernel slept: note the interrupt and go on.
  pushq %rdi
  movl 16(%rsp), %edi
  call martlet_note_interrupt
  popq %rdi
  popq %rax
  addq $16, %rsp
  iretq

kernel_exception:
  cmpl $14, 8(%rsp)
  jne kernel_panic
  // A fault in a copy routine is an answer, not an error.
  movq 24(%rsp), %rax
  pushq %rcx
  leaq martlet_copy_begin(%rip), %rcx
  cmpq %rcx, %rax
  jb 1f
  leaq martlet_copy_end(%rip), %rcx
  cmpq %rcx, %rax
  jae 1f
  movq %cr2, %rax
  movq %rax, CPU_FAULT_ADDRESS
  popq %rcx
  // Each routine keeps the address of its way out in R11.
  movq %r11, 24(%rsp)
  popq %rax
  addq $16, %rsp
  iretq
1:
  popq %rcx
kernel_panic:
  popq %rax
  PUSH_REGISTERS
  movq %rsp, %rdi
  andq $-16, %rsp
  call martlet_kernel_fault
2:
  cli
  hlt
  jmp 2b

// EDI: the vector. Uses RAX and RDI only, and RCX and RDX after saving them.
  .globl martlet_note_interrupt
martlet_note_interrupt:
  subl $32, %edi
  cmpl $63, %edi
  je 3f  // spurious: no end-of-interrupt
  movq CPU_PENDING, %rax
  btsq %rdi, %rax
  movq %rax, CPU_PENDING
  movq CPU_LOCAL_APIC, %rax
  testq %rax, %rax
  jz 4f
  movl $0, 0xb0(%rax)
3:
  ret
4:
  pushq %rcx
  pushq %rdx
  movl $0x80b, %ecx
  xorl %eax, %eax
  xorl %edx, %edx
  wrmsr
  popq %rdx
  popq %rcx
  ret

  .section .rodata.martlet_vector_stubs, "a", @progbits
  .balign 8
  .globl martlet_vector_stubs
martlet_vector_stubs:
.macro STUB_ADDRESS vector
  .quad stub\vector
.endm
  .set vector, 0
  .rept 96
    STUB_ADDRESS %vector
    .set vector, vector + 1
  .endr

// ---- Kernel stacks --------------------------------------------------------------------------

  .section .text.martlet_switch_stack, "ax", @progbits
// void martlet_switch_stack(uint64_t *from, uint64_t to)
  .globl martlet_switch_stack
martlet_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret

  .section .text.martlet_thread_trampoline, "ax", @progbits
// The first return address of a new kernel stack.
  .globl martlet_thread_trampoline
martlet_thread_trampoline:
  xorl %ebp, %ebp
  call martlet_thread_main
1:
  cli
  hlt
  jmp 1b

  .section .text.martlet_load_descriptors, "ax", @progbits
// void martlet_load_descriptors(void)
  .globl martlet_load_descriptors
martlet_load_descriptors:
  lgdt gdt_pointer(%rip)
  lidt idt_pointer(%rip)
  movl $0x18, %eax
  ltr %ax
  movl $0x10, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  ret

  .section .data.martlet_descriptors, "aw", @progbits
  .balign 16
  .globl martlet_gdt
martlet_gdt:
  .quad 0
  .quad 0x00af9b000000ffff
  .quad 0x00cf93000000ffff
  .quad 0, 0  // the task state segment
  .quad 0, 0, 0
  .globl martlet_tss
martlet_tss:
  .skip 104
gdt_pointer:
  .word 39
  .quad martlet_gdt
idt_pointer:
  .word 96 * 16 - 1
  .quad martlet_idt

  .section .bss.martlet_processor, "aw", @nobits
  .balign 64
  .globl martlet_cpu
martlet_cpu:
  .skip 64
  .balign 16
  .globl martlet_idt
martlet_idt:
  .skip 96 * 16
