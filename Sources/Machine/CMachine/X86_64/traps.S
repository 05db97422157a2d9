// SPDX-License-Identifier: BSD-3-Clause
//
// Every way into the kernel and out of it.
//
// A thread's frame is at the top of its kernel stack, always at the same place, because the kernel
// is entered only from program code:
//
//     0  r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi   (15 words)
//   120  vector (-1 for a system call)
//   128  error code, or the number of the system call
//   136  rip cs rflags rsp ss
//   176  attention: not zero when there is something to do before going back
//   184  fault address (CR2)
//   192  ... 232 end of the stack area (see ThreadContext)
//
// Exceptions and interrupts come in on stacks of their own (IST), because programs use the red
// zone; when they came out of program code the frame is moved to the thread's stack. Interrupts
// are off in the kernel but for the one instruction in which it sleeps.

#define FRAME_RAX 80
#define FRAME_ERROR 128
#define FRAME_RIP 136
#define FRAME_RFLAGS 152
#define FRAME_RSP 160
#define FRAME_ATTENTION 176
#define FRAME_FAULT_ADDRESS 184

#define CPU_KERNEL_STACK %gs:0
#define CPU_SCRATCH %gs:8
#define CPU_LOCAL_APIC %gs:24
#define CPU_PENDING %gs:32
#define CPU_FAULT_ADDRESS %gs:40

// The image's addresses share this value in bits 39 and up.
#define IMAGE_REGION 252

.macro PUSH_REGISTERS
  pushq %rdi
  pushq %rsi
  pushq %rdx
  pushq %rcx
  pushq %rax
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  pushq %rbx
  pushq %rbp
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
.endm

.macro POP_REGISTERS
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbp
  popq %rbx
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rax
  popq %rcx
  popq %rdx
  popq %rsi
  popq %rdi
.endm

  .section .text.martlet_traps, "ax", @progbits

// ---- System calls -------------------------------------------------------------------------

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
  call martlet_system_call
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
  je enter_from_kernel
  // From program code: move the seven words to the thread's stack.
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
  call note_interrupt
  call martlet_program_interrupt
  jmp leave

enter_from_kernel:
  cmpl $32, 8(%rsp)
  jb kernel_exception
  // The kernel slept: note the interrupt and go on.
  pushq %rdi
  movl 16(%rsp), %edi
  call note_interrupt
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
note_interrupt:
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

  .section .text.martlet_switch, "ax", @progbits
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

// The first return address of a new kernel stack.
  .globl martlet_thread_trampoline
martlet_thread_trampoline:
  xorl %ebp, %ebp
  call martlet_thread_main
1:
  cli
  hlt
  jmp 1b

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
