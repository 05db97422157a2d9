// SPDX-License-Identifier: BSD-3-Clause
//
// A guest that says one byte on COM1 with its first instructions and ends: what a machine costs
// before any guest runs (bench boot).

  .section .note.pvh, "a", @note
  .balign 4
  .long 4, 4, 18
  .asciz "Xen"
  .long start

  .text
  .code32
  .globl start
start:
  movw $0x3f8, %dx
  movb $0x42, %al
  outb %al, %dx
  movw $0xf4, %dx
  xorl %eax, %eax
  outl %eax, %dx
1:
  cli
  hlt
  jmp 1b
