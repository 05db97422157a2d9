// SPDX-License-Identifier: BSD-3-Clause
//
// Reference counting for a kernel that is one thread of control: without atomic instructions and
// without frames. These stand before the standard library's weak definitions, and follow their
// layout (stdlib/public/core/EmbeddedRuntime.swift): the count is the word at 8; all ones below
// the top bit is immortal; the top bit says that the memory is not the heap's.
//
// A callee may change RAX, RCX, RDX and RSI like any function.

  .section .text.swift_retain, "ax", @progbits
  .globl swift_retain
  .balign 16
swift_retain:
  movq %rdi, %rax
  testq %rdi, %rdi
  jle 1f
  movq 8(%rdi), %rcx
  addq %rcx, %rcx
  cmpq $-2, %rcx
  je 1f
  incq 8(%rdi)
1:
  ret

  .section .text.swift_release, "ax", @progbits
  .globl swift_release
  .balign 16
swift_release:
  testq %rdi, %rdi
  jle 1f
  movq 8(%rdi), %rcx
  leaq (%rcx, %rcx), %rdx
  cmpq $-2, %rdx
  je 1f
  decq %rcx
  // Zero below the top bit: the last reference.
  cmpq $2, %rdx
  je 2f
  movq %rcx, 8(%rdi)
1:
  ret
2:
  // Immortal while it is destroyed, so that what its deinit does with it is harmless.
  movabsq $0x7fffffffffffffff, %rax
  orq %rax, 8(%rdi)
  // The second word of the metadata is the destroyer; it takes the object in R13.
  pushq %r13
  movq (%rdi), %rax
  movq %rdi, %r13
  call *8(%rax)
  popq %r13
  ret

  .section .text.swift_once, "ax", @progbits
  .globl swift_once
  .balign 16
// void swift_once(intptr_t *token, void (*function)(void *), void *context)
swift_once:
  cmpq $0, (%rdi)
  js 1f
  pushq %rdi
  movq $1, (%rdi)
  movq %rdx, %rdi
  call *%rsi
  popq %rdi
  movq $-1, (%rdi)
1:
  ret
