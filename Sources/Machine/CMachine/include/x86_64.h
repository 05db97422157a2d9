// SPDX-License-Identifier: BSD-3-Clause

#include "image.h"

#define MARTLET_INLINE static inline __attribute__((always_inline)) MARTLET_UNSAFE

// The addresses of objects that the assembly and the linker script define.
#define MARTLET_ADDRESS(name) \
  extern char name[]; \
  MARTLET_INLINE uint64_t name##_address(void) { return (uint64_t)name; }

// Per-processor data, reached through GS by the assembly (offsets in traps.S).
MARTLET_ADDRESS(martlet_cpu)
#define MARTLET_CPU_KERNEL_STACK 0
#define MARTLET_CPU_CURRENT_TARGET 16
#define MARTLET_CPU_LOCAL_APIC 24
#define MARTLET_CPU_PENDING 32
#define MARTLET_CPU_FAULT_ADDRESS 40

// Where the image is loaded.
MARTLET_INLINE uint64_t martlet_image_physical(void) { return MARTLET_IMAGE_PHYSICAL; }

// What the boot code leaves.
MARTLET_ADDRESS(martlet_start_info)
MARTLET_ADDRESS(martlet_entry_cycles)
MARTLET_ADDRESS(martlet_boot_pml4)
MARTLET_ADDRESS(martlet_boot_direct_pdpt)
MARTLET_ADDRESS(martlet_boot_stack_top)

// Static memory for the heap's own state.
MARTLET_ADDRESS(martlet_heap_slot)
#define MARTLET_HEAP_SLOT_BYTES 8192

// Entries of the assembly.
MARTLET_ADDRESS(martlet_syscall_entry)
MARTLET_ADDRESS(martlet_thread_trampoline)

// The image's parts, by the linker script.
MARTLET_ADDRESS(martlet_text_start)
MARTLET_ADDRESS(martlet_text_end)
MARTLET_ADDRESS(martlet_rodata_start)
MARTLET_ADDRESS(martlet_data_start)
MARTLET_ADDRESS(martlet_image_end)
MARTLET_ADDRESS(martlet_image_record)
// Where a C program that is linked with the kernel lies; only in its images.
MARTLET_ADDRESS(martlet_program)

// The application of a native image, by the name that the compiler gives its entry.
int martlet_application_entry(int count, char **arguments) __asm__("main");
MARTLET_INLINE int32_t martlet_application_main(void) { return martlet_application_entry(0, 0); }
// What runs when it has ended; nothing in an image that has nothing to bring to an end.
extern void (*martlet_end_action)(void);
MARTLET_INLINE void martlet_set_end_action(void (*action)(void)) { martlet_end_action = action; }
MARTLET_INLINE void martlet_run_end_action(void) { if (martlet_end_action) martlet_end_action(); }

// Makes and loads descriptors: GDT with the task register, IDT with its exceptions.
MARTLET_UNSAFE void martlet_load_descriptors(void);
// Makes the IDT's gates of interrupts.
MARTLET_UNSAFE void martlet_load_interrupts(void);
// Switches kernel stacks: saves the callee-saved registers and the stack pointer at *from.
MARTLET_UNSAFE void martlet_switch_stack(uint64_t *from, uint64_t to);
// Leaves the kernel for the registers in the frame at this address.
MARTLET_UNSAFE __attribute__((noreturn)) void martlet_enter_program(uint64_t frame);

// Where the memory of programs ends, by the linker script: a native image is its own program.
MARTLET_UNSAFE MARTLET_INLINE uint64_t martlet_program_end(void) {
  uint64_t end;
  __asm__("movabsq $martlet_program_end, %0" : "=r"(end));
  return end;
}

// Copies that may fault: return the number of bytes that were not copied, 0 when all were.
MARTLET_UNSAFE uint64_t martlet_copy(void *to, const void *from, uint64_t count);
MARTLET_UNSAFE uint64_t martlet_fill_zero(void *to, uint64_t count);
// These return 0, or 1 when the address faulted.
MARTLET_UNSAFE uint64_t martlet_load32(uint64_t address, uint32_t *value);
MARTLET_UNSAFE uint64_t martlet_load64(uint64_t address, uint64_t *value);
MARTLET_UNSAFE uint64_t martlet_store32(uint64_t address, uint32_t value);
MARTLET_UNSAFE uint64_t martlet_store64(uint64_t address, uint64_t value);
MARTLET_UNSAFE uint64_t martlet_compare_exchange32(
  uint64_t address, uint32_t expected, uint32_t desired, uint32_t *original);

// Zeroes one frame; copies one frame to another.
MARTLET_UNSAFE void martlet_zero_frame(uint64_t address);
MARTLET_UNSAFE void martlet_copy_frame(uint64_t to, uint64_t from);

