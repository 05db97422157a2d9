// SPDX-License-Identifier: BSD-3-Clause
// Without a C library: the stack and registers that a program is given (System V ABI, section
// 3.4.1, "Initial Stack and Register State"). Prints one letter for each fact that holds.
// link: static
// flags: -nostdlib -no-pie
// arguments: argument

#include <asm/unistd.h>

  .globl _start
  .text
_start:
  movq %rsp, %rbx
  movq %rdx, %r12
  // A: the stack is aligned to 16 bytes.
  testq $15, %rsp
  jnz 1f
  call print_a
1:
  // B: rdx holds no function to register at exit.
  testq %r12, %r12
  jnz 1f
  movb $'B', %al
  call print
1:
  // C: two arguments, and a null pointer after them.
  cmpq $2, (%rbx)
  jne 1f
  cmpq $0, 24(%rbx)
  jne 1f
  movb $'C', %al
  call print
1:
  // D: the second argument is "argument".
  movq 16(%rbx), %rsi
  movabsq $0x746e656d75677261, %rax
  cmpq %rax, (%rsi)
  jne 1f
  cmpb $0, 8(%rsi)
  jne 1f
  movb $'D', %al
  call print
1:
  // E: flags are clear (direction, trap, carry).
  pushfq
  popq %rax
  testl $0x501, %eax
  jnz 1f
  movb $'E', %al
  call print
1:
  // F: the vector control word has its standard value; G: the x87 one too.
  subq $16, %rsp
  stmxcsr (%rsp)
  cmpl $0x1f80, (%rsp)
  jne 1f
  movb $'F', %al
  call print
1:
  fnstcw (%rsp)
  cmpw $0x37f, (%rsp)
  jne 1f
  movb $'G', %al
  call print
1:
  addq $16, %rsp
  // H: the environment ends, and the auxiliary vector follows with AT_PAGESZ (6) of 4096.
  leaq 32(%rbx), %rsi
2:
  movq (%rsi), %rax
  addq $8, %rsi
  testq %rax, %rax
  jnz 2b
3:
  movq (%rsi), %rax
  testq %rax, %rax
  jz 1f
  cmpq $6, %rax
  je 4f
  addq $16, %rsi
  jmp 3b
4:
  cmpq $4096, 8(%rsi)
  jne 1f
  movb $'H', %al
  call print
1:
  // I: memory that the file does not hold is zero.
  cmpq $0, empty+4000(%rip)
  jne 1f
  movb $'I', %al
  call print
1:
  // J: rbp may hold anything, but the thread's base is 0.
  movl $__NR_arch_prctl, %eax
  movl $0x1003, %edi
  leaq base(%rip), %rsi
  syscall
  cmpq $0, base(%rip)
  jne 1f
  movb $'J', %al
  call print
1:
  // K: a call that is not there gives -ENOSYS.
  movl $100000, %eax
  syscall
  cmpq $-38, %rax
  jne 1f
  movb $'K', %al
  call print
1:
  movb $'\n', %al
  call print
  movl $__NR_exit_group, %eax
  xorl %edi, %edi
  syscall

print_a:
  movb $'A', %al
print:
  movb %al, byte(%rip)
  movl $__NR_write, %eax
  movl $1, %edi
  leaq byte(%rip), %rsi
  movl $1, %edx
  syscall
  ret

  .data
byte:
  .byte 0
base:
  .quad 1
  .bss
empty:
  .skip 8192
  .section .note.GNU-stack, "", @progbits
