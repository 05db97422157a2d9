// SPDX-License-Identifier: BSD-3-Clause
//
// From the hypervisor's hands to the first Swift function.
//
// The PVH loader enters at martlet_pvh_entry in 32-bit protected mode, paging off, EBX pointing at
// hvm_start_info (Xen docs/misc/pvh.pandoc). This code builds the first page tables with the
// final permissions of the image, so that no page is ever writable and executable:
//
//   * the image, page by page: text read-execute, constants read-only, data read-write;
//   * all of the first GiB at the direct map, never executable; the image's text and constants
//     are read-only there too;
//   * this one page of boot code at its physical address, until it has been left.
//
// MARTLET_IMAGE_PHYSICAL is where the image is loaded, MARTLET_IMAGE_TABLES how many large pages it
// takes at most; the tool gives both (LinkerScript).

#include "../include/image.h"

#define IMAGE_PHYSICAL MARTLET_IMAGE_PHYSICAL
#define IMAGE_TABLES MARTLET_IMAGE_TABLES
// The large page in which the image begins. An address of the image and its physical address are
// alike in the bits below.
#define CHUNK_PHYSICAL (IMAGE_PHYSICAL & ~0x1fffff)
#define CHUNK_VIRTUAL 0x7e0000000000
#define PHYSICAL(symbol) (symbol - CHUNK_VIRTUAL + CHUNK_PHYSICAL)

#define PRESENT 0x1
#define WRITABLE 0x2
#define LARGE 0x80
// Accessed and dirty from the start: the processor need not write them.
#define TOUCHED 0x60
#define FIXED_PAGE 0x61
#define WRITABLE_PAGE 0x63
#define NO_EXECUTE_HIGH 0x80000000
#define NO_EXECUTE 0x8000000000000000

  .section .note.pvh, "a", @note
  .balign 4
  .long 4, 4, 18
  .asciz "Xen"
  .long martlet_pvh_entry

// Makes `count` entries of a table, a multiple of 16, of the pair of entries at `pattern` and what
// is added to both for the next pair.
.macro FILL table, count, pattern
  movl $PHYSICAL(\table), %edi
  movl $(\count) / 16, %ecx
  movaps \pattern, %xmm0
  movaps \pattern + 16, %xmm1
1:
.irp offset, 0, 16, 32, 48, 64, 80, 96, 112
  movaps %xmm0, \offset(%edi)
  paddq %xmm1, %xmm0
.endr
  subl $-128, %edi
  decl %ecx
  jnz 1b
.endm

// Maps the image's pages from one symbol to another. `fixed` pages have no writable alias: the
// direct map's entries lose that right.
.macro MAP start, end, low, high, alias
  movl $PHYSICAL(\start) - CHUNK_PHYSICAL, %esi
  shrl $9, %esi
  movl $PHYSICAL(\start) + \low, %eax
1:
  movl %eax, PHYSICAL(boot_image_pt)(%esi)
.if \high
  movl $\high, PHYSICAL(boot_image_pt) + 4(%esi)
.endif
.ifnb \alias
  movl %eax, PHYSICAL(boot_direct_pt)(%esi)
.endif
  addl $8, %esi
  addl $0x1000, %eax
  cmpl $PHYSICAL(\end), %eax
  jb 1b
.endm

  .section .boot.text, "ax", @progbits
  .code32
  .globl martlet_pvh_entry
