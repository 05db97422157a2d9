// SPDX-License-Identifier: BSD-3-Clause
//
// What the assembly of the ways into the kernel shares: the frame of registers and the
// per-processor words.
//
// A thread's frame is at the top of its kernel stack, always at the same place, because the kernel
// is entered only from program code:
//
//     0  r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi   (15 words)
//   120  vector (-1 for a `syscall` instruction, -2 for a call that is bound to its function)
//   128  error code, or the number of the system call
//   136  rip cs rflags rsp ss
//   176  attention: not zero when there is something to do before going back
//   184  fault address (CR2)
//   192  ... 232 end of the stack area (see ThreadContext)

#define FRAME_RAX 80
#define FRAME_ERROR 128
#define FRAME_RIP 136
#define FRAME_RFLAGS 152
#define FRAME_RSP 160
#define FRAME_ATTENTION 176
#define FRAME_FAULT_ADDRESS 184

// One more than the highest number of a system call (SystemCallNumber.limit).
#define MARTLET_CALL_LIMIT 451

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
