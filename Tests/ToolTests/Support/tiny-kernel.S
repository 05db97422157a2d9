// SPDX-License-Identifier: BSD-3-Clause
// The smallest guest: entered by PVH in 32-bit mode, it writes an exit record to COM1 and leaves.

  .section .note.pvh, "a", @note
  .long 4, 8, 18
  .asciz "Xen"
  .quad entry

  .text
  .code32
  .globl entry
entry:
  mov $message, %esi
  mov $0x3f8, %dx
next:
  lodsb
  test %al, %al
  jz done
  outb %al, %dx
  jmp next
done:
  mov $0xf4, %dx
  mov $7, %eax
  outl %eax, %dx
  hlt

message:
  .asciz "I 0000.000001 tiny: hello\nN 0000.000002 tiny: leaving\nX 7\n"