martlet_pvh_entry:
  cld
  rdtsc
  movl %eax, PHYSICAL(martlet_entry_cycles)
  movl %edx, PHYSICAL(martlet_entry_cycles) + 4
  movl %ebx, PHYSICAL(martlet_start_info)

  // Upper levels.
  movl $PHYSICAL(boot_identity_pdpt) + (PRESENT | WRITABLE), PHYSICAL(martlet_boot_pml4)
  movl $PHYSICAL(martlet_boot_direct_pdpt) + (PRESENT | WRITABLE), \
       PHYSICAL(martlet_boot_pml4) + 250 * 8
  movl $PHYSICAL(boot_image_pdpt) + (PRESENT | WRITABLE), PHYSICAL(martlet_boot_pml4) + 252 * 8
  movl $PHYSICAL(boot_identity_pd) + (PRESENT | WRITABLE), PHYSICAL(boot_identity_pdpt)
  movl $PHYSICAL(boot_identity_pt) + (PRESENT | WRITABLE), PHYSICAL(boot_identity_pd) + (IMAGE_PHYSICAL >> 21) * 8
  movl $IMAGE_PHYSICAL + PRESENT, PHYSICAL(boot_identity_pt) + (IMAGE_PHYSICAL >> 12 & 511) * 8
  movl $PHYSICAL(boot_direct_pd) + (PRESENT | WRITABLE), PHYSICAL(martlet_boot_direct_pdpt)
  movl $PHYSICAL(boot_image_pd) + (PRESENT | WRITABLE), PHYSICAL(boot_image_pdpt)

  // PAE, and SSE: two entries are made and stored at a time, and native code uses it too.
  movl $0x620, %eax  // PAE, OSFXSR, OSXMMEXCPT
  movl %eax, %cr4

  // The direct map: 512 large pages.
  FILL boot_direct_pd, 512, boot_large_pages

  // The large pages that hold the image are split, and the image gets tables of its own.
  movl $PHYSICAL(boot_direct_pt) + (PRESENT | WRITABLE), %eax
  movl $PHYSICAL(boot_image_pt) + (PRESENT | WRITABLE), %edx
  xorl %ecx, %ecx
2:
  movl %eax, PHYSICAL(boot_direct_pd) + (CHUNK_PHYSICAL >> 21) * 8(, %ecx, 8)
  movl $0, PHYSICAL(boot_direct_pd) + (CHUNK_PHYSICAL >> 21) * 8 + 4(, %ecx, 8)
  movl %edx, PHYSICAL(boot_image_pd)(, %ecx, 8)
  addl $0x1000, %eax
  addl $0x1000, %edx
  incl %ecx
  cmpl $IMAGE_TABLES, %ecx
  jne 2b

  // Every page of the chunk in the direct map: read-write; the image's fixed parts follow.
  FILL boot_direct_pt, 512*IMAGE_TABLES, boot_small_pages

  MAP martlet_text_start, martlet_rodata_start, FIXED_PAGE, 0, fixed
  MAP martlet_rodata_start, martlet_data_start, FIXED_PAGE, NO_EXECUTE_HIGH, fixed
  MAP martlet_data_start, martlet_image_end, WRITABLE_PAGE, NO_EXECUTE_HIGH

  // The page below each static stack is a guard.
.irp stack, martlet_boot_stack, martlet_interrupt_stack, martlet_exception_stack, martlet_emergency_stack
  movl $PHYSICAL(\stack) - 0x1000 - CHUNK_PHYSICAL, %esi
  shrl $9, %esi
  movl $0, PHYSICAL(boot_image_pt)(%esi)
.endr

  // Long mode: EFER.LME and NXE, then paging with write protection.
  movl $PHYSICAL(martlet_boot_pml4), %eax
  movl %eax, %cr3
  movl $0xc0000080, %ecx
  movl $0x901, %eax  // SCE, LME, NXE
  xorl %edx, %edx
  wrmsr
  movl $0x80010033, %eax  // PG WP NE ET MP PE
  movl %eax, %cr0
  lgdt boot_gdt_pointer
  ljmp $0x8, $boot_long_mode

  .code64
boot_long_mode:
  movabsq $martlet_start64, %rax
  jmp *%rax

  .balign 16
boot_large_pages:
  .quad NO_EXECUTE | PRESENT | WRITABLE | LARGE | TOUCHED
  .quad (NO_EXECUTE | PRESENT | WRITABLE | LARGE | TOUCHED) + 0x200000
  .quad 0x400000, 0x400000
