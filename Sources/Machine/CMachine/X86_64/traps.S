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

// Each takes 16 bytes: the descriptors count on it.
.macro STUB vector, error
  .balign 16
  .if \error == 0
  pushq $0
  .endif
  pushq $\vector
  jmp enter
.endm

  .altmacro
  .balign 16
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
martlet_vector_stubs:
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
//
// The descriptors are made here and not by the linker: they hold an address in pieces, which no
// relocation can write, and this code goes where the image goes.
  .globl martlet_load_descriptors
martlet_load_descriptors:
  leaq martlet_tss(%rip), %rax
  movw %ax, martlet_gdt + 26(%rip)
  shrq $16, %rax
  movb %al, martlet_gdt + 28(%rip)
  movb %ah, martlet_gdt + 31(%rip)
  shrq $16, %rax
  movl %eax, martlet_gdt + 32(%rip)
  // What may come at any time (NMI, double fault, machine check) has a stack of its own.
  leaq martlet_vector_stubs(%rip), %rax
  leaq martlet_idt(%rip), %rdi
  movl $0x8e020008, %edx
  movl $32, %ecx
  call fill_gates
  movb $3, martlet_idt + 2 * 16 + 4(%rip)
  movb $3, martlet_idt + 8 * 16 + 4(%rip)
  movb $3, martlet_idt + 18 * 16 + 4(%rip)
  lgdt gdt_pointer(%rip)
  lidt idt_pointer(%rip)
  movl $0x18, %eax
  ltr %ax
  movl $0x10, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  ret

// RAX: the first stub; RDI: its gate; EDX: selector, stack and type; ECX: how many (SDM 3A, section
// 7.14.1).
fill_gates:
  movq %rax, %rsi
  shrq $16, %rsi
  movw %ax, (%rdi)
  movl %edx, 2(%rdi)
  movq %rsi, 6(%rdi)
  addq $16, %rax
  addq $16, %rdi
  decl %ecx
  jnz fill_gates
  ret

  .section .text.martlet_load_interrupts, "ax", @progbits
// void martlet_load_interrupts(void)
//
// An image in which no interrupt can come does not call it.
  .globl martlet_load_interrupts
martlet_load_interrupts:
  leaq martlet_vector_stubs + 32 * 16(%rip), %rax
  leaq martlet_idt + 32 * 16(%rip), %rdi
  movl $0x8e010008, %edx
  movl $64, %ecx
  jmp fill_gates

  .section .data.martlet_descriptors, "aw", @progbits
  .balign 16
martlet_gdt:
  .quad 0
  .quad 0x00af9b000000ffff
  .quad 0x00cf93000000ffff
  .quad 0x0000890000000067, 0  // the task state segment, with its address to come
// The task state segment: the stacks of interrupts (SDM 3A section 8.7), no I/O permission map.
martlet_tss:
  .skip 36
  .quad martlet_interrupt_stack_top
  .quad martlet_exception_stack_top
  .quad martlet_emergency_stack_top
  .skip 42
  .word 104
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
martlet_idt:
  .skip 96 * 16
