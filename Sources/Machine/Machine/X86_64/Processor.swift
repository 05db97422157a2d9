// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

/// The processor: what it can do, and the state that the kernel sets once.
// SAFETY (all below): CPUID only reads; the tables and MSRs are set once, before anything uses them.
public enum Processor {
  /// The result of CPUID.
  public struct Identification: Sendable {
    public let a: UInt32
    public let b: UInt32
    public let c: UInt32
    public let d: UInt32
  }

  /// CPUID of a leaf and subleaf.
  public static func identify(_ leaf: UInt32, _ subleaf: UInt32 = 0) -> Identification {
    let r = unsafe martlet_cpuid(leaf, subleaf)
    return Identification(a: r.a, b: r.b, c: r.c, d: r.d)
  }

  /// Sets up descriptors and per-processor data. Nothing may fault before.
  public static func prepare() {
    prepareDescriptors()
    // SAFETY: GS is the kernel's alone: programs cannot set its base (arch_prctl refuses).
    unsafe martlet_write_msr(
      0xc000_0101, martlet_cpu_address())
  }

  /// Lets who shares the core run for a moment, in a loop that waits for memory to change (SDM 2B
  /// "PAUSE").
  @inline(__always)
  public static func pause() {
    unsafe martlet_pause()
  }

  /// Lets programs enter the kernel by `syscall`.
  public static func prepareSystemCalls() {
    // SYSCALL: code selector 8, stack 0x10; entry; flags that are cleared: IF, DF, TF, AC, NT.
    unsafe martlet_write_msr(0xc000_0081, 8 << 32)
    unsafe martlet_write_msr(
      0xc000_0082, martlet_syscall_entry_address())
    unsafe martlet_write_msr(0xc000_0084, 0x4_4700)
  }

  /// Turns on the vector registers that there are. Needs the heap.
  public static func enableVectorRegisters() {
    VectorState.enable()
  }

  private static func prepareDescriptors() {
    // SAFETY: the tables are the assembly's objects of just these sizes; nothing uses them until
    // martlet_load_descriptors.
    let tss = unsafe martlet_tss_address()
    let gdt = unsafe martlet_gdt_address()
    unsafe martlet_store_word(
      gdt + 24, 0x0000_8900_0000_0067 | (tss & 0xff_ffff) << 16 | (tss >> 24 & 0xff) << 56)
    unsafe martlet_store_word(gdt + 32, tss >> 32)
    // The task state segment's interrupt stacks (SDM 3A section 8.7): offset 36 and on.
    storeStack(unsafe martlet_interrupt_stack_top_address(), tss + 36)
    storeStack(unsafe martlet_exception_stack_top_address(), tss + 44)
    storeStack(unsafe martlet_emergency_stack_top_address(), tss + 52)
    // No I/O permission map.
    unsafe martlet_store_word(tss + 96, 104 << 48)
    let idt = unsafe martlet_idt_address()
    let stubs = unsafe martlet_vector_stubs_address()
    for vector in 0..<UInt64(96) {
      let stub = unsafe martlet_load_word(stubs + vector * 8)
      // Interrupts, exceptions, and what may come at any time (NMI, double fault, machine check)
      // have a stack each.
      let stack: UInt64 = vector >= 32 ? 1 : vector == 2 || vector == 8 || vector == 18 ? 3 : 2
      unsafe martlet_store_word(
        idt + vector * 16,
        stub & 0xffff | 8 << 16 | stack << 32 | 0x8e << 40 | (stub >> 16 & 0xffff) << 48)
      unsafe martlet_store_word(idt + vector * 16 + 8, stub >> 32)
    }
    unsafe martlet_load_descriptors()
  }

  private static func storeStack(_ top: UInt64, _ address: UInt64) {
    // SAFETY: a field of the task state segment.
    unsafe martlet_store_word(address, top)
  }
}