boot_small_pages:
  .quad NO_EXECUTE | CHUNK_PHYSICAL | PRESENT | WRITABLE | TOUCHED
  .quad (NO_EXECUTE | CHUNK_PHYSICAL | PRESENT | WRITABLE | TOUCHED) + 0x1000
  .quad 0x2000, 0x2000
boot_gdt:
  .quad 0
  .quad 0x00af9b000000ffff  // 64-bit code
  .quad 0x00cf93000000ffff  // data
boot_gdt_pointer:
  .word 23
  .long boot_gdt

  .section .text.martlet_start64, "ax", @progbits
  .globl martlet_start64
martlet_start64:
  leaq martlet_boot_stack_top(%rip), %rsp
  movl $0x10, %eax
  movl %eax, %ds
  movl %eax, %es
  movl %eax, %ss
  xorl %eax, %eax
  movl %eax, %fs
  movl %eax, %gs
  xorl %ebp, %ebp

  // The boot code has been left: what is low belongs to others, page 0 to nobody.
  movq %rbp, martlet_boot_pml4(%rip)
  movq %cr3, %rax
  movq %rax, %cr3

  // The stack canary: RDRAND where CPUID reports it, mixed with the cycle counter; its lowest byte
  // is zero so that a string overflow cannot write it. Here, because no protected function may be
  // active when it changes.
  movl $1, %eax
  xorl %ecx, %ecx
  cpuid
  rdtsc
  shlq $32, %rdx
  orq %rax, %rdx
  movabsq $0x9e3779b97f4a7c15, %rax
  imulq %rax, %rdx
  btl $30, %ecx
  jnc 2f
  rdrand %rax
  xorq %rax, %rdx
2:
  xorb %dl, %dl
  movq %rdx, __stack_chk_guard(%rip)

  xorl %edi, %edi
  xorl %esi, %esi
  // The linker script says who goes on (LinkerScript).
  call martlet_image_main
1:
  cli
  hlt
  jmp 1b

  .section .bss.boot, "aw", @nobits
  .balign 4096
  .globl martlet_boot_pml4
martlet_boot_pml4:
  .skip 4096
  .globl martlet_boot_direct_pdpt
martlet_boot_direct_pdpt:
  .skip 4096
boot_identity_pdpt:
  .skip 4096
boot_identity_pd:
  .skip 4096
boot_identity_pt:
  .skip 4096
boot_direct_pd:
  .skip 4096
boot_image_pdpt:
  .skip 4096
boot_image_pd:
  .skip 4096
boot_image_pt:
  .skip 4096 * IMAGE_TABLES
boot_direct_pt:
  .skip 4096 * IMAGE_TABLES

  // Stacks, each with a page below it that stays unmapped.
.macro STACK name, pages
  .skip 4096
\name:
  .skip 4096 * \pages
  .globl \name\()_top
\name\()_top:
.endm
  STACK martlet_boot_stack, 8
  STACK martlet_interrupt_stack, 1
  STACK martlet_exception_stack, 4
  STACK martlet_emergency_stack, 2

  .section .bss.heap_slot, "aw", @nobits
  .balign 64
  .globl martlet_heap_slot
martlet_heap_slot:
  .skip 8192

  .section .data.boot, "aw", @progbits
  .balign 8
  .globl martlet_start_info
martlet_start_info:
  .quad 0
  .globl martlet_entry_cycles
martlet_entry_cycles:
  .quad 0
  .globl __stack_chk_guard
__stack_chk_guard:
  .quad 0

  // Filled in by `martlet build` (Docs/BootProtocol.md).
  .section .image_record, "a", @progbits
  .balign 8
  .globl martlet_image_record
martlet_image_record:
  .quad 0x314547414d494d4d
  .quad 0, 0, 0
