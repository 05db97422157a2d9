// SPDX-License-Identifier: BSD-3-Clause
//
// Copies between the kernel and the program that may fault, and plain copies.
//
// A routine between martlet_copy_begin and martlet_copy_end keeps the address of its way out in
// R11; the page-fault stub goes there (traps.S). No vector registers: they are the program's.

  .section .text.martlet_copy, "ax", @progbits
  .globl martlet_copy_begin
martlet_copy_begin:

// uint64_t martlet_copy(void *to, const void *from, uint64_t count)
// Copies upwards. Returns the number of bytes that were not copied; everything before is.
  .globl martlet_copy
  .balign 16
martlet_copy:
  leaq copy_by_bytes(%rip), %r11
  subq $64, %rdx
  jb 2f
1:
  movq (%rsi), %rax
  movq 8(%rsi), %rcx
  movq 16(%rsi), %r8
  movq 24(%rsi), %r9
  movq %rax, (%rdi)
  movq %rcx, 8(%rdi)
  movq %r8, 16(%rdi)
  movq %r9, 24(%rdi)
  movq 32(%rsi), %rax
  movq 40(%rsi), %rcx
  movq 48(%rsi), %r8
  movq 56(%rsi), %r9
  movq %rax, 32(%rdi)
  movq %rcx, 40(%rdi)
  movq %r8, 48(%rdi)
  movq %r9, 56(%rdi)
  addq $64, %rsi
  addq $64, %rdi
  subq $64, %rdx
  jae 1b
2:
  addq $64, %rdx
3:
  leaq copy_words_faulted(%rip), %r11
  subq $8, %rdx
  jb 5f
4:
  movq (%rsi), %rax
  movq %rax, (%rdi)
  addq $8, %rsi
  addq $8, %rdi
  subq $8, %rdx
  jae 4b
5:
  addq $8, %rdx
6:
  leaq copy_ended(%rip), %r11
  testq %rdx, %rdx
  jz copy_ended
7:
  movb (%rsi), %al
  movb %al, (%rdi)
  incq %rsi
  incq %rdi
  decq %rdx
  jnz 7b
copy_ended:
  movq %rdx, %rax
  ret
copy_by_bytes:
  // RDX is 64 less than what remains.
  addq $64, %rdx
  jmp 6b
copy_words_faulted:
  addq $8, %rdx
  jmp 6b

// uint64_t martlet_fill_zero(void *to, uint64_t count): as above.
  .globl martlet_fill_zero
  .balign 16
martlet_fill_zero:
  xorl %eax, %eax
  movq %rsi, %rdx
  leaq fill_words_faulted(%rip), %r11
  subq $64, %rdx
  jb 2f
1:
  movq %rax, (%rdi)
  movq %rax, 8(%rdi)
  movq %rax, 16(%rdi)
  movq %rax, 24(%rdi)
  movq %rax, 32(%rdi)
  movq %rax, 40(%rdi)
  movq %rax, 48(%rdi)
  movq %rax, 56(%rdi)
  addq $64, %rdi
  subq $64, %rdx
  jae 1b
2:
  addq $64, %rdx
3:
  leaq fill_ended(%rip), %r11
  testq %rdx, %rdx
  jz fill_ended
4:
  movb %al, (%rdi)
  incq %rdi
  decq %rdx
  jnz 4b
fill_ended:
  movq %rdx, %rax
  ret
fill_words_faulted:
  addq $64, %rdx
  jmp 3b

// uint64_t martlet_load32(uint64_t address, uint32_t *value): 1 on a fault
  .globl martlet_load32
martlet_load32:
  leaq word_faulted(%rip), %r11
  movl (%rdi), %eax
  movl %eax, (%rsi)
  xorl %eax, %eax
  ret
  .globl martlet_load64
martlet_load64:
  leaq word_faulted(%rip), %r11
  movq (%rdi), %rax
  movq %rax, (%rsi)
  xorl %eax, %eax
  ret
  .globl martlet_store32
martlet_store32:
  leaq word_faulted(%rip), %r11
  movl %esi, (%rdi)
  xorl %eax, %eax
  ret
  .globl martlet_store64
martlet_store64:
  leaq word_faulted(%rip), %r11
  movq %rsi, (%rdi)
  xorl %eax, %eax
  ret
// uint64_t martlet_compare_exchange32(address, expected, desired, uint32_t *original)
  .globl martlet_compare_exchange32
martlet_compare_exchange32:
  leaq word_faulted(%rip), %r11
  movl %esi, %eax
  lock cmpxchgl %edx, (%rdi)
  movl %eax, (%rcx)
  xorl %eax, %eax
  ret
word_faulted:
  movl $1, %eax
  ret

  .globl martlet_copy_end
martlet_copy_end:

// ---- Plain memory: what the compiler calls ----------------------------------------------------

// void martlet_zero_frame(uint64_t address)
  .globl martlet_zero_frame
  .balign 16
martlet_zero_frame:
  xorl %eax, %eax
  movl $512, %ecx
  rep stosq
  ret