MARTLET_INLINE void martlet_out8(uint16_t port, uint8_t value) {
  __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
MARTLET_INLINE void martlet_out16(uint16_t port, uint16_t value) {
  __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
MARTLET_INLINE void martlet_out32(uint16_t port, uint32_t value) {
  __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}
MARTLET_INLINE void martlet_out_bytes(uint16_t port, const void *bytes, uint64_t count) {
  __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(port) : "memory");
}
MARTLET_INLINE uint8_t martlet_in8(uint16_t port) {
  uint8_t value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}
MARTLET_INLINE uint16_t martlet_in16(uint16_t port) {
  uint16_t value;
  __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}
MARTLET_INLINE uint32_t martlet_in32(uint16_t port) {
  uint32_t value;
  __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
  return value;
}

// Device registers: exactly one access of exactly this width.
MARTLET_INLINE uint8_t martlet_mmio_load8(uint64_t address) {
  return *(volatile uint8_t *)address;
}
MARTLET_INLINE uint16_t martlet_mmio_load16(uint64_t address) {
  return *(volatile uint16_t *)address;
}
MARTLET_INLINE uint32_t martlet_mmio_load32(uint64_t address) {
  return *(volatile uint32_t *)address;
}
MARTLET_INLINE uint64_t martlet_mmio_load64(uint64_t address) {
  return *(volatile uint64_t *)address;
}
MARTLET_INLINE void martlet_mmio_store8(uint64_t address, uint8_t value) {
  *(volatile uint8_t *)address = value;
}
MARTLET_INLINE void martlet_mmio_store16(uint64_t address, uint16_t value) {
  *(volatile uint16_t *)address = value;
}
MARTLET_INLINE void martlet_mmio_store32(uint64_t address, uint32_t value) {
  *(volatile uint32_t *)address = value;
}
MARTLET_INLINE void martlet_mmio_store64(uint64_t address, uint64_t value) {
  *(volatile uint64_t *)address = value;
}

// Plain words of kernel memory, for page tables and heaps.
MARTLET_INLINE uint64_t martlet_load_word(uint64_t address) {
  return *(uint64_t *)address;
}
MARTLET_INLINE void martlet_store_word(uint64_t address, uint64_t value) {
  *(uint64_t *)address = value;
}

MARTLET_INLINE uint64_t martlet_read_msr(uint32_t number) {
  uint32_t low, high;
  __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
  return (uint64_t)high << 32 | low;
}
MARTLET_INLINE void martlet_write_msr(uint32_t number, uint64_t value) {
  __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                   : "memory");
}

struct martlet_cpuid { uint32_t a, b, c, d; };
MARTLET_INLINE struct martlet_cpuid martlet_cpuid(uint32_t leaf, uint32_t subleaf) {
  struct martlet_cpuid r;
  __asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                   : "a"(leaf), "c"(subleaf));
  return r;
}

MARTLET_INLINE uint64_t martlet_read_cr0(void) {
  uint64_t v; __asm__ volatile("movq %%cr0, %0" : "=r"(v)); return v;
}
MARTLET_INLINE uint64_t martlet_read_cr2(void) {
  uint64_t v; __asm__ volatile("movq %%cr2, %0" : "=r"(v)); return v;
}
MARTLET_INLINE uint64_t martlet_read_cr3(void) {
  uint64_t v; __asm__ volatile("movq %%cr3, %0" : "=r"(v)); return v;
}
MARTLET_INLINE void martlet_write_cr3(uint64_t value) {
  __asm__ volatile("movq %0, %%cr3" : : "r"(value) : "memory");
}
MARTLET_INLINE uint64_t martlet_read_cr4(void) {
  uint64_t v; __asm__ volatile("movq %%cr4, %0" : "=r"(v)); return v;
}
MARTLET_INLINE void martlet_write_cr4(uint64_t value) {
  __asm__ volatile("movq %0, %%cr4" : : "r"(value) : "memory");
}
MARTLET_INLINE void martlet_write_xcr0(uint64_t value) {
  __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}
MARTLET_INLINE void martlet_invalidate_page(uint64_t address) {
  __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}
MARTLET_INLINE uint64_t martlet_read_cycles(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}
// 1 and a random word, or 0.
MARTLET_INLINE uint8_t martlet_rdrand(uint64_t *value) {
  uint8_t ok;
  __asm__ volatile("rdrand %0; setc %1" : "=r"(*value), "=qm"(ok) : : "cc");
  return ok;
}
MARTLET_INLINE uint8_t martlet_rdseed(uint64_t *value) {
  uint8_t ok;
  __asm__ volatile("rdseed %0; setc %1" : "=r"(*value), "=qm"(ok) : : "cc");
  return ok;
}
// Sleeps until an interrupt; interrupts are off before and after.
MARTLET_INLINE void martlet_wait_for_interrupt(void) {
  __asm__ volatile("sti; hlt; cli" : : : "memory");
}
// Lets interrupts in that have arrived; the instruction after STI is still protected.
MARTLET_INLINE void martlet_admit_interrupts(void) {
  __asm__ volatile("sti; nop; cli" : : : "memory");
}
MARTLET_INLINE __attribute__((noreturn)) void martlet_halt(void) {
  for (;;) __asm__ volatile("cli; hlt");
}
MARTLET_INLINE void martlet_full_barrier(void) {
  __asm__ volatile("mfence" : : : "memory");
}
MARTLET_INLINE void martlet_pause(void) {
  __asm__ volatile("pause" : : : "memory");
}
MARTLET_INLINE void martlet_compiler_barrier(void) {
  __asm__ volatile("" : : : "memory");
}
// Vector state: with XSAVE all that XCR0 enables, else FXSAVE.
MARTLET_INLINE void martlet_xsave(uint64_t area) {
  __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
}
MARTLET_INLINE void martlet_xrstor(uint64_t area) {
  __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(~0u), "d"(~0u) : "memory");
}
MARTLET_INLINE void martlet_fxsave(uint64_t area) {
  __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}
MARTLET_INLINE void martlet_fxrstor(uint64_t area) {
  __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}
// The frame pointer of the caller, for backtraces.
MARTLET_INLINE uint64_t martlet_frame_pointer(void) {
  uint64_t v; __asm__ volatile("movq %%rbp, %0" : "=r"(v)); return v;
}