// void martlet_copy_frame(uint64_t to, uint64_t from)
  .globl martlet_copy_frame
  .balign 16
martlet_copy_frame:
  movl $512, %ecx
  rep movsq
  ret

  .section .text.memcpy, "ax", @progbits
  .globl memcpy
  .balign 16
memcpy:
  movq %rdi, %rax
memcpy_body:
  cmpq $16, %rdx
  jb 4f
  // The last 16 bytes overlap what comes before them. They are loaded first, because memmove's
  // target may lie below its source and reach into it.
  movq -16(%rsi, %rdx), %r8
  movq -8(%rsi, %rdx), %r10
  leaq -16(%rdi, %rdx), %r9
  leaq -1(%rdx), %rcx
  shrq $4, %rcx
  jz 3f
  cmpq $8, %rcx
  jae 2f
1:
  movq (%rsi), %rdx
  movq 8(%rsi), %r11
  movq %rdx, (%rdi)
  movq %r11, 8(%rdi)
  addq $16, %rsi
  addq $16, %rdi
  decq %rcx
  jnz 1b
  jmp 3f
2:
  addq %rcx, %rcx
  rep movsq
3:
  movq %r8, (%r9)
  movq %r10, 8(%r9)
  ret
4:
  cmpq $8, %rdx
  jb 5f
  movq (%rsi), %rcx
  movq -8(%rsi, %rdx), %r8
  movq %rcx, (%rdi)
  movq %r8, -8(%rdi, %rdx)
  ret
5:
  cmpq $4, %rdx
  jb 6f
  movl (%rsi), %ecx
  movl -4(%rsi, %rdx), %r8d
  movl %ecx, (%rdi)
  movl %r8d, -4(%rdi, %rdx)
  ret
6:
  testq %rdx, %rdx
  jz 7f
  // One to three bytes: the first, the middle and the last.
  movzbl (%rsi), %ecx
  movzbl -1(%rsi, %rdx), %r8d
  movq %rdx, %r9
  shrq $1, %r9
  movzbl (%rsi, %r9), %r10d
  movb %cl, (%rdi)
  movb %r10b, (%rdi, %r9)
  movb %r8b, -1(%rdi, %rdx)
7:
  ret

  .section .text.memmove, "ax", @progbits
  .globl memmove
  .balign 16
memmove:
  movq %rdi, %rax
  movq %rdi, %rcx
  subq %rsi, %rcx
  cmpq %rdx, %rcx
  jae memcpy_body  // no overlap, or the target lies below
  // Downwards. Words first, then the rest at the bottom.
  addq %rdx, %rsi
  addq %rdx, %rdi
1:
  cmpq $8, %rdx
  jb 2f
  subq $8, %rsi
  subq $8, %rdi
  movq (%rsi), %rcx
  movq %rcx, (%rdi)
  subq $8, %rdx
  jmp 1b
2:
  testq %rdx, %rdx
  jz 4f
3:
  decq %rsi
  decq %rdi
  movb (%rsi), %cl
  movb %cl, (%rdi)
  decq %rdx
  jnz 3b
4:
  ret

  .section .text.memset, "ax", @progbits
  .globl memset
  .balign 16
memset:
  movq %rdi, %r9
  movzbl %sil, %eax
  movabsq $0x0101010101010101, %rcx
  imulq %rcx, %rax
  cmpq $8, %rdx
  jb 4f
  // The last word overlaps what comes before it.
  leaq -8(%rdi, %rdx), %rsi
  leaq -1(%rdx), %rcx
  shrq $3, %rcx
  cmpq $16, %rcx
  jae 2f
  jrcxz 3f
1:
  movq %rax, (%rdi)
  addq $8, %rdi
  decq %rcx
  jnz 1b
  jmp 3f
2:
  rep stosq
3:
  movq %rax, (%rsi)
  movq %r9, %rax
  ret
4:
  testq %rdx, %rdx
  jz 6f
5:
  movb %al, (%rdi)
  incq %rdi
  decq %rdx
  jnz 5b
6:
  movq %r9, %rax
  ret

  .section .text.memcmp, "ax", @progbits
  .globl memcmp
  .balign 16
memcmp:
  cmpq $8, %rdx
  jb 2f
1:
  movq (%rdi), %rax
  movq (%rsi), %rcx
  cmpq %rcx, %rax
  jne 4f
  addq $8, %rdi
  addq $8, %rsi
  subq $8, %rdx
  cmpq $8, %rdx
  jae 1b
2:
  testq %rdx, %rdx
  jz 5f
3:
  movzbl (%rdi), %eax
  movzbl (%rsi), %ecx
  subl %ecx, %eax
  jnz 6f
  incq %rdi
  incq %rsi
  decq %rdx
  jnz 3b
  ret
4:
  // The first byte in memory decides, so it becomes the highest.
  bswapq %rax
  bswapq %rcx
  cmpq %rcx, %rax
  sbbl %eax, %eax
  orl $1, %eax
  ret
5:
  xorl %eax, %eax
6:
  ret
